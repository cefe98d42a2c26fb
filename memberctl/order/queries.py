"""Every select over orders, their lines, quotes, consents and hands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.access.tables import Term
from memberctl.catalog.tables import Agreement, AgreementVersion, Plan, PlanVersion
from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.core.numbering import parse_order_number
from memberctl.member.scope import every_branch
from memberctl.member.tables import IdentityDocument, Member
from memberctl.office.queries import branch_code
from memberctl.order.pricing import PricedLine
from memberctl.order.quote_queries import list_quotes
from memberctl.order.results import (
    ConsentLine,
    Filed,
    LineRecord,
    OrderDetails,
    OrderFiled,
    OrderRecord,
    OrderRow,
)
from memberctl.order.rules import FOLLOWS_A_TERM, LIVE, OrderKind, OrderState, due_date
from memberctl.order.tables import Consent, Dunning, Order, OrderHand, OrderLine, Quote
from memberctl.store.among import among
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session

_NEWEST_QUOTE = (
    columns(col(Quote.state))
    .where(col(Quote.order_id) == col(Order.id))
    .order_by(col(Quote.version).desc())
    .limit(1)
    .scalar_subquery()
)
_DUNNING = (
    columns(func.max(col(Dunning.level)))
    .where(col(Dunning.order_id) == col(Order.id))
    .scalar_subquery()
)
ROW = (
    col(Order.id),
    col(Order.number),
    col(Order.kind),
    col(Order.member_id),
    col(Plan.code),
    col(Order.state),
    col(Order.stage),
    col(Order.total_minor),
    col(Order.currency),
    col(Order.due_on),
    col(Order.payment_due_on),
    (col(Order.credited_minor) + col(Order.written_off_minor)).label("reduced_minor"),
)
"""The columns of an OrderRow, before its newest quote's state."""


class MemberFacts(NamedTuple):
    """What the member of a filing brings along.

    until -- by product, the last day of their newest term; packs are none
    """

    tier_id: int
    staff_id: int | None
    branch_id: int | None
    until: Mapping[str, date]


def find_order(session: Session, text: str) -> Order:
    """Return an order by its number as somebody typed it.

    Raises Invalid for a wrong check character, NotFound for a number that was never given.
    Source: rules O9.
    """
    return _one(session, select(Order).where(Order.number == parse_order_number(text)))


def order_to_change(session: Session, text: str) -> Order:
    """Return an order, locked; raises as `find_order`."""
    number = parse_order_number(text)
    return _one(session, select(Order).where(Order.number == number).with_for_update())


def _one(session: Session, statement: Any) -> Order:
    found: Order | None = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("no order has this number", hint="memberctl order list")
    return found


def orders_to_change(session: Session, numbers: Iterable[str]) -> list[Order]:
    """Return these orders, locked, in the order of their ids; unknown numbers are left out."""
    statement = select(Order).where(among(session, col(Order.number), numbers))
    return list(session.scalars(statement.order_by(col(Order.id)).with_for_update()))


def find_row(session: Session, text: str) -> OrderRow:
    """Return an order as lists show it; raises as `find_order`."""
    found = session.execute(_rows().where(col(Order.number) == parse_order_number(text))).first()
    if found is None:
        raise NotFound("no order has this number", hint="memberctl order list")
    return OrderRow(*found)


def list_rows(
    session: Session,
    *,
    state: OrderState | None = None,
    kind: OrderKind | None = None,
    stage: str | None = None,
    member_id: int | None = None,
    source: str | None = None,
    limit: int | None = None,
) -> Listing[OrderRow]:
    """Return the orders that meet every condition, the newest first."""
    wanted = [
        (col(Order.state), state),
        (col(Order.kind), kind),
        (col(Order.stage), stage),
        (col(Order.member_id), member_id),
        (col(Order.source), source),
    ]
    conditions = [column == value for column, value in wanted if value is not None]
    statement = _rows().where(*conditions).order_by(col(Order.id).desc())
    return listing(session, statement, lambda row: OrderRow(*row), limit)


