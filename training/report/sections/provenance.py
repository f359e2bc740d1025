"""How to make the same model again."""

from __future__ import annotations

import hashlib

import msgspec

from model_registry.flat_settings import flat_settings
from training.report.blocks import Block, Paragraph, Section, Table, measure
from training.report.training_run import TrainingRun

_SAME = (
    "The same data, configuration, seed and library versions give the same model to the byte. The "
    "bundle's id is in manifest.json beside this page: it is made from this page's digest too, so "
    "the page cannot name it. The model is known by the digest of propensity.txt."
)


def provenance(run: TrainingRun) -> Section:
    """Digests, out-of-fold measures, configuration, versions."""
    manifest = run.manifest
    identity = [
        ("model (SHA-256 of propensity.txt)", hashlib.sha256(run.model_text).hexdigest()),
        ("data fingerprint", manifest.data_fingerprint),
        ("feature contract", manifest.contract_digest),
        ("seed", str(manifest.seed)),
    ]
    told = [(name, measure(value, 4)) for name, value in run.out_of_fold.items()]
    settings = list(flat_settings(msgspec.to_builtins(run.config)))
    blocks: list[Block] = [
        Paragraph(_SAME),
        Table((), identity, "Identity.", text_columns=2),
        Table(("measure", "value"), told, "Out of fold, on the training months."),
        Table(("key", "value"), settings, "Configuration."),
        Table(("library", "version"), list(manifest.library_versions.items()), "Versions."),
    ]
    return Section("provenance", "Identity, configuration and versions", blocks)
