"""Everything that is asked about plans, tiers and agreements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import col

from memberctl.catalog.agreements import MEMBERSHIP, agreement_key
from memberctl.catalog.results import (
    AgreementLine,
    AgreementText,
    PlanLine,
    PlanRecord,
    PlanVersionLine,
    TierLine,
    TierRecord,
    tier_line,
)
from memberctl.catalog.rules import (
    PlanHistory,
    PlanState,
    PlanTerms,
    TierTerms,
    plan_key,
    version_on,
)
from memberctl.catalog.tables import (
    Agreement,
    AgreementVersion,
    Plan,
    PlanBranch,
    PlanVersion,
    Tier,
    TierVersion,
)
from memberctl.catalog.tiers import tier_key, tier_on
from memberctl.core.errors import Invalid, NotFound, RuleRefused
from memberctl.core.money import Money
from memberctl.office.queries import staff_codes
from memberctl.office.rules import suggestion
from memberctl.office.tables import Branch
from memberctl.store.among import among
from memberctl.store.listing import Listing

if TYPE_CHECKING:
    from sqlalchemy import Row, ScalarSelect, Select
    from sqlmodel import Session


def _versions_of_plans() -> Select[PlanVersion, Plan, str | None]:
    """Return versions with their plans and the codes of the branches that they are for."""
    return (
        select(PlanVersion, Plan, _branch_codes())
        .join(Plan, col(Plan.id) == col(PlanVersion.plan_id))
        .order_by(col(PlanVersion.plan_id), col(PlanVersion.version))
    )


def _branch_codes() -> ScalarSelect[str | None]:
    return (
        select(func.aggregate_strings(col(Branch.code), ","))
        .join(PlanBranch, col(PlanBranch.branch_id) == col(Branch.id))
        .where(col(PlanBranch.plan_version_id) == col(PlanVersion.id))
        .scalar_subquery()
    )


def _listed(codes: str | None) -> tuple[str, ...]:
    return tuple(sorted(codes.split(","))) if codes else ()


def _plan_terms(row: Row[PlanVersion, Plan, str | None]) -> PlanTerms:
    version, plan, branches = row
    return PlanTerms(
        plan_version_id=version.id,
        code=plan.code,
        version=version.version,
        name=version.name,
        term=version.term,
        price_minor=version.price_minor,
        joining_fee_minor=version.joining_fee_minor,
        payment_timing=version.payment_timing,
        product=plan.product,
        valid_from=version.valid_from,
        visits=version.visits,
        hours=version.hours or "",
        branches=_listed(branches),
        season=version.season or "",
    )


def find_plan_terms(session: Session, code: str, on: date) -> PlanTerms:
    """Return the version of an offered plan that is valid on a day.

    Raises NotFound, with a near code, and RuleRefused for a plan that is withdrawn or not
    offered yet.
    """
    plan = find_plan(session, code)
    if plan.state is PlanState.WITHDRAWN:
        raise RuleRefused(f"plan {plan.code} is withdrawn", hint="memberctl plan list")
    return version_on(history_of(session, plan).versions, on, plan.code)


def find_plan(session: Session, code: str) -> Plan:
    """Return the plan with that code. Raises NotFound, with a near code."""
    try:
        wanted: str | None = plan_key(code)
    except Invalid:
        wanted = None
    plan = session.scalars(select(Plan).where(col(Plan.code) == wanted)).one_or_none()
    if plan is None:
        known = session.scalars(select(col(Plan.code))).all()
        raise NotFound(
            f"no plan has that code; {suggestion(code, known)}", hint="memberctl plan list"
        )
    return plan


def plan_to_change(session: Session, code: str) -> Plan:
    """Return the plan with that code, locked. Raises NotFound, with a near code."""
    number = find_plan(session, code).id
    return session.scalars(select(Plan).where(col(Plan.id) == number).with_for_update()).one()


def plan_terms_on(session: Session, on: date) -> dict[str, PlanTerms]:
    """Return every plan that is offered on a day, by its code, which is in capitals."""
    statement = _versions_of_plans().where(
        col(Plan.state) == PlanState.OFFERED, col(PlanVersion.valid_from) <= on
    )
    # A later version begins on a later day, so the last one of each plan is the one that holds.
    return {terms.code: terms for terms in map(_plan_terms, session.execute(statement))}


def plan_terms_by_id(session: Session, plan_version_ids: Iterable[int]) -> dict[int, PlanTerms]:
    """Return versions of plans by their ids; unknown ids are left out."""
    wanted = among(session, col(PlanVersion.id), set(plan_version_ids))
    rows = session.execute(_versions_of_plans().where(wanted))
    return {terms.plan_version_id: terms for terms in map(_plan_terms, rows)}


def history_of(session: Session, plan: Plan) -> PlanHistory:
    """Return a plan with its versions."""
    rows = session.execute(_versions_of_plans().where(col(Plan.id) == plan.id))
    versions = tuple(_plan_terms(row) for row in rows)
    return PlanHistory(plan.code, plan.id, plan.product, plan.state, versions)


def histories_to_change(session: Session) -> dict[str, PlanHistory]:
    """Return all plans with their versions by code, locked in id order."""
    plans = session.scalars(select(Plan).order_by(col(Plan.id)).with_for_update()).all()
    versions: dict[str, list[PlanTerms]] = defaultdict(list)
    for terms in map(_plan_terms, session.execute(_versions_of_plans())):
        versions[terms.code].append(terms)
    return {
        plan.code: PlanHistory(
            plan.code, plan.id, plan.product, plan.state, tuple(versions[plan.code])
        )
        for plan in plans
    }


def list_plans(
    session: Session,
    *,
    on: date,
    currency: str,
    withdrawn: bool = False,
    limit: int | None = None,
) -> Listing[PlanLine]:
    """Return the plans by code, each as it is offered on a day.

    A plan that begins later is shown with its first version; withdrawn -- also those plans
    """
    versions: dict[str, list[PlanTerms]] = defaultdict(list)
    states: dict[str, PlanState] = {}
    for row in session.execute(_versions_of_plans()):
        versions[row[1].code].append(_plan_terms(row))
        states[row[1].code] = row[1].state
    shown = sorted(code for code in versions if withdrawn or states[code] is PlanState.OFFERED)
    lines = [
        _plan_line(_shown_on(versions[code], on), states[code], currency) for code in shown[:limit]
    ]
    return Listing(lines, len(shown))


def _shown_on(versions: Sequence[PlanTerms], on: date) -> PlanTerms:
    valid = [version for version in versions if version.valid_from <= on]
    return valid[-1] if valid else versions[0]


def _plan_line(terms: PlanTerms, state: PlanState, currency: str) -> PlanLine:
    return PlanLine(
        code=terms.code,
        name=terms.name,
        term=terms.term,
        price=Money(terms.price_minor, currency),
        joining_fee=Money(terms.joining_fee_minor, currency),
        payment_timing=terms.payment_timing,
        product=terms.product,
        version=terms.version,
        valid_from=terms.valid_from,
        state=state,
        visits=terms.visits,
        hours=terms.hours,
        branches=terms.branches,
        season=terms.season,
    )


def show_plan(session: Session, code: str, *, currency: str) -> PlanRecord:
    """Return a plan with all its versions, oldest first. Raises NotFound."""
    plan = find_plan(session, code)
    rows = session.execute(_versions_of_plans().where(col(PlanVersion.plan_id) == plan.id)).all()
    people = staff_codes(session, {version.published_by for version, _, _ in rows})
    versions = tuple(
        _plan_version_line(version, _listed(branches), people, currency)
        for version, _, branches in rows
    )
    return PlanRecord(plan.code, plan.product, plan.state, versions)


def _plan_version_line(
    row: PlanVersion, branches: tuple[str, ...], people: Mapping[int, str], currency: str
) -> PlanVersionLine:
    return PlanVersionLine(
        version=row.version,
        valid_from=row.valid_from,
        name=row.name,
        term=row.term,
        price=Money(row.price_minor, currency),
        joining_fee=Money(row.joining_fee_minor, currency),
        payment_timing=row.payment_timing,
        published_at=row.published_at,
        published_by=people[row.published_by],
        visits=row.visits,
        hours=row.hours or "",
        branches=branches,
        season=row.season or "",
    )


def tier_histories(session: Session) -> dict[str, list[TierTerms]]:
    """Return all tiers with their versions, oldest first, by code, lowest tier first."""
    statement = (
        select(TierVersion, Tier)
        .join(Tier, col(Tier.id) == col(TierVersion.tier_id))
        .order_by(col(Tier.position), col(TierVersion.version))
    )
    found: dict[str, list[TierTerms]] = defaultdict(list)
    for version, tier in session.execute(statement):
        found[tier.code].append(_tier_terms(version, tier))
    return dict(found)


def _tier_terms(version: TierVersion, tier: Tier) -> TierTerms:
    return TierTerms(
        tier_id=tier.id,
        tier_version_id=version.id,
        code=tier.code,
        name=version.name,
        price_basis_points=version.price_basis_points,
        points_percent=version.points_percent,
        guests=version.guests,
        threshold_minor=version.threshold_minor,
        position=tier.position,
        version=version.version,
        valid_from=version.valid_from,
    )


def tier_terms_on(session: Session, on: date) -> dict[int, TierTerms]:
    """Return every tier as it is on a day, by the tier's id, lowest tier first."""
    valid = [tier_on(versions, on) for versions in tier_histories(session).values()]
    return {terms.tier_id: terms for terms in valid}


