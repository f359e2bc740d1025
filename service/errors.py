"""What can go wrong, as a small tree; `service/api/problems.py` maps it to HTTP in one table."""

from __future__ import annotations


class ServiceError(Exception):
    """Base of every error the service raises on purpose; the message is safe to show."""


class RequestInvalid(ServiceError):
    """The request breaks the contract; `pointer` is the JSON pointer of the offending field."""

    def __init__(self, detail: str, *, pointer: str = "") -> None:
        super().__init__(detail)
        self.pointer = pointer


class CatalogueInvalid(ServiceError):
    """A catalogue or policy file cannot be used; the message names file, offer and cure."""


class SettingsInvalid(ServiceError):
    """An environment variable cannot be used; the message names it and what it takes."""


class LogUnavailable(ServiceError):
    """The event log could not be written: nothing may be offered that would not be on record."""
