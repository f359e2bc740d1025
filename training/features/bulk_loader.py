"""Loads every customer's newest feature rows into Redis in Feast's own layout, in bulk.

Feast's write rule holds: what is stored and newer stays, unless it is dated in the future: that
would block every later write. Feast itself writes some 11,000 rows a second, because it makes a
protobuf of every value in Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from itertools import compress

from redis import Redis
from redis.exceptions import ResponseError

from feature_repo.contract import VIEWS
from feature_repo.online_layout import decode_instant
from feature_repo.views import source_path
from model_registry.failpoints import reach
from model_registry.home import Home
from training.features.newest_rows import NewestRows, WallClock
from training.features.online_rows import OnlineRows, ViewEncoder, unlinking
from training.features.packed_redis import PackedRedis, packed
from training.progress import Progress

BATCH_ROWS = 2_000


@dataclass(frozen=True)
class LoadedRows:
    """View rows written, kept because Redis holds newer ones, and refused as of the future."""

    written: int
    newer_kept: int
    future: int


def load_features(home: Home, redis: Redis, progress: Progress) -> LoadedRows:
    """Bring the newest rows of every view of this home's bank online."""
    clock = WallClock.at(datetime.now(timezone.utc))
    newest = _newest_rows(home, clock, progress)
    total = sum(view.rows.size for view in newest.values())
    done = written = 0
    with packed(redis) as link:
        for rows in _encoded(home, newest, clock):
            link.settle()
            if done:
                reach("materialize.mid_features")
            written += _write(link, rows, clock)
            done += len(rows.keys)
            progress("materialize", done, total)
    return LoadedRows(written, done - written, sum(view.future for view in newest.values()))


def _newest_rows(home: Home, clock: WallClock, progress: Progress) -> dict[str, NewestRows]:
    newest = {}
    for done, view in enumerate(VIEWS):
        progress("newest rows", done, len(VIEWS))
        newest[view.name] = NewestRows.of(source_path(home.features, view.name), clock)
    progress("newest rows", len(VIEWS), len(VIEWS))
    return newest


def _encoded(home: Home, newest: dict[str, NewestRows], clock: WallClock) -> Iterator[OnlineRows]:
    bank = home.bank()
    for view, rows in newest.items():
        encoder = ViewEncoder(bank.bank, view, len(bank.product_vocabulary))
        for batch in rows.batches(BATCH_ROWS):
            yield encoder.encode(batch, clock)


def _write(link: PackedRedis, rows: OnlineRows, clock: WallClock) -> int:
    """Send the rows that are due; Redis works on them while the next batch is encoded."""
    link.send(rows.stamp_requests())
    stored = link.replies_or_errors(len(rows.keys))
    foreign = [key for key, old in zip(rows.keys, stored, strict=True) if _is_foreign(old)]
    link.send([unlinking(key) for key in foreign])
    due = list(map(partial(_is_due, clock), stored, rows.stamps))
    link.send(list(compress(rows.writes, due)))
    return sum(due)


def _is_foreign(stored: object) -> bool:
    """Whether the key holds something that is no hash; it makes room."""
    if isinstance(stored, ResponseError) and not str(stored).startswith("WRONGTYPE"):
        raise stored
    return isinstance(stored, ResponseError)


def _is_due(clock: WallClock, stored: object, own: bytes) -> bool:
    """Whether ours may be written: nothing believable is stored, or nothing newer."""
    if stored == own or not isinstance(stored, bytes):
        return True
    try:
        instant = decode_instant(stored)
    except ValueError:
        return True
    return instant <= decode_instant(own) or clock.is_future(instant // 1_000)
