"""A member's credit is applied to what they owe, paid out, or given up when it is stale.

Source: rules M4, M9, M14, O2.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.errors import RuleRefused
from memberctl.core.machine import step
from memberctl.core.money import Money
from memberctl.core.numbering import member_number, serial_number
from memberctl.core.text import clean_reason
from memberctl.ledger.operations import post_entry, reverse_entry
from memberctl.ledger.queries import balance
from memberctl.ledger.rules import Account, Line
from memberctl.member.presence import refuse_merged
from memberctl.member.queries import member_to_change
from memberctl.office.queries import policy_number
from memberctl.order.queries import order_to_change
from memberctl.order.rules import refuse_if_changed
from memberctl.payment import credit_queries, credit_rules, queries, rules
from memberctl.payment.credit_rules import (
    CreditApplied,
    CreditPart,
    CreditRequested,
    OpenOrder,
    RequestKind,
    RequestState,
)
from memberctl.payment.credit_tables import CreditRequest
from memberctl.payment.operations import Arrival, enter_payment
from memberctl.payment.rules import Allocation, Method, Tender
from memberctl.store.audit import note
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor
    from memberctl.order.tables import Order
    from memberctl.payment.rules import Owing


def apply_credit(
    session: Session,
    member_id: int,
    *,
    order_text: str | None = None,
    amount_minor: int | None = None,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> CreditApplied:
    """Let a member's credit pay what they owe, the oldest order first.

    It pays as money does: with a payment and a receipt of its own, and what it settles begins
    at once. What is past its deadline is not paid silently.
    order_text -- only this order; amount_minor -- no more than this, None for all there is
    Raises RuleRefused without credit, without so much, and when there is nothing to pay.
    Source: rules M4, O8.
    """
    member_to_change(session, member_id)
    member = member_number(member_id)
    available = -balance(session, Account.MEMBER_CREDIT, member)
    share = credit_rules.checked_share(amount_minor, available, member, currency)
    open_orders = _orders_to_pay(session, member_id, order_text, today)
    parts = [
        _pay(session, order, amount, by=by, at=at, today=today)
        for order, amount in credit_rules.spread(share, open_orders)
    ]
    if not parts:
        raise RuleRefused(
            f"{member} owes nothing that credit could pay",
            hint=f"memberctl order list --member {member} --state confirmed",
        )
    applied = sum(part.amount.minor for part in parts)
    return CreditApplied(
        member, Money(applied, currency), Money(available - applied, currency), tuple(parts)
    )


def _orders_to_pay(
    session: Session, member_id: int, order_text: str | None, today: date
) -> list[OpenOrder]:
    """Return what may be paid, locked: the order that was named, or all of the member's."""
    if order_text is None:
        orders = credit_queries.confirmed_orders_to_change(session, member_id)
        owed = [(order, queries.owing(session, order)) for order in orders]
        return [
            OpenOrder(order.id, order.number, owing.open_minor)
            for order, owing in owed
            if rules.settles_order(owing, today)
        ]
    order = order_to_change(session, order_text)
    if order.member_id != member_id:
        raise RuleRefused(f"order {order.number} is another member's")
    owing = queries.owing(session, order)
    if not rules.settles_order(owing, today):
        raise _not_to_pay(order, owing)
    return [OpenOrder(order.id, order.number, owing.open_minor)]


def _not_to_pay(order: Order, owing: Owing) -> RuleRefused:
    if order.state in rules.SETTLED or order.state in rules.ENDED:
        return RuleRefused(f"order {order.number} is {order.state}: nothing is owed for it")
    return RuleRefused(
        f"order {order.number} was to be paid by {owing.payment_due_on}: late money activates"
        " nothing (O8)"
    )


def _pay(
    session: Session, open_order: OpenOrder, amount: int, *, by: Actor, at: datetime, today: date
) -> CreditPart:
    order = order_to_change(session, open_order.number)
    tender = Tender(order.number, amount, Method.MEMBER_CREDIT)
    arrival = Arrival(tender, at, today, Allocation(amount, 0))
    owing = queries.owing(session, order)
    paid = enter_payment(session, order, owing, arrival, by=by, at=at, today=today)
    return CreditPart(
        order.number, paid.number, paid.receipt, paid.amount, paid.order_state, paid.open
    )


