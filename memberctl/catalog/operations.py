"""What is done to plans and tiers: they are published in versions, never edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.catalog import queries
from memberctl.catalog.results import (
    PlanPublished,
    PlanWithdrawn,
    PriceListImported,
    TierPublished,
    plan_published,
    tier_published,
)
from memberctl.catalog.rules import (
    PLAN_STEPS,
    PlanHistory,
    PlanOffer,
    PlanState,
    PlanTerms,
    TierTerms,
    first_version,
    next_version,
    refuse_short_notice,
)
from memberctl.catalog.tables import Plan, PlanBranch, PlanVersion, Tier, TierVersion
from memberctl.catalog.tiers import TierOffer, first_tier, next_tier, usual_tiers
from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, RuleRefused
from memberctl.core.machine import step
from memberctl.core.workdays import due_after
from memberctl.office.calendar_queries import work_calendar
from memberctl.office.queries import find_branch, organisation, policy_number
from memberctl.office.rules import Outcome
from memberctl.store import counters
from memberctl.store.audit import note
from memberctl.store.bulk import insert_rows

if TYPE_CHECKING:
    from sqlmodel import Session

_PLAN_COLUMNS = ("id", "code", "product", "state", "version")
_PLAN_VERSION_COLUMNS = (
    "id",
    "plan_id",
    "version",
    "name",
    "term",
    "price_minor",
    "joining_fee_minor",
    "payment_timing",
    "valid_from",
    "published_at",
    "published_by",
    "visits",
    "hours",
    "season",
)
_TIER_VERSION_COLUMNS = (
    "id",
    "tier_id",
    "version",
    "name",
    "price_basis_points",
    "points_percent",
    "guests",
    "threshold_minor",
    "valid_from",
    "published_at",
)


def add_plans(
    session: Session,
    offers: Sequence[PlanOffer],
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> list[PlanPublished]:
    """Add new plans; one that is there with the same terms is left alone.

    Raises Conflict for a plan that is there with other terms, Invalid for one that lacks a name,
    a term or a price.
    """
    known = queries.histories_to_change(session)
    for offer in offers:
        there = known.get(offer.code)
        if there is not None and not _is_there(offer, there, today):
            raise Conflict(
                f"plan {offer.code} is there already, with other terms",
                hint=f"memberctl plan revise {offer.code}",
            )
    return _publish(session, known, offers, by=by, at=at, today=today, currency=currency)


def _is_there(offer: PlanOffer, history: PlanHistory, today: date) -> bool:
    try:
        return next_version(offer, history, today) is None
    except RuleRefused:
        return False


def revise_plans(
    session: Session,
    offers: Sequence[PlanOffer],
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> list[PlanPublished]:
    """Publish a new version of each plan; what an offer does not give stays as it is.

    Raises NotFound, Conflict and, for a day that is past or not after the newest version,
    RuleRefused. Source: rules P6.
    """
    known = queries.histories_to_change(session)
    for offer in offers:
        if offer.code not in known:
            queries.find_plan(session, offer.code)
    return _publish(session, known, offers, by=by, at=at, today=today, currency=currency)


def publish_plans(
    session: Session,
    offers: Sequence[PlanOffer],
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> list[PlanPublished]:
    """Add the plans that are new and revise the others, as a price list asks."""
    known = queries.histories_to_change(session)
    return _publish(session, known, offers, by=by, at=at, today=today, currency=currency)


def _publish(
    session: Session,
    known: dict[str, PlanHistory],
    offers: Sequence[PlanOffer],
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> list[PlanPublished]:
    fresh: list[PlanTerms] = []
    results: list[PlanPublished] = []
    for offer in offers:
        history = known.get(offer.code)
        version = first_version(offer, today) if history is None else None
        if history is not None:
            version = next_version(offer, history, today)
        outcome = _outcome(version, new=history is None)
        known[offer.code] = _with_version(history, version)
        fresh += [] if version is None else [version]
        shown = version or _held(offer, known[offer.code])
        results.append(plan_published(shown, currency, outcome))
    _insert_plans(session, known, fresh, by=by, at=at)
    for version in fresh:
        note(
            session, "plan.published", version.code, by=by, at=at, version=version.version,
            valid_from=version.valid_from.isoformat(), price_minor=version.price_minor,
        )  # fmt: skip
    return results


def _outcome(version: object | None, *, new: bool) -> Outcome:
    if version is None:
        return Outcome.UNCHANGED
    return Outcome.CREATED if new else Outcome.UPDATED


def _with_version(history: PlanHistory | None, version: PlanTerms | None) -> PlanHistory:
    if history is None:
        assert version is not None, "a new plan has a first version"
        return PlanHistory(version.code, None, version.product, PlanState.OFFERED, (version,))
    if version is None:
        return history
    return replace(history, versions=(*history.versions, version))


def _held(offer: PlanOffer, history: PlanHistory) -> PlanTerms:
    """Return the version that already says what the offer asks."""
    same_day = (each for each in history.versions if each.valid_from == offer.valid_from)
    return next(same_day, history.versions[-1])


def _insert_plans(
    session: Session,
    known: dict[str, PlanHistory],
    fresh: Sequence[PlanTerms],
    *,
    by: Actor,
    at: datetime,
) -> None:
    new = [version for version in fresh if version.version == 1]
    ids = {code: history.plan_id for code, history in known.items()}
    ids.update(
        zip((each.code for each in new), counters.take(session, "plan", len(new)), strict=True)
    )
    plans = [(ids[each.code], each.code, each.product, PlanState.OFFERED, 1) for each in new]
    insert_rows(session, Plan, _PLAN_COLUMNS, plans)
    numbered = zip(counters.take(session, "plan_version", len(fresh)), fresh, strict=True)
    rows = [
        (
            number,
            ids[each.code],
            each.version,
            each.name,
            each.term,
            each.price_minor,
            each.joining_fee_minor,
            each.payment_timing,
            each.valid_from,
            at,
            by.staff_id,
            each.visits,
            each.hours or None,
            each.season or None,
        )
        for number, each in numbered
    ]
    insert_rows(session, PlanVersion, _PLAN_VERSION_COLUMNS, rows)
    _insert_plan_branches(session, [(row[0], each) for row, each in zip(rows, fresh, strict=True)])


def _insert_plan_branches(session: Session, numbered: Sequence[tuple[int, PlanTerms]]) -> None:
    named = {code for _, version in numbered for code in version.branches}
    if not named:
        return
    ids = {code: find_branch(session, code).id for code in sorted(named)}
    rows = [(number, ids[code]) for number, version in numbered for code in version.branches]
    insert_rows(session, PlanBranch, ("plan_version_id", "branch_id"), rows)


def withdraw_plan(session: Session, code: str, *, by: Actor, at: datetime) -> PlanWithdrawn:
    """Withdraw a plan: no new order may name it, members who have it keep it.

    Raises NotFound, and RuleRefused for a plan that is withdrawn.
    """
    plan = queries.plan_to_change(session, code)
    plan.state = step(PLAN_STEPS, plan.state, "withdraw", f"plan {plan.code}")
    plan.version += 1
    note(session, "plan.withdrawn", plan.code, by=by, at=at, state=plan.state.value)
    session.flush()
    return PlanWithdrawn(plan.code, plan.state)


def seed_tiers(session: Session, *, at: datetime, today: date) -> None:
    """Write the four tiers that an organisation begins with. Source: mission S4.6."""
    currency = organisation(session).currency
    offers = usual_tiers(currency)
    tiers = [first_tier(offer, place, today) for place, offer in enumerate(offers, start=1)]
    _insert_tiers(session, {}, tiers, at=at)


def revise_tiers(
    session: Session,
    offers: Sequence[TierOffer],
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> list[TierPublished]:
    """Publish new benefits of tiers; what an offer does not give stays as it is.

    Raises NotFound, Conflict, and RuleRefused for a day before the notice that members are due.
    Source: rules P6; mission S4.7.
    """
    known = queries.tier_histories(session)
    for offer in offers:
        queries.known_tier(known, offer.code)
    return publish_tiers(session, offers, by=by, at=at, today=today, currency=currency)


def publish_tiers(
    session: Session,
    offers: Sequence[TierOffer],
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> list[TierPublished]:
    """Add the tiers that are new, above the others, and revise the rest with due notice."""
    known = queries.tier_histories(session)
    stored = {code: versions[0].tier_id for code, versions in known.items()}
    fresh: list[TierTerms] = []
    results: list[TierPublished] = []
    for offer in offers:
        versions = known.setdefault(offer.code, [])
        relied_on = today if offer.code in stored else None
        version = (
            next_tier(offer, versions, relied_on)
            if versions
            else first_tier(offer, len(known), today)
        )
        outcome = _outcome(version, new=not versions)
        added = [] if version is None else [version]
        versions += added
        fresh += added
        results.append(tier_published(version or _held_tier(offer, versions), currency, outcome))
    _refuse_without_notice(session, [each for each in fresh if each.code in stored], today)
    _insert_tiers(session, stored, fresh, at=at)
    for version in fresh:
        note(
            session, "tier.published", version.code, by=by, at=at, version=version.version,
            valid_from=version.valid_from.isoformat(),
        )  # fmt: skip
    return results


def _held_tier(offer: TierOffer, versions: Sequence[TierTerms]) -> TierTerms:
    same_day = (each for each in versions if each.valid_from == offer.valid_from)
    return next(same_day, versions[-1])


def _refuse_without_notice(session: Session, revised: Sequence[TierTerms], today: date) -> None:
    if not revised:
        return
    days = policy_number(session, "benefit_notice_days")
    earliest = due_after(today, days, work_calendar(session))
    for version in revised:
        refuse_short_notice(
            f"tier {version.code}", version.valid_from, earliest=earliest, days=days
        )


def _insert_tiers(
    session: Session, stored: dict[str, int], fresh: Sequence[TierTerms], *, at: datetime
) -> None:
    new = [version for version in fresh if version.version == 1]
    ids = stored | dict(
        zip((each.code for each in new), counters.take(session, "tier", len(new)), strict=True)
    )
    tiers = [(ids[each.code], each.code, each.position) for each in new]
    insert_rows(session, Tier, ("id", "code", "position"), tiers)
    numbered = zip(counters.take(session, "tier_version", len(fresh)), fresh, strict=True)
    rows = [
        (
            number,
            ids[each.code],
            each.version,
            each.name,
            each.price_basis_points,
            each.points_percent,
            each.guests,
            each.threshold_minor,
            each.valid_from,
            at,
        )
        for number, each in numbered
    ]
    insert_rows(session, TierVersion, _TIER_VERSION_COLUMNS, rows)


def import_price_list(
    session: Session,
    plans: Sequence[PlanOffer],
    tiers: Sequence[TierOffer],
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> PriceListImported:
    """Publish the plans and tiers of a file, all of them or none; the second time changes nothing.

    Raises what publish_plans and publish_tiers raise.
    """
    offered = publish_plans(session, plans, by=by, at=at, today=today, currency=currency)
    benefits = publish_tiers(session, tiers, by=by, at=at, today=today, currency=currency)
    outcomes = [each.outcome for each in offered] + [each.outcome for each in benefits]
    return PriceListImported(
        read=len(outcomes),
        created=outcomes.count(Outcome.CREATED),
        updated=outcomes.count(Outcome.UPDATED),
        unchanged=outcomes.count(Outcome.UNCHANGED),
    )
