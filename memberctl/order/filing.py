"""What may be filed: one filing beside what the store knows becomes a draft, or is refused.

Source: rules A5, O1, O2, T4, T8; mission S0.1, S0.2, S1.8, S3.1, S3.2, S4.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from memberctl.access.rules import grant_span
from memberctl.access.switches import OnHand
from memberctl.core.dates import Span, parse_period
from memberctl.core.errors import Conflict, Invalid, RuleRefused
from memberctl.core.numbering import member_number
from memberctl.core.seasons import season_of
from memberctl.core.text import clean_text
from memberctl.order import going_on
from memberctl.order.going_on import About
from memberctl.order.pricing import PricedLine, checked_total, price_lines
from memberctl.order.results import Filed, OrderFiled
from memberctl.order.rules import (
    FIRST_STAGE,
    SETTLED,
    UNREVIEWED,
    Filing,
    OrderKind,
    OrderState,
    refuse_own_order,
)

AGREEMENT, IDENTITY = "agreement", "identity"


class Applicant(NamedTuple):
    """What counts of the member an order is for.

    price_basis_points -- their tier's share of prices
    staff_id  -- the member of staff they are, if they are one
    until     -- by product, the last day of their newest term; packs are none
    expelled  -- nothing is sold to them
    on_hand   -- their terms, where the order is about one
    branch_id -- their home branch, if they have one
    waiting   -- a renewal of theirs that is not paid yet, where the order is one too
    gone      -- why nothing is sold to them any more, where they were erased or merged
    """

    price_basis_points: int
    staff_id: int | None
    has_identity: bool
    until: Mapping[str, date]
    expelled: bool = False
    on_hand: tuple[OnHand, ...] = ()
    waiting: str | None = None
    branch_id: int | None = None
    gone: RuleRefused | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What all filings of one batch are decided by.

    documents  -- the policy join_documents; agreements -- (valid from, row), oldest first
    renewal_window_days -- how long before its end a term may be renewed
    transfer_fee_minor  -- what giving a term to another member costs
    grace_days -- how long after its end a term may be renewed without a gap
    branch_id  -- the branch of the staff who files, None for the whole organisation
    """

    today: date
    currency: str
    staff: str
    staff_id: int
    documents: str
    renewal_window_days: int
    agreements: Sequence[tuple[date, int]]
    transfer_fee_minor: int = 0
    grace_days: int = 0
    branch_id: int | None = None


class Draft(NamedTuple):
    """An order that may be written.

    agreement -- the wording agreed to, None if none was
    term_id, effective_on -- the running term that it changes, and from when; else None
    """

    filing: Filing
    lines: tuple[PricedLine, ...]
    total_minor: int
    state: OrderState
    stage: str | None
    missing: tuple[str, ...]
    agreement: int | None
    term_id: int | None = None
    effective_on: date | None = None


def draft(
    filing: Filing, applicant: Applicant, ground: Ground, receiver: Applicant | None = None
) -> Draft:
    """Return the order that a filing becomes.

    Where the filing names no branch, the order is that of the member's, else of the staff's: its
    invoice has that branch's number and its money is counted in that branch's till (M13, M16).

    receiver -- the member who gets the term of a transfer
    Raises RuleRefused, NotPermitted or Invalid when it may not be filed.
    """
    _refuse_people(filing, applicant, receiver, ground)
    _refuse_wrong_time(filing, applicant, ground)
    home = applicant.branch_id or ground.branch_id
    filing = filing._replace(branch_id=filing.branch_id or home)
    about = _about(filing, applicant, receiver, ground)
    if about is None:
        days = _season_days(filing, applicant, ground)
        lines = lines_of(filing, applicant.price_basis_points, days)
    else:
        filing, lines = filing._replace(plan=about.plan), about.lines
    agreement = agreement_for(filing.agreed_on, ground.today, ground.agreements)
    missing = missing_documents(
        documents_wanted(filing.kind, ground.documents),
        agreed=agreement is not None,
        has_identity=applicant.has_identity,
    )
    state, stage = state_when_filed(filing.kind, missing)
    total = checked_total(lines, filing.total_minor, ground.currency)
    made = Draft(filing, lines, total, state, stage, missing, agreement)
    if about is None:
        return made
    return made._replace(term_id=about.term_id, effective_on=about.effective_on)


