"""Catalogue files become the columns of the domain's catalogue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from service.api.asking import to_command
from service.api.wire import DecisionRequest
from service.domain.consent import ConsentMode, Purpose
from tests.toy_catalogue_files import Files, loaded, offer
from tests.toy_release import toy_edition


def test_offers_become_rows_in_the_files_order(tmp_path: Path) -> None:
    catalogue = loaded(tmp_path)
    assert catalogue.offer_ids == ("get_card", "visit")
    assert catalogue.offer_versions == (2, 1)
    assert catalogue.values.tolist() == [20.0, 1.0]
    assert catalogue.repeatable.tolist() == [False, True]
    assert catalogue.killed.tolist() == [False, False]


def test_conditions_nobody_declared_are_unbounded(tmp_path: Path) -> None:
    catalogue = loaded(tmp_path)
    assert catalogue.minimum_age[0] == 18
    assert np.isnan(catalogue.minimum_age[1])
    assert catalogue.valid_from[0] == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert (catalogue.valid_from[1], catalogue.valid_until[1]) == (-np.inf, np.inf)
    assert catalogue.extra_purposes[Purpose.THIRD_PARTY].tolist() == [True, False]


def test_an_offer_without_placements_is_in_all_of_its_channels(tmp_path: Path) -> None:
    placed = loaded(tmp_path).in_placement
    assert placed["mobile_app/login_banner"].tolist() == [False, True]
    assert placed["mobile_app/home_feed"].tolist() == [True, True]
    assert placed["sms/message"].tolist() == [False, True]


def test_levers_multiply_and_are_clipped(tmp_path: Path) -> None:
    assert loaded(tmp_path).levers.tolist() == [2.0, 1.0]


def test_policy_is_data(tmp_path: Path) -> None:
    policy = loaded(tmp_path).policy
    assert policy.channels["sms"].outbound
    assert policy.consent_mode("mobile_app", Purpose.DISPLAY) is ConsentMode.OPT_OUT
    assert policy.consent_mode("email", Purpose.OUTBOUND) is ConsentMode.OPT_IN
    assert policy.context_weights[0].trigger is None


def test_versions_follow_the_files_that_changed(tmp_path: Path) -> None:
    def dearer(files: Files) -> None:
        offer(files)["value"] = 21

    def looser(files: Files) -> None:
        files["policy"]["diversity"]["max_per_group"] = 3

    before, again = loaded(tmp_path), loaded(tmp_path)
    assert before.version == again.version
    changed = loaded(tmp_path, dearer)
    assert changed.version != before.version
    assert changed.policy.version == before.policy.version
    assert loaded(tmp_path, looser).policy.version != before.policy.version


def test_customers_whose_language_nobody_wrote_get_english_where_there_is_english(
    tmp_path: Path,
) -> None:
    def also_in_chinese(files: Files) -> None:
        words = files["treatments"]["treatments"]
        words[:0] = [entry | {"locale": "zh-CN"} for entry in words]

    assert loaded(tmp_path, also_in_chinese).fallback_locale == "en"


def test_a_bank_without_english_answers_everybody_in_the_language_it_wrote(tmp_path: Path) -> None:
    def only_chinese(files: Files) -> None:
        for entry in files["treatments"]["treatments"]:
            entry["locale"] = "zh-CN"

    catalogue = loaded(tmp_path, only_chinese)
    assert catalogue.fallback_locale == "zh-CN"
    request = DecisionRequest(customer_id="somebody", channel="mobile_app", locale="en")
    edition = replace(toy_edition(), catalogue=catalogue)
    assert to_command(request, edition).ask.locale == "zh-CN"
    assert catalogue.treatment(0, locale="en", channel="mobile_app") is not None
