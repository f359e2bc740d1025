"""The layout of one local installation (`NBO_HOME`) and the identity of its bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import msgspec

from model_registry.errors import HomeInvalid


class BankIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the last import brought: vocabulary, calendar and fingerprint of the bank's tables."""

    bank: str
    source: str
    currency: str
    product_vocabulary: list[str]
    product_groups: dict[str, str]
    snapshot_dates: list[date]
    label_months: list[date]
    data_until: date
    imported_at: datetime
    fingerprint: str
    row_counts: dict[str, int]
    quarantined: dict[str, int]

    @property
    def clock_offset(self) -> timedelta:
        """Wall time minus business time: historical data are served as of the day they end.

        Whole days, so that an hour of the day is the same hour in both: quiet hours are law. Never
        negative: facts of today do not make today's customers a day older.
        """
        end_of_data = datetime.combine(self.data_until, time(23, 59, 59), tzinfo=timezone.utc)
        return timedelta(days=max((self.imported_at - end_of_data).days, 0))


@dataclass(frozen=True)
class Home:
    """Paths below `NBO_HOME`; nothing is created until somebody writes."""

    root: Path

    @property
    def bank_file(self) -> Path:
        return self.root / "bank.json"

    @property
    def tables(self) -> Path:
        return self.root / "tables"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def truth(self) -> Path:
        return self.root / "truth"

    @property
    def features(self) -> Path:
        return self.root / "features"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def rankers(self) -> Path:
        return self.root / "rankers"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def redis(self) -> Path:
        return self.root / "redis"

    def bank(self) -> BankIdentity:
        """The bank of this home; `HomeInvalid` when none was imported or the file is damaged."""
        try:
            return msgspec.json.decode(self.bank_file.read_bytes(), type=BankIdentity)
        except FileNotFoundError:
            raise HomeInvalid(
                f"no bank in {self.root}: run `nbo data simulate` or `nbo data import` first"
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise HomeInvalid(f"{self.bank_file} is damaged ({error}): import again") from error

    def write_bank(self, identity: BankIdentity) -> None:
        """Replace the bank's identity atomically."""
        self.root.mkdir(parents=True, exist_ok=True)
        temporary = self.bank_file.with_suffix(".tmp")
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(identity)))
        temporary.replace(self.bank_file)