def _refuse_people(
    filing: Filing, applicant: Applicant, receiver: Applicant | None, ground: Ground
) -> None:
    """Refuse the members' own orders, and what would be sold to who was erased or expelled."""
    concerned = {filing.member_id: applicant}
    if receiver is not None and filing.receiver_id is not None:
        concerned[filing.receiver_id] = receiver
    for member_id, person in concerned.items():
        if person.gone is not None:
            raise person.gone
        refuse_own_order(ground.staff, is_own=person.staff_id == ground.staff_id)
        if person.expelled:
            number = member_number(member_id)
            raise RuleRefused(f"{number} is expelled", hint=f"memberctl member readmit {number}")


def _about(
    filing: Filing, applicant: Applicant, receiver: Applicant | None, ground: Ground
) -> About | None:
    """Return what the order changes a running term to, None for the other kinds."""
    if filing.kind is OrderKind.UPGRADE:
        return going_on.upgrade(filing, applicant.on_hand, ground.today)
    if filing.kind is OrderKind.TRANSFER:
        theirs = () if receiver is None else receiver.on_hand
        fee = ground.transfer_fee_minor
        return going_on.transfer(filing, applicant.on_hand, theirs, fee, ground.today)
    if filing.receiver_id is not None:
        raise Invalid("only a transfer is to another member", field="to", hint="--kind transfer")
    return None


def keys_of(filing: Filing) -> tuple[tuple[str, str] | None, tuple[int, str] | None]:
    """Return by what a filing is known again: its external reference, and member and plan.

    Only joining has the second key: a member may well renew twice (rules T4), or buy two packs.
    Source: rules I2.
    """
    referred = filing.source is not None and filing.external_ref is not None
    joins = filing.kind is OrderKind.JOIN and filing.plan is not None and not filing.plan.visits
    return (
        (filing.source or "", filing.external_ref or "") if referred else None,
        (filing.member_id, filing.plan.code) if joins and filing.plan else None,
    )


def joins_anew(filing: Filing, found: OrderFiled, applicant: Applicant) -> bool:
    """Whether a member joins again whose earlier join `found` came to its end.

    It is a new wish when they agreed to the terms after that membership was over; an application
    from before its end is the old one told again.
    Source: rules I2, T5.
    """
    if filing.plan is None or filing.agreed_on is None or found.state not in SETTLED:
        return False
    ended = applicant.until.get(filing.plan.product)
    return ended is not None and ended < filing.agreed_on


def checked_reference(
    source: str | None, external_ref: str | None
) -> tuple[str | None, str | None]:
    """Return where an order comes from and its key there; both or neither. Raises Invalid."""
    if external_ref is None and source is None:
        return None, None
    if external_ref is None:
        raise Invalid(
            "a source means nothing without the order's key in it",
            field="external_ref",
            hint="--external-ref KEY",
        )
    if source is None:
        raise Invalid(
            "an external reference means nothing without its source",
            field="source",
            hint="--source NAME",
        )
    return (
        clean_text(source, what="the source", field="source", longest=40),
        clean_text(external_ref, what="the external reference", field="external_ref", longest=100),
    )


def lines_of(filing: Filing, price_basis_points: int, days: Span | None) -> tuple[PricedLine, ...]:
    """Return the lines of a filing: a service's own, or the price of the plan today.

    days -- those that a fixed-calendar plan would give, else None
    Raises Invalid when a service order has no lines or another kind has some or no plan.
    """
    if filing.kind is OrderKind.SERVICE:
        if filing.plan is not None or not filing.lines:
            raise Invalid(
                "a service order has lines and no plan", field="line", hint="--line what:1:100.00"
            )
        return filing.lines
    if filing.plan is None or filing.lines:
        raise Invalid(
            f"a {filing.kind} order has a plan and no lines", field="plan", hint="--plan CODE"
        )
    is_joining = filing.kind is OrderKind.JOIN
    return price_lines(
        filing.plan,
        price_basis_points,
        is_joining=is_joining,
        days=days,
    )


def _season_days(filing: Filing, applicant: Applicant, ground: Ground) -> Span | None:
    """Return the days that a fixed-calendar plan gives if it is paid today; None without one.

    A term that follows one with another end, frozen or of another plan, is a part of its season
    as a late join is. What it follows must be known for its price, so that one is paid first.
    Raises RuleRefused while another renewal of such a member waits for its money.
    Source: rules T5, T10.
    """
    plan = filing.plan
    if plan is None or not plan.season:
        return None
    season = season_of(plan.season, plan.term)
    theirs = [
        each.held
        for each in applicant.on_hand
        if not each.is_pack and each.plan.product == plan.product
    ]
    period = parse_period(plan.term)
    days = grant_span(theirs, ground.today, period, ground.grace_days, season).span
    if applicant.waiting is not None and days != season.span(days.start_on):
        raise RuleRefused(
            f"{applicant.waiting} waits for its money; what follows it can be priced when it is"
            " paid",
            hint=f"memberctl order show {applicant.waiting}",
        )
    return days


