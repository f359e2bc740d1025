"""`nbo events`: what the event log holds, its copy for training, and a customer's erasure."""

from __future__ import annotations

from datetime import datetime, timezone

import rich_click as click
from rich.markup import escape

from nbo.embedded_redis import redis_url
from nbo.errors import UsageRefused
from nbo.local_home import local_home
from nbo.local_log import anchors_folder, log_folder, refuse_without_log
from nbo.output import json_option, note, print_facts, print_json, print_table
from nbo.progress import shown_progress
from nbo.recent_records import recent_records
from nbo.record_documents import decoded, key_text
from nbo.record_words import personal_words, record_words
from nbo.terminations import terminations_unwind
from service.adapters.event_log import StoredRecord
from service.ports.event_log import RecordKind


@click.group()
def events() -> None:
    """List what was recorded, compact it for training, erase what is held of a customer."""


@events.command(name="list")
@click.option("--kind", type=click.Choice([str(kind) for kind in RecordKind]), help="Only these.")
@click.option("--since", help="Only what was recorded from this instant on (RFC 3339).")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--personal", is_flag=True, help="Show payloads too: they hold customers' data.")
@json_option
def list_(
    kind: str | None, since: str | None, limit: int, *, personal: bool, as_json: bool
) -> None:
    """The newest records, newest last. Of catalogues, models and imports it is said what came into
    use, of kill switches what they stopped or lifted (who did, and why, with --personal); of other
    payloads nothing is shown without --personal.

    Example: nbo events list --kind decision --limit 5
    """
    refuse_without_log()
    records = recent_records(
        log_folder(), kind=RecordKind(kind) if kind else None, since=_instant(since), limit=limit
    )
    if as_json:
        print_json([_document(record, personal) for record in records])
        return
    more = ("payload",) if personal else ()
    columns = ("time", "writer", "seq", "kind", "key", "bytes", "what", *more)
    print_table(columns, (_row(record, personal) for record in records))


@events.command()
@json_option
def compact(as_json: bool) -> None:
    """Write full segments to NBO_HOME/events as Parquet by kind and day; nothing is removed.

    Running it again writes only days that have changed: run it after an erasure too.

    Example: nbo events compact
    """
    from nbo.log_compaction import compact as compact_log

    refuse_without_log()
    with terminations_unwind(), shown_progress() as progress:
        summary = compact_log(log_folder(), local_home().root / "events", progress)
    facts = {
        "segments": summary.segments,
        "unchanged_segments": summary.unchanged_segments,
        "records": summary.records,
        "files": list(summary.files),
    }
    if as_json:
        print_json(facts)
    else:
        print_facts((facts | {"files": len(summary.files)}).items())


@events.command()
@click.option("--customer", required=True, help="The customer's id, as the bank writes it.")
@click.option("--yes", is_flag=True, help="Erase; without it is only told what there is.")
@json_option
def erase(customer: str, *, yes: bool, as_json: bool) -> None:
    """Erase what the event log and Redis hold of a customer: her decisions, what was reported of
    them, her features, consents and contact history. The chains stay valid, and say what was
    erased. It cannot be undone.

    Take her out of the bank's data and import it first: while the tables hold her it is refused,
    for her objections would be forgotten before she is. Answers kept for a repeated request go
    within ten minutes by themselves. Afterwards run `nbo events compact`; backups are yours to
    treat.

    Example: nbo events erase --customer C0000001 --yes
    """
    from nbo.customer_erasure import erase_held, forget_online, held_of, refuse_if_known

    refuse_without_log()
    bank = local_home().bank().bank
    with terminations_unwind(), shown_progress() as progress:
        held = held_of(log_folder(), customer, progress)
        facts = {"decisions": len(held.decisions), "outcomes": len(held.outcomes)}
        if yes:
            refuse_if_known(local_home(), customer)
            with redis_url(local_home().root) as url:
                facts["deleted_redis_keys"] = forget_online(url, bank, customer)
            facts["erased_records"] = erase_held(log_folder(), anchors_folder(), held, progress)
    if as_json:
        print_json(facts)
        return
    print_facts(facts.items())
    if not yes:
        note("nothing was erased: repeat it with --yes")


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UsageRefused(
            f"--since {text} is no instant: write it like 2026-01-31T09:00:00+08:00"
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)


def _document(record: StoredRecord, personal: bool) -> dict[str, object]:
    document = {
        "time": record.written_at,
        "writer": record.writer,
        "seq": record.seq,
        "kind": record.kind,
        "key": key_text(record),
        "bytes": None if record.payload is None else len(record.payload),
        "what": _what(record, personal),
    }
    return document | ({"payload": decoded(record.payload)} if personal else {})


def _what(record: StoredRecord, personal: bool) -> str:
    words = (record_words(record), personal_words(record) if personal else "")
    return " ".join(filter(None, words))


def _row(record: StoredRecord, personal: bool) -> list[object]:
    row = list(_document(record, personal).values())
    row[0] = record.written_at.isoformat(sep=" ", timespec="seconds")
    row[5] = "erased" if record.payload is None else len(record.payload)
    return ["" if cell is None else escape(str(cell)) for cell in row]