def entry_tier_id(session: Session) -> int:
    """Return the id of the lowest tier, with which members begin. Raises NotFound without one."""
    found = session.scalars(select(col(Tier.id)).order_by(col(Tier.position)).limit(1)).first()
    if found is None:
        raise NotFound("there are no tiers", hint="memberctl plan import FILE")
    return found


def list_tiers(session: Session, *, on: date, currency: str) -> list[TierLine]:
    """Return the tiers as they are on a day, lowest first."""
    return [tier_line(terms, currency) for terms in tier_terms_on(session, on).values()]


def show_tier(session: Session, code: str, *, currency: str) -> TierRecord:
    """Return a tier with all its versions, oldest first. Raises NotFound."""
    versions = known_tier(tier_histories(session), code)
    lines = tuple(tier_line(terms, currency) for terms in versions)
    return TierRecord(versions[0].code, versions[0].position, lines)


def known_tier(histories: Mapping[str, list[TierTerms]], code: str) -> list[TierTerms]:
    """Return the versions of the tier with that code. Raises NotFound, with a near code."""
    found = histories.get(tier_key(code))
    if found is None:
        raise NotFound(
            f"no tier has that code; {suggestion(code, histories)}", hint="memberctl tier list"
        )
    return found


def agreement_on(session: Session, on: date, code: str = MEMBERSHIP) -> AgreementVersion | None:
    """Return the wording of an agreement that holds on a day, None when there is none yet."""
    statement = (
        select(AgreementVersion)
        .join(Agreement, col(Agreement.id) == col(AgreementVersion.agreement_id))
        .where(col(Agreement.code) == code, col(AgreementVersion.valid_from) <= on)
        .order_by(col(AgreementVersion.valid_from).desc(), col(AgreementVersion.version).desc())
        .limit(1)
    )
    return session.scalars(statement).first()


