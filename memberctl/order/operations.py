"""Orders are filed, by sets: the import and the single command take the same way.

Source: rules A5, I2, O1, O2, O9; mission S0.1-S0.4, S3.1, S3.2, S4.2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from memberctl.access.hold_queries import expelled_among
from memberctl.access.switches import OnHand
from memberctl.access.term_queries import on_hand
from memberctl.catalog.queries import entry_tier_id, tier_terms_on
from memberctl.core.dates import zone
from memberctl.core.errors import MemberctlError
from memberctl.core.money import parse_amount
from memberctl.core.workdays import WorkCalendar, due_after
from memberctl.member.presence import gone_among
from memberctl.office.queries import organisation, policy, policy_number
from memberctl.order import confirming, filing, queries, rules
from memberctl.order.drafted import write_drafts
from memberctl.order.filing import Applicant, Draft, Ground
from memberctl.order.results import Filed, FilingRefused, OrderFiled
from memberctl.order.rules import Filing, OrderKind, OrderState

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor

NO_NEWCOMERS: Mapping[int, bool] = MappingProxyType({})

Key = tuple[str | int, str]


@dataclass(frozen=True, slots=True)
class _Again:
    """A filing that repeats an earlier one of its own batch, by that one's place."""

    draft: int
    by_reference: bool


Slot = OrderFiled | FilingRefused | int | _Again


def file_order(
    session: Session,
    asked: Filing,
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
    calendar: WorkCalendar,
) -> OrderFiled:
    """File one order: a batch of one that raises what `file_orders` would answer."""
    (filed,) = file_orders(
        session, [asked], by=by, at=at, today=today, currency=currency, calendar=calendar
    )
    if isinstance(filed, FilingRefused):
        raise filed.problem
    return filed


def would_file(
    session: Session, asked: Filing, *, by: Actor, today: date, currency: str
) -> filing.Draft:
    """Return what a filing would become, and write nothing. Raises what filing it would."""
    ground = _ground(session, by, today, currency)
    people = _applicants(session, [asked], ground, NO_NEWCOMERS)
    return filing.draft(asked, people[asked.member_id], ground, people.get(asked.receiver_id or 0))


def file_orders(
    session: Session,
    filings: Sequence[Filing],
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
    calendar: WorkCalendar,
    newcomers: Mapping[int, bool] = NO_NEWCOMERS,
) -> list[OrderFiled | FilingRefused]:
    """File many orders and say for each what became of it, in the order of the filings.

    A filing with the external reference of an earlier order, or for a member and plan with a
    join order that is open or whose term is not over, is that order again. The number of
    statements does not grow with the batch, except that renewals are confirmed one by one.

    newcomers -- members who were registered in this transaction just now, each with whether they
                 have an identity document; nothing else about them is asked of the store
    Source: rules A5, I2, O1, O2; mission S0.1-S0.4.
    """
    ground = _ground(session, by, today, currency)
    slots, drafts = _sort_out(session, filings, ground, newcomers)
    due_on = due_after(today, policy_number(session, "review_days"), calendar)
    filed = write_drafts(
        session, drafts, by=by, at=at, today=today, currency=currency, due_on=due_on
    )
    for place, made in enumerate(filed):
        if made.state is OrderState.SUBMITTED and made.stage is None:
            filed[place] = _confirm_unreviewed(
                session, made, by=by, at=at, today=today, calendar=calendar
            )
    return [_answer(slot, asked, filed) for slot, asked in zip(slots, filings, strict=True)]


def _ground(session: Session, by: Actor, today: date, currency: str) -> Ground:
    return Ground(
        today=today,
        currency=currency,
        staff=by.staff,
        staff_id=by.staff_id,
        documents=policy(session, "join_documents"),
        renewal_window_days=policy_number(session, "renewal_window_days"),
        agreements=queries.agreements(session),
        grace_days=policy_number(session, "grace_days"),
        transfer_fee_minor=parse_amount(policy(session, "transfer_fee"), currency, zero_ok=True),
        branch_id=by.branch_id,
    )


def _sort_out(
    session: Session, filings: Sequence[Filing], ground: Ground, newcomers: Mapping[int, bool]
) -> tuple[list[Slot], list[Draft]]:
    """Tell repeats and refusals from what is to be written, which slots name by its place."""
    applicants = _applicants(session, filings, ground, newcomers)
    known = _known(session, filings, newcomers, applicants)
    slots: list[Slot] = []
    drafts: list[Draft] = []
    for asked in filings:
        keys = filing.keys_of(asked)
        try:
            slot = _repeat(asked, keys, known, applicants[asked.member_id])
            if slot is None:
                receiver = applicants.get(asked.receiver_id or 0)
                drafts.append(filing.draft(asked, applicants[asked.member_id], ground, receiver))
                slot = len(drafts) - 1
                for key in keys:
                    if key is not None:
                        known[key] = slot
        except MemberctlError as problem:
            slot = FilingRefused(problem)
        slots.append(slot)
    return slots, drafts


