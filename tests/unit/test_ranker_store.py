"""Native code leaves the store only as it was signed, for this platform and this very bundle."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime

import msgspec
import pytest

from model_registry.errors import RankerRefused
from model_registry.home import Home
from model_registry.manifest import BundleManifest
from model_registry.ranker_record import RankerRecord, this_platform
from model_registry.ranker_store import RankerStore
from model_registry.signing import SigningKeys
from model_registry.store import ModelStore
from tests.bundle_drafts import draft

LIBRARY = b"\x7fELF" + bytes(range(256)) * 4


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def manifest(home) -> BundleManifest:
    store = ModelStore(home)
    return store.manifest(store.write(draft()))


def record(manifest: BundleManifest, **changes: object) -> RankerRecord:
    facts = {
        "bundle_id": manifest.bundle_id,
        "model_sha256": manifest.files["propensity.txt"],
        "library_sha256": hashlib.sha256(LIBRARY).hexdigest(),
        "source_sha256": "5" * 64,
        "platform": this_platform(),
        "compiler": "cc 1",
        "largest_gap": 0.0,
        "rows_compared": 64,
        "built_at": datetime(2026, 7, 1, tzinfo=UTC),
    }
    return RankerRecord(**(facts | changes))


def test_what_was_written_is_read_back(home, manifest):
    store = RankerStore(home)
    store.write(record(manifest), LIBRARY)
    verified = store.open(manifest)
    assert verified.library == LIBRARY
    assert verified.record == record(manifest)


def test_a_bundle_without_ranker_says_how_to_get_one(home, manifest):
    with pytest.raises(RankerRefused, match="nbo models promote"):
        RankerStore(home).open(manifest)


def test_a_second_ranker_takes_the_place_of_the_first(home, manifest):
    store = RankerStore(home)
    store.write(record(manifest), LIBRARY)
    store.write(record(manifest, compiler="cc 2"), LIBRARY)
    assert store.open(manifest).record.compiler == "cc 2"
    folders = [path.name for path in home.rankers.iterdir() if path.is_dir()]
    assert folders == [manifest.bundle_id]


@pytest.mark.parametrize("name", ["ranker.so", "ranker.json", "ranker.sig"])
@pytest.mark.parametrize("position", [0, 40, -1])
def test_one_flipped_bit_is_refused(home, manifest, name, position):
    store = RankerStore(home)
    store.write(record(manifest), LIBRARY)
    path = home.rankers / manifest.bundle_id / name
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(RankerRefused, match=r"ranker\.(so|json)"):
        store.open(manifest)


@pytest.mark.parametrize("name", ["ranker.so", "ranker.json", "ranker.sig"])
def test_a_truncated_or_missing_file_is_refused(home, manifest, name):
    store = RankerStore(home)
    store.write(record(manifest), LIBRARY)
    path = home.rankers / manifest.bundle_id / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RankerRefused, match=r"ranker\.(so|json)"):
        store.open(manifest)
    path.unlink()
    with pytest.raises(RankerRefused, match=f"{name} is missing"):
        store.open(manifest)


def test_a_record_rewritten_to_match_another_library_is_refused(home, manifest):
    store = RankerStore(home)
    store.write(record(manifest), LIBRARY)
    folder = home.rankers / manifest.bundle_id
    (folder / "ranker.so").write_bytes(b"other")
    forged = record(manifest, library_sha256=hashlib.sha256(b"other").hexdigest())
    (folder / "ranker.json").write_bytes(forged.encode())
    with pytest.raises(RankerRefused, match="signature"):
        store.open(manifest)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"platform": "plan9-mips-"}, "built for plan9-mips-"),
        ({"model_sha256": "0" * 64}, "other trees"),
        ({"library_sha256": "0" * 64}, "altered or truncated"),
    ],
)
def test_a_signed_ranker_that_is_not_for_here_is_refused(home, manifest, changes, reason):
    store = RankerStore(home)
    store.write(record(manifest, **changes), LIBRARY)
    with pytest.raises(RankerRefused, match=reason):
        store.open(manifest)


def test_another_bundles_ranker_is_refused(home, manifest):
    other = ModelStore(home).manifest(ModelStore(home).write(draft(second=5)))
    store = RankerStore(home)
    store.write(record(other), LIBRARY)
    (home.rankers / other.bundle_id).rename(home.rankers / manifest.bundle_id)
    with pytest.raises(RankerRefused, match="belongs to bundle"):
        store.open(manifest)


def test_a_ranker_signed_by_a_foreign_key_is_refused(tmp_path, home, manifest):
    theirs = Home(tmp_path / "theirs")
    RankerStore(theirs).write(record(manifest), LIBRARY)
    shutil.copytree(theirs.rankers, home.rankers)
    with pytest.raises(RankerRefused, match="foreign key"):
        RankerStore(home).open(manifest)


def test_a_bundles_signature_does_not_vouch_for_a_ranker(home, manifest):
    """Bytes signed as a manifest are no record, even if they were one."""
    store = RankerStore(home)
    store.write(record(manifest), LIBRARY)
    folder = home.rankers / manifest.bundle_id
    raw = (folder / "ranker.json").read_bytes()
    (folder / "ranker.sig").write_bytes(SigningKeys(home.keys).sign(raw))
    with pytest.raises(RankerRefused, match="signature"):
        store.open(manifest)


def test_a_signed_record_of_another_format_is_refused(home, manifest):
    RankerStore(home).write(record(manifest), LIBRARY)
    folder = home.rankers / manifest.bundle_id
    raw = msgspec.json.encode({"bundle_id": manifest.bundle_id})
    (folder / "ranker.json").write_bytes(raw)
    (folder / "ranker.sig").write_bytes(SigningKeys(home.keys).sign(b"compiled ranker\n" + raw))
    with pytest.raises(RankerRefused, match="another format"):
        RankerStore(home).open(manifest)
