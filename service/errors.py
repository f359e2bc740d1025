"""What can go wrong, as a small tree; `service/api/problems.py` maps it to HTTP in one table."""

from __future__ import annotations


class ServiceError(Exception):
    """Base of every error the service raises on purpose; the message is safe to show."""


class RequestInvalid(ServiceError):
    """The request breaks the contract; `pointer` is the JSON pointer of the offending field,
    `faults` are those of a batch's entries, one for each that is at fault.
    """

    def __init__(
        self, detail: str, *, pointer: str = "", faults: tuple[RequestInvalid, ...] = ()
    ) -> None:
        super().__init__(detail)
        self.pointer, self.faults = pointer, faults


class CatalogueInvalid(ServiceError):
    """A catalogue or policy file cannot be used; the message names file, offer and cure."""


class SettingsInvalid(ServiceError):
    """An environment variable cannot be used; the message names it and what it takes."""


class LogUnavailable(ServiceError):
    """The event log could not be written: nothing may be offered that would not be on record."""


class NotAuthenticated(ServiceError):
    """Nobody can be told from the request; `is_told` False = it brought no token at all."""

    def __init__(self, detail: str, *, is_told: bool = True) -> None:
        super().__init__(detail)
        self.is_told = is_told


class NotAuthorised(ServiceError):
    """Whoever asks may not; `scope` is what the token lacks, where a scope would help."""

    def __init__(self, detail: str, *, scope: str = "") -> None:
        super().__init__(detail)
        self.scope = scope


class Misdirected(ServiceError):
    """The request names a host or comes from a page this service does not answer."""


class ContentRefused(ServiceError):
    """The body is said to be something else than JSON."""


class DependencyUnavailable(ServiceError):
    """Something the answer needs cannot be had now; the message names it and what to do."""


class RequestConflict(ServiceError):
    """The request id was used for another request within the last ten minutes."""

    def __init__(self) -> None:
        super().__init__("this request_id was used for another request: choose a new one")


class DecisionUnknown(ServiceError):
    """No such decision is on record, or it is not for whoever asked."""


class RecordGone(ServiceError):
    """A decision can no longer be told: it was erased, or what it was made with is no more."""


class OfferUnknown(ServiceError):
    """No offer of this id stands in the catalogue in question."""


class RecordUnreadable(ServiceError):
    """A record is of another format than this version reads."""


class RecordDamaged(ServiceError):
    """A record is not what was written; `writer` and `seq` name it."""

    def __init__(self, writer: str, seq: int, problem: str) -> None:
        super().__init__(
            f"record {seq} of writer {writer} is damaged ({problem}): run `nbo audit verify`, keep"
            " the files as they are, and restore the log from its backup"
        )
        self.writer, self.seq, self.problem = writer, seq, problem
