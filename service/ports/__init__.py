"""What the service needs from outside, as protocols; adapters implement them, fakes stand in for
them.
"""

from service.ports.contacts import (
    CapCheck,
    CommitResult,
    CommitStatus,
    ContactStore,
    NoteStatus,
    Reservation,
    StoredAnswer,
)
from service.ports.event_log import EventLog, LogRecord, RecordKind
from service.ports.reading import (
    Clock,
    CustomerRecord,
    CustomerStore,
    DecisionObserver,
    ModelShelf,
    OpenedRelease,
    PropensityModel,
    Release,
    Versions,
)

__all__ = [
    "CapCheck",
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
    "PropensityModel",
    "RecordKind",
    "Release",
    "Reservation",
    "StoredAnswer",
    "Versions",
]