def _rows() -> Any:
    return _with_plan(columns(*ROW, _NEWEST_QUOTE.label("quote"), _DUNNING.label("dunning")))


def _with_plan(statement: Any) -> Any:
    return statement.outerjoin(
        PlanVersion, col(PlanVersion.id) == col(Order.plan_version_id)
    ).outerjoin(Plan, col(Plan.id) == col(PlanVersion.plan_id))


def order_lines(session: Session, order_id: int) -> tuple[PricedLine, ...]:
    """Return what is ordered, line by line."""
    rows = session.execute(
        columns(col(OrderLine.what), col(OrderLine.quantity), col(OrderLine.unit_minor))
        .where(col(OrderLine.order_id) == order_id)
        .order_by(col(OrderLine.line))
    )
    return tuple(PricedLine(*row) for row in rows)


def find_details(session: Session, record: OrderRecord) -> OrderDetails:
    """Return an order with everything that belongs to it. record -- what lists show of it."""
    order = find_order(session, record.number)
    lines = [
        LineRecord(
            line.what,
            line.quantity,
            Money(line.unit_minor, order.currency),
            Money(line.amount_minor, order.currency),
        )
        for line in order_lines(session, order.id)
    ]
    return OrderDetails(
        **{each.name: getattr(record, each.name) for each in fields(record)},
        missing=tuple(word for word in order.missing.split(",") if word),
        channel=order.channel,
        branch=branch_code(session, order.branch_id),
        source=order.source,
        external_ref=order.external_ref,
        filed_at=order.filed_at,
        received_on=order.received_on,
        confirmed_on=order.confirmed_on,
        payment_due_on=order.payment_due_on,
        version=order.version,
        lines=tuple(lines),
        consents=tuple(consents(session, order.id)),
        quotes=tuple(list_quotes(session, order_id=order.id).rows),
        reason=order.ended_because,
    )


def plan_code(session: Session, plan_version_id: int | None) -> str | None:
    """Return the code of the plan that a version belongs to, None for a service order."""
    if plan_version_id is None:
        return None
    statement = columns(col(Plan.code)).join(PlanVersion, col(PlanVersion.plan_id) == col(Plan.id))
    found = session.execute(statement.where(col(PlanVersion.id) == plan_version_id)).scalar_one()
    return str(found)


def identity_of(session: Session, member_id: int) -> tuple[str, ...]:
    """Return what identifies a member, for the hash that approvals are bound to (rules O3)."""
    name, birth_on = session.execute(
        columns(col(Member.name), col(Member.birth_on)).where(col(Member.id) == member_id)
    ).one()
    documents = session.execute(
        columns(col(IdentityDocument.kind), col(IdentityDocument.blind_index))
        .where(col(IdentityDocument.member_id) == member_id)
        .order_by(col(IdentityDocument.kind))
    )
    seen = [f"{kind}:{bytes(index).hex()}" for kind, index in documents]
    return (name, birth_on.isoformat() if birth_on else "", *seen)


def member_facts(session: Session, member_ids: Iterable[int]) -> dict[int, MemberFacts]:
    """Return what decides about filings of these members, by member id."""
    wanted = sorted(set(member_ids))
    if not wanted:
        return {}
    ended = columns(col(Term.member_id), col(Term.product), func.max(col(Term.end_on))).where(
        among(session, col(Term.member_id), wanted),
        col(Term.voided_at).is_(None),
        col(Term.visits).is_(None),
    )
    until: dict[int, dict[str, date]] = {}
    for id_, product, last_day in session.execute(
        ended.group_by(col(Term.member_id), col(Term.product))
    ):
        until.setdefault(id_, {})[product] = last_day
    people = columns(
        col(Member.id), col(Member.tier_id), col(Member.staff_id), col(Member.branch_id)
    ).where(among(session, col(Member.id), wanted))
    return {
        id_: MemberFacts(tier_id, staff_id, branch_id, until.get(id_, {}))
        for id_, tier_id, staff_id, branch_id in session.execute(people)
    }


