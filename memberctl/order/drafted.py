"""Drafts become rows: orders with their lines, consents, terms and the hands they went through.

Source: rules O9; mission S0.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.money import Money
from memberctl.core.numbering import member_number, order_number
from memberctl.order import quoting, rules
from memberctl.order.filing import Draft
from memberctl.order.results import Filed, OrderFiled
from memberctl.order.tables import Consent, Order, OrderHand, OrderLine, OrderTerm
from memberctl.store.audit import Fact, note_many
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor

ORDER_COLUMNS = (
    "id", "number", "kind", "member_id", "plan_version_id", "state", "stage", "missing",
    "branch_id", "channel", "source", "external_ref", "total_minor", "currency", "filed_at",
    "filed_by", "received_on", "due_on", "version",
)  # fmt: skip
LINE_COLUMNS = ("order_id", *quoting.LINE_COLUMNS)
CONSENT_COLUMNS = ("order_id", "agreement_version_id", "agreed_on", "recorded_at")
HAND_COLUMNS = ("id", "order_id", "staff_id", "part", "at")
TERM_COLUMNS = ("order_id", "term_id", "effective_on", "receiver_id")


def write_drafts(
    session: Session,
    drafts: Sequence[Draft],
    *,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
    due_on: date,
) -> list[OrderFiled]:
    """Write the drafts and return them as orders, in the same order."""
    ids = take(session, "orders", len(drafts))
    numbers = _numbers(session, drafts, today.year)
    filed = [
        _filed(draft, order_id, number, currency, due_on)
        for draft, order_id, number in zip(drafts, ids, numbers, strict=True)
    ]
    if not drafts:
        return filed
    orders = [
        _order_row(each, draft, by.staff_id, at, today)
        for each, draft in zip(filed, drafts, strict=True)
    ]
    insert_rows(session, Order, ORDER_COLUMNS, orders)
    lines = [
        (order_id, n, line.what, line.quantity, line.unit_minor, line.amount_minor)
        for order_id, draft in zip(ids, drafts, strict=True)
        for n, line in enumerate(draft.lines, start=1)
    ]
    insert_rows(session, OrderLine, LINE_COLUMNS, lines)
    consents = [
        (order_id, draft.agreement, draft.filing.agreed_on, at)
        for order_id, draft in zip(ids, drafts, strict=True)
        if draft.agreement is not None
    ]
    if consents:
        insert_rows(session, Consent, CONSENT_COLUMNS, consents)
    changed = [
        (order_id, draft.term_id, draft.effective_on, draft.filing.receiver_id)
        for order_id, draft in zip(ids, drafts, strict=True)
        if draft.term_id is not None
    ]
    if changed:
        insert_rows(session, OrderTerm, TERM_COLUMNS, changed)
    hands = zip(take(session, "order_hand", len(drafts)), ids, strict=True)
    made = [(hand, order_id, by.staff_id, rules.FILING, at) for hand, order_id in hands]
    insert_rows(session, OrderHand, HAND_COLUMNS, made)
    note_many(session, "order.filed", [_fact(each) for each in filed], by=by, at=at)
    return filed


def _numbers(session: Session, drafts: Sequence[Draft], year: int) -> list[str]:
    prefixes = [rules.PREFIXES[draft.filing.kind] for draft in drafts]
    serials = {
        prefix: iter(take(session, f"orders:{prefix}:{year}", prefixes.count(prefix)))
        for prefix in sorted(set(prefixes))
    }
    return [order_number(prefix, year, next(serials[prefix])) for prefix in prefixes]


def _filed(draft: Draft, order_id: int, number: str, currency: str, due_on: date) -> OrderFiled:
    asked = draft.filing
    return OrderFiled(
        Filed.CREATED,
        order_id,
        number,
        asked.kind,
        asked.member_id,
        asked.plan.code if asked.plan else None,
        draft.state,
        draft.stage,
        Money(draft.total_minor, currency),
        None if draft.stage is None else due_on,
        draft.missing,
    )


def _order_row(
    filed: OrderFiled, draft: Draft, staff_id: int, at: datetime, today: date
) -> tuple[object, ...]:
    asked = draft.filing
    return (
        filed.order_id,
        filed.number,
        filed.kind,
        filed.member_id,
        asked.plan.plan_version_id if asked.plan else None,
        filed.state,
        filed.stage,
        ",".join(filed.missing),
        asked.branch_id,
        asked.channel,
        asked.source,
        asked.external_ref,
        filed.total.minor,
        filed.total.currency,
        at,
        staff_id,
        None if filed.missing else today,
        filed.due_on,
        1,
    )


def _fact(filed: OrderFiled) -> tuple[str, dict[str, Fact]]:
    return filed.number, {
        "member": member_number(filed.member_id),
        "plan": filed.plan,
        "state": filed.state.value,
        "total_minor": filed.total.minor,
    }