def agreement_for(
    agreed_on: date | None, today: date, agreements: Sequence[tuple[date, int]]
) -> int | None:
    """Return the row of the wording that was valid when the member agreed, None without consent.

    agreements -- (valid from, row), oldest first
    Raises Invalid for a day to come, RuleRefused for a day before the first wording.
    """
    if agreed_on is None:
        return None
    if agreed_on > today:
        raise Invalid(
            "the day of agreement lies in the future", field="agreed_on", rule="date_future"
        )
    for valid_from, agreement in reversed(agreements):
        if valid_from <= agreed_on:
            return agreement
    raise RuleRefused(
        f"there was no agreement to agree to on {agreed_on}",
        hint="memberctl agreement publish FILE --from DATE",
    )


def documents_wanted(kind: OrderKind, join_documents: str) -> str:
    """Return what has to be there, as words joined by commas.

    Joining asks for what the policy says, renewing for the terms to be accepted again, and who
    gets another member's term accepts them too; an upgrade goes on under those accepted before.
    Source: mission S1.8, S4.2; rules T4, A5.
    """
    if kind is OrderKind.JOIN:
        return join_documents
    asks = kind in {OrderKind.RENEWAL, OrderKind.DOWNGRADE, OrderKind.TRANSFER}
    return AGREEMENT if asks else ""


@lru_cache(maxsize=64)
def missing_documents(wanted: str, *, agreed: bool, has_identity: bool) -> tuple[str, ...]:
    """Return the documents that are asked for and not there.

    wanted -- words joined by commas, perhaps none
    Source: rules A5; mission S4.2.
    """
    if not wanted:
        return ()
    has = {AGREEMENT: agreed, IDENTITY: has_identity}
    return tuple(word for word in wanted.split(",") if not has[word])


def remedy(missing: Sequence[str], order: str, member: str) -> str:
    """Return the command that brings the first of the missing documents."""
    if missing[0] == AGREEMENT:
        return f"memberctl order resubmit {order} --agreed"
    return f"memberctl member update {member} --id-number NUMBER --reason TEXT"


def state_when_filed(kind: OrderKind, missing: Sequence[str]) -> tuple[OrderState, str | None]:
    """Return the state and the stage in which an order begins. Source: rules O1, A5.

    An unreviewed order is submitted without a stage; filing it confirms it at once.
    """
    if missing:
        return OrderState.RETURNED, None
    return OrderState.SUBMITTED, None if kind in UNREVIEWED else FIRST_STAGE


def repeated(filing: Filing, found: OrderFiled, *, by_reference: bool) -> OrderFiled:
    """Return what a filing is that was filed before.

    The same external reference, or none at all, means the same order told again: unchanged.
    Another reference for an open order of the same member and plan is a duplicate.
    Raises Conflict when the reference belongs to an order with other content.
    Source: rules I2, M5.
    """
    plan = filing.plan.code if filing.plan else None
    if by_reference and (found.member_id, found.kind, found.plan) != (
        filing.member_id,
        filing.kind,
        plan,
    ):
        raise Conflict(
            f"the external reference belongs to {found.number}, which has another member or plan",
            hint=f"memberctl order show {found.number}",
        )
    known = by_reference or filing.external_ref is None
    return found if known else found._replace(outcome=Filed.DUPLICATE)


def _refuse_wrong_time(filing: Filing, applicant: Applicant, ground: Ground) -> None:
    """Joining is for who is no member, renewing for who is or was. Source: rules T4, T8, C6."""
    if filing.kind in {OrderKind.RENEWAL, OrderKind.DOWNGRADE}:
        going_on.refuse_renewal(filing, applicant.on_hand, ground.renewal_window_days, ground.today)
        return
    plan = filing.plan
    if filing.kind is not OrderKind.JOIN or plan is None or plan.visits is not None:
        return
    until = applicant.until.get(plan.product)
    if until is not None and until >= ground.today:
        number = member_number(filing.member_id)
        raise RuleRefused(
            f"{number} is a member until {until}; terms never overlap (T8)",
            hint=f"memberctl order file {number} --kind renewal --plan CODE --agreed",
        )