def wordings(session: Session, code: str) -> list[AgreementVersion]:
    """Return all wordings of an agreement, oldest first; [] when it is not known."""
    statement = (
        select(AgreementVersion)
        .join(Agreement, col(Agreement.id) == col(AgreementVersion.agreement_id))
        .where(col(Agreement.code) == code)
        .order_by(col(AgreementVersion.version))
    )
    return list(session.scalars(statement))


def agreement_to_change(session: Session, code: str) -> Agreement | None:
    """Return an agreement, locked, or None when it is not known."""
    statement = select(Agreement).where(col(Agreement.code) == code).with_for_update()
    return session.scalars(statement).one_or_none()


def list_agreements(session: Session, *, limit: int | None = None) -> Listing[AgreementLine]:
    """Return every wording of every agreement, by code and version."""
    statement = select(AgreementVersion, col(Agreement.code)).join(
        Agreement, col(Agreement.id) == col(AgreementVersion.agreement_id)
    )
    rows = sorted(session.execute(statement), key=lambda row: (row[1], row[0].version))
    people = staff_codes(session, {version.published_by for version, _ in rows})
    lines = [
        AgreementLine(
            code=code,
            version=version.version,
            title=version.title,
            valid_from=version.valid_from,
            sha256=version.sha256,
            published_at=version.published_at,
            published_by=people[version.published_by],
        )
        for version, code in rows[:limit]
    ]
    return Listing(lines, len(rows))


def show_agreement(
    session: Session, code: str, *, on: date, version: int | None = None
) -> AgreementText:
    """Return a wording with its text: the one that holds on a day, or the one of that version.

    Raises NotFound.
    """
    known = agreement_key(code)
    if version is None:
        found = agreement_on(session, on, known)
    else:
        numbered = {each.version: each for each in wordings(session, known)}
        found = numbered.get(version)
        if numbered and found is None:
            raise NotFound(
                f"{known} has no version of that number; it has 1 to {max(numbered)}",
                hint="memberctl agreement list",
            )
    if found is None:
        codes = session.scalars(select(col(Agreement.code))).all()
        raise NotFound(
            f"there is no such wording; {suggestion(known, codes)}",
            hint="memberctl agreement list",
        )
    return AgreementText(
        known, found.version, found.title, found.valid_from, found.sha256, found.body
    )
