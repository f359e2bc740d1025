"""The event log in files: see docs/event_log.md for the format and its promises."""

from service.adapters.event_log.book import EventBook, StoredRecord
from service.adapters.event_log.file_event_log import FileEventLog
from service.adapters.event_log.group_commit import LogWatch
from service.errors import RecordDamaged

__all__ = ["EventBook", "FileEventLog", "LogWatch", "RecordDamaged", "StoredRecord"]
