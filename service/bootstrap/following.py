"""What changes while serving: bundles, the catalogue, kill switches; each swaps the edition."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from service.adapters.catalogue_folder import CatalogueFolder
from service.adapters.catalogue_source import CatalogueSource
from service.adapters.model_releases import ModelReleases
from service.api.desk import Desk
from service.domain.kill_switches import KillState
from service.ports import OpenedRelease
from service.use_cases.edition import Edition
from service.use_cases.follow_catalogue import FollowCatalogue
from service.use_cases.follow_promotions import FollowPromotions
from service.use_cases.make_decision import MakeDecision
from service.use_cases.record_versions import RecordVersions


def stop(make_decision: MakeDecision, state: KillState) -> None:
    """Decide without what is stopped from now on."""
    make_decision.edition = replace(make_decision.edition, kills=state.switches)


def follow_catalogue(
    desk: Desk, shelf: CatalogueFolder, versions: RecordVersions
) -> FollowCatalogue[CatalogueSource]:
    """Swaps the edition of this desk when the catalogue's files change, and says so."""
    make_decision = desk.make_decision

    def adopt(edition: Edition) -> None:
        make_decision.edition = edition
        desk.metrics.catalogue_swaps["adopted",].inc()
        desk.readiness.report("catalogue", passed=True, detail=catalogue_detail(edition))
        desk.log.info("catalogue_adopted", detail=catalogue_detail(edition))

    def refuse(complaints: str) -> None:
        desk.metrics.catalogue_swaps["refused",].inc()
        desk.metrics.catalogue_refused.set(1)
        desk.log.error("catalogue_refused", detail=complaints)

    return FollowCatalogue(
        shelf,
        edition=lambda: make_decision.edition,
        record=versions.change_catalogue,
        adopt=adopt,
        refuse=refuse,
        agree=partial(desk.metrics.catalogue_refused.set, 0),
    )


def follow_promotions(
    desk: Desk, releases: ModelReleases, opened: OpenedRelease, versions: RecordVersions
) -> FollowPromotions:
    """Swaps the edition of this desk when another bundle is promoted, and says so."""
    make_decision = desk.make_decision
    in_use = [opened]

    def adopt(edition: Edition, opened: OpenedRelease) -> None:
        make_decision.edition = edition
        show_model(desk, in_use.pop(), in_use=False)
        show_model(desk, opened, in_use=True)
        in_use.append(opened)
        desk.readiness.report("model", passed=True, detail=opened.detail)
        desk.metrics.model_swaps["adopted",].inc()
        desk.log.info("model_adopted", detail=opened.detail)

    def refuse(opened: OpenedRelease) -> None:
        desk.metrics.model_swaps["refused",].inc()
        desk.log.error("model_refused", detail=opened.detail)

    return FollowPromotions(
        releases,
        edition=lambda: make_decision.edition,
        record=versions.change_model,
        adopt=adopt,
        refuse=refuse,
    )


def catalogue_detail(edition: Edition) -> str:
    """The versions in use, for people."""
    catalogue = edition.catalogue
    return f"catalogue {catalogue.version}, policy {catalogue.policy.version}"


def show_model(desk: Desk, opened: OpenedRelease, *, in_use: bool) -> None:
    """Say in the metrics which bundle and ranker decide, or no longer do."""
    if opened.release is not None:
        desk.metrics.model_info[opened.release.bundle_id, opened.ranker].set(float(in_use))
