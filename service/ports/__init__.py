"""What the service needs from outside, as protocols; adapters implement them, fakes stand in for
them.
"""

from service.domain.contact_policy import NO_CAPS, CapChecks
from service.ports.contacts import (
    CommitResult,
    CommitStatus,
    ContactStore,
    NoteStatus,
    Reservation,
    StoredAnswer,
)
from service.ports.event_log import EventLog, LogRecord, OwnPlace, RecordKind, kind_key
from service.ports.reading import (
    Clock,
    CustomerRecord,
    CustomerStore,
    DecisionObserver,
    ModelShelf,
    OpenedRelease,
    OutcomeObserver,
    PropensityModel,
    RawReplies,
    Release,
    Versions,
)

__all__ = [
    "NO_CAPS",
    "CapChecks",
    "Clock",
    "CommitResult",
    "CommitStatus",
    "ContactStore",
    "CustomerRecord",
    "CustomerStore",
    "DecisionObserver",
    "EventLog",
    "LogRecord",
    "ModelShelf",
    "NoteStatus",
    "OpenedRelease",
    "OutcomeObserver",
    "OwnPlace",
    "PropensityModel",
    "RawReplies",
    "RecordKind",
    "Release",
    "Reservation",
    "StoredAnswer",
    "Versions",
    "kind_key",
]