def members_with_identity(session: Session, member_ids: Iterable[int]) -> set[int]:
    """Return those of these members whose identity document is known."""
    statement = columns(col(IdentityDocument.member_id)).where(
        among(session, col(IdentityDocument.member_id), set(member_ids))
    )
    return set(session.execute(statement).scalars())


def agreements(session: Session, code: str = "MEMBERSHIP") -> list[tuple[date, int]]:
    """Return every wording of an agreement as (valid from, id), oldest first."""
    statement = (
        columns(col(AgreementVersion.valid_from), col(AgreementVersion.id))
        .join(Agreement, col(Agreement.id) == col(AgreementVersion.agreement_id))
        .where(col(Agreement.code) == code)
        .order_by(col(AgreementVersion.valid_from), col(AgreementVersion.version))
    )
    return [(valid_from, id_) for valid_from, id_ in session.execute(statement)]


def unpaid_renewals(session: Session, member_ids: Iterable[int]) -> dict[int, str]:
    """Return the newest renewal or downgrade of each member that is not paid yet, by member id."""
    wanted = sorted(set(member_ids))
    if not wanted:
        return {}
    statement = (
        columns(col(Order.member_id), col(Order.number))
        .where(
            among(session, col(Order.member_id), wanted),
            col(Order.kind).in_(FOLLOWS_A_TERM),
            col(Order.state).in_((OrderState.RETURNED, OrderState.CONFIRMED)),
        )
        .order_by(col(Order.id))
    )
    return {member_id: number for member_id, number in session.execute(statement)}  # noqa: C416


def filed_under(session: Session, source: str, references: Iterable[str]) -> dict[str, OrderFiled]:
    """Return the orders that have these external references of one source, by reference."""
    statement = _with_plan(columns(col(Order.external_ref), *ROW)).where(
        col(Order.source) == source, among(session, col(Order.external_ref), references)
    )
    rows = session.execute(every_branch(statement))
    return {reference: _as_filed(row) for reference, *row in rows}


def open_joins(session: Session, member_ids: Iterable[int]) -> list[OrderFiled]:
    """Return the join orders of these members that are under way or fulfilled."""
    statement = _with_plan(columns(*ROW)).where(
        among(session, col(Order.member_id), set(member_ids)),
        col(Order.kind) == OrderKind.JOIN,
        col(Order.state).in_(LIVE),
    )
    return [_as_filed(row) for row in session.execute(statement)]


def _as_filed(row: Sequence[Any]) -> OrderFiled:
    order_id, number, kind, member_id, plan, state, stage, total, currency, due, payment_due, _ = (
        row
    )
    return OrderFiled(
        outcome=Filed.UNCHANGED,
        order_id=order_id,
        number=number,
        kind=kind,
        member_id=member_id,
        plan=plan,
        state=state,
        stage=stage,
        total=Money(total, currency),
        due_on=due_date(state, due, payment_due),
    )


def hands(session: Session, order_id: int) -> list[OrderHand]:
    """Return everybody whose hands an order went through, released ones too, in order."""
    statement = select(OrderHand).where(OrderHand.order_id == order_id).order_by(col(OrderHand.id))
    return list(session.scalars(statement))


def consents(session: Session, order_id: int) -> list[ConsentLine]:
    """Return what the member agreed to with an order."""
    statement = (
        columns(col(AgreementVersion.title), col(AgreementVersion.version), col(Consent.agreed_on))
        .join(AgreementVersion, col(AgreementVersion.id) == col(Consent.agreement_version_id))
        .where(col(Consent.order_id) == order_id)
    )
    return [ConsentLine(*row) for row in session.execute(statement)]