def request_payout(
    session: Session,
    member_id: int,
    *,
    amount_minor: int | None,
    method: Method,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> CreditRequested:
    """Ask for a member's credit to be paid out; it is set aside until somebody decides.

    amount_minor -- None for all of it
    Raises RuleRefused when there is not so much. Source: rules M4.
    """
    return _request(
        session, member_id, RequestKind.PAYOUT, amount_minor, credit_rules.payout_method(method),
        reason, by=by, at=at, today=today, currency=currency,
    )  # fmt: skip


def request_giving_up(
    session: Session,
    member_id: int,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> CreditRequested:
    """Ask for a credit that lay still for years to become income.

    Raises RuleRefused for one that moved within the policy's days. Source: rules M14.
    """
    member = member_number(member_id)
    since = credit_queries.last_moved(session, member)
    if since is not None:
        days = policy_number(session, "stale_credit_days")
        credit_rules.refuse_fresh(member, since, today, days)
    return _request(
        session, member_id, RequestKind.STALE, None, None, reason,
        by=by, at=at, today=today, currency=currency,
    )  # fmt: skip


def _request(
    session: Session,
    member_id: int,
    kind: RequestKind,
    amount_minor: int | None,
    method: Method | None,
    reason: str,
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> CreditRequested:
    why = clean_reason(reason)
    refuse_merged(member_to_change(session, member_id, even_gone=True))
    member = member_number(member_id)
    available = -balance(session, Account.MEMBER_CREDIT, member)
    amount = credit_rules.checked_share(amount_minor, available, member, currency)
    request_id = take_one(session, "credit_request")
    number = serial_number(credit_rules.PREFIX, request_id)
    lines = (
        Line(Account.MEMBER_CREDIT, amount, member),
        Line(Account.PAYOUTS_DUE, -amount, number),
    )
    entry_id = post_entry(
        session, "credit.set_aside", member, lines, currency=currency, value_on=today, at=at
    )
    request = CreditRequest(
        id=request_id,
        member_id=member_id,
        kind=kind,
        amount_minor=amount,
        currency=currency,
        method=method,
        state=RequestState.REQUESTED,
        reason=why,
        requested_at=at,
        requested_by=by.staff_id,
        entry_id=entry_id,
    )
    session.add(request)
    session.flush()
    return _noted(session, request, "credit.requested", by=by, at=at)


def decide_request(
    session: Session,
    number: str,
    *,
    approve: bool,
    reason: str | None = None,
    by: Actor,
    at: datetime,
    today: date,
    seen: int | None = None,
) -> CreditRequested:
    """Approve or refuse what somebody else asked for; a stale credit becomes income at once.

    Raises NotPermitted for who asked and for the member, RuleRefused for a state in which there
    is nothing to decide. Source: rules O2, M14.
    """
    request = credit_queries.request_to_change(session, number)
    refuse_if_changed(seen, request.version)
    number = credit_queries.number(request.id)
    credit_rules.refuse_same_hand(by, number, request.requested_by, "asked for")
    member = member_to_change(session, request.member_id, even_gone=True)
    credit_rules.refuse_own_money(by, number, member.staff_id)
    credit_rules.refuse_given_up(number, request.kind, request.state)
    _move(request, "approve" if approve else "refuse")
    request.decided_at, request.decided_by = at, by.staff_id
    request.decision = None if reason is None else clean_reason(reason)
    if not approve:
        request.settled_entry_id = reverse_entry(
            session,
            request.entry_id,
            event="credit.given_back",
            value_on=today,
            at=at,
            credit_of=member_number(request.member_id),
        )
    elif request.kind is RequestKind.STALE:
        _settle(session, request, Line(Account.CREDIT_INCOME, -request.amount_minor),
                "credit.given_up", value_on=today, at=at)  # fmt: skip
    session.flush()
    return _noted(session, request, f"credit.{request.state}", by=by, at=at)


def pay_request(
    session: Session,
    number: str,
    *,
    by: Actor,
    at: datetime,
    today: date,
    seen: int | None = None,
) -> CreditRequested:
    """Pay an approved payout, once; not by who approved it. Source: rules M4, M9."""
    request = credit_queries.request_to_change(session, number)
    refuse_if_changed(seen, request.version)
    number = credit_queries.number(request.id)
    if request.kind is RequestKind.STALE:
        raise RuleRefused(f"{number} gives up a credit: nothing is paid")
    member = member_to_change(session, request.member_id, even_gone=True)
    what = f"request {number}"
    state = step(credit_rules.STEPS, request.state, "pay", what)
    assert request.decided_by is not None and request.method is not None
    credit_rules.refuse_same_hand(by, number, request.decided_by, "approved")
    credit_rules.refuse_own_money(by, number, member.staff_id)
    request.state, request.paid_at, request.paid_by = state, at, by.staff_id
    request.version += 1
    money = Line(Account(request.method.value), -request.amount_minor)
    branch_id = by.branch_id or member.branch_id
    _settle(session, request, money, "credit.paid_out", value_on=today, at=at, branch_id=branch_id)
    session.flush()
    return _noted(session, request, "credit.paid", by=by, at=at)


def _settle(
    session: Session,
    request: CreditRequest,
    line: Line,
    event: str,
    *,
    value_on: date,
    at: datetime,
    branch_id: int | None = None,
) -> None:
    """Book where the money that was set aside went."""
    aside = Line(Account.PAYOUTS_DUE, request.amount_minor, credit_queries.number(request.id))
    request.settled_entry_id = post_entry(
        session, event, member_number(request.member_id), (aside, line),
        currency=request.currency, value_on=value_on, at=at, branch_id=branch_id,
    )  # fmt: skip


def _move(request: CreditRequest, verb: str) -> None:
    what = f"request {credit_queries.number(request.id)}"
    request.state = step(credit_rules.STEPS, request.state, verb, what)
    request.version += 1


def _noted(
    session: Session, request: CreditRequest, event: str, *, by: Actor, at: datetime
) -> CreditRequested:
    number, member = credit_queries.number(request.id), member_number(request.member_id)
    note(
        session, event, number, by=by, at=at, member=member, kind=request.kind.value,
        amount=request.amount_minor, state=request.state.value,
    )  # fmt: skip
    left = -balance(session, Account.MEMBER_CREDIT, member)
    return CreditRequested(
        number=number,
        member=member,
        kind=request.kind,
        amount=Money(request.amount_minor, request.currency),
        method=request.method,
        state=request.state,
        left=Money(left, request.currency),
    )
