"""From the bytes of one read to what they say about a customer; pure, so that replay can do it."""

from __future__ import annotations

from feature_repo.contact_layout import Entries, decode_contacts
from feature_repo.online_layout import decode_consents, decode_generation
from service.adapters.feast_layout_reader import FeastLayoutReader
from service.adapters.loaded_features import misfit_of
from service.domain.consent import ConsentRecord, ConsentStatus
from service.ports import CustomerRecord, RawReplies


class CustomerDecoder:
    """Decodes what a load and the service itself wrote for customers of one bank."""

    def __init__(self, bank: str, product_vocabulary: tuple[str, ...]) -> None:
        self._bank, self._vocabulary = bank, list(product_vocabulary)
        self._marker: tuple[bytes | None, bool] = (None, False)
        self.reader = FeastLayoutReader(bank, len(product_vocabulary))

    def record(self, customer_id: str, raw: RawReplies) -> CustomerRecord:
        """The record; `StateUnreadable` when a state is damaged or another customer's."""
        is_known = any(value is not None for value in raw.values)
        decoded = self.reader.decode(raw.values) if is_known else None
        return CustomerRecord(
            reachable=True,
            is_loaded=self._is_loaded(raw.marker),
            features=decoded.raw if decoded else None,
            consents=self._consents(customer_id, raw.consents),
            undecodable_views=decoded.undecodable if decoded else (),
            contacts=self._contacts(customer_id, raw.contacts),
            raw=raw,
        )

    def _consents(self, customer_id: str, state: bytes | None) -> ConsentRecord | None:
        if state is None:
            return None
        recorded = decode_consents(self._bank, customer_id, state)
        return ConsentRecord({key: ConsentStatus(status) for key, status in recorded.items()})

    def _contacts(self, customer_id: str, history: bytes | None) -> Entries | None:
        return None if history is None else decode_contacts(self._bank, customer_id, history)

    def _is_loaded(self, marker: bytes | None) -> bool:
        """Loaded means: for this bank, under our contract, lists in our vocabulary's order.

        The verdict on the last marker is kept: almost every read brings the same bytes.
        """
        if self._marker[0] is None or marker != self._marker[0]:
            self._marker = (marker, self._fits(marker))
        return self._marker[1]

    def _fits(self, marker: bytes | None) -> bool:
        if marker is None:
            return False
        return not misfit_of(decode_generation(self._bank, marker), self._vocabulary)