def _repeat(
    asked: Filing,
    keys: tuple[Key | None, Key | None],
    known: dict[Key, OrderFiled | int],
    applicant: Applicant,
) -> Slot | None:
    for key, by_reference in ((keys[0], True), (keys[1], False)):
        found = None if key is None else known.get(key)
        if isinstance(found, OrderFiled):
            if not by_reference and filing.joins_anew(asked, found, applicant):
                continue
            return filing.repeated(asked, found, by_reference=by_reference)
        if found is not None:
            return _Again(found, by_reference)
    return None


def _answer(slot: Slot, asked: Filing, filed: Sequence[OrderFiled]) -> OrderFiled | FilingRefused:
    if isinstance(slot, int):
        return filed[slot]
    if not isinstance(slot, _Again):
        return slot
    earlier = filed[slot.draft]._replace(outcome=Filed.UNCHANGED)
    try:
        return filing.repeated(asked, earlier, by_reference=slot.by_reference)
    except MemberctlError as problem:
        return FilingRefused(problem)


def _known(
    session: Session,
    filings: Sequence[Filing],
    newcomers: Container[int],
    applicants: Mapping[int, Applicant],
) -> dict[Key, OrderFiled | int]:
    """Return the orders that these filings may repeat, by reference and by member and plan.

    Who was erased repeats nothing: that they are gone is what has to be said.
    """
    known: dict[Key, OrderFiled | int] = {}
    references: dict[str, list[str]] = defaultdict(list)
    for asked in filings:
        if asked.source is not None and asked.external_ref is not None:
            references[asked.source].append(asked.external_ref)
    for source, wanted in references.items():
        found = queries.filed_under(session, source, wanted)
        known.update({(source, reference): order for reference, order in found.items()})
    joining = [
        asked.member_id
        for asked in filings
        if asked.kind is OrderKind.JOIN
        and asked.member_id not in newcomers
        and applicants[asked.member_id].gone is None
    ]
    joins = queries.open_joins(session, joining) if joining else []
    # Of two joins of one plan the one that is under way is the one that a filing may repeat.
    for order in sorted(joins, key=lambda each: each.state not in rules.SETTLED):
        known[order.member_id, order.plan or ""] = order
    return known


def _applicants(
    session: Session, filings: Sequence[Filing], ground: Ground, newcomers: Mapping[int, bool]
) -> dict[int, Applicant]:
    members = {asked.member_id for asked in filings} - newcomers.keys()
    members |= {asked.receiver_id for asked in filings if asked.receiver_id is not None}
    asks_identity = filing.IDENTITY in ground.documents
    known = queries.members_with_identity(session, members) if asks_identity else set()
    shares = {
        tier: terms.price_basis_points
        for tier, terms in tier_terms_on(session, ground.today).items()
    }
    expelled = expelled_among(session, members, ground.today)
    gone = gone_among(session, members)
    held = _on_hand(session, filings)
    renewing = [each.member_id for each in filings if each.kind in rules.FOLLOWS_A_TERM]
    waiting = queries.unpaid_renewals(session, renewing)
    applicants = {
        member: Applicant(
            shares[facts.tier_id],
            facts.staff_id,
            member in known,
            facts.until,
            member in expelled,
            held.get(member, ()),
            waiting.get(member),
            facts.branch_id,
            gone.get(member),
        )
        for member, facts in queries.member_facts(session, members).items()
    }
    if newcomers:
        share = shares[entry_tier_id(session)]
        for member, has_identity in newcomers.items():
            applicants[member] = Applicant(share, None, has_identity, {})
    return applicants


def _on_hand(session: Session, filings: Sequence[Filing]) -> dict[int, tuple[OnHand, ...]]:
    """Return the terms of those whose orders are about one, and of who gets one."""
    about = [asked for asked in filings if asked.kind in rules.ABOUT_A_TERM]
    people = {asked.member_id for asked in about}
    people |= {asked.receiver_id for asked in about if asked.receiver_id is not None}
    if not people:
        return {}
    return on_hand(session, people, zone(organisation(session).zone))


def _confirm_unreviewed(
    session: Session,
    filed: OrderFiled,
    *,
    by: Actor,
    at: datetime,
    today: date,
    calendar: WorkCalendar,
) -> OrderFiled:
    """Confirm an order of a kind that nobody reviews, as soon as it is complete."""
    order = queries.order_to_change(session, filed.number)
    confirming.confirm_unreviewed(session, order, by=by, at=at, today=today, calendar=calendar)
    return filed._replace(state=order.state, due_on=order.payment_due_on)
