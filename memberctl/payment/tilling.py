"""A till is closed: what was counted against what the books expect in it.

A close holds the entries up to a number, and entries only ever get higher numbers: what is
entered later for a closed day, whatever its value date, belongs to the next close.
Source: rules M16.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.money import Money
from memberctl.core.numbering import serial_number
from memberctl.core.text import clean_text
from memberctl.ledger.operations import post_entry
from memberctl.ledger.rules import Account, Line
from memberctl.payment import till_queries, till_rules
from memberctl.payment.rules import Method
from memberctl.payment.till_rules import TillClosed
from memberctl.payment.till_tables import TillClose
from memberctl.store.audit import note
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


def close_till(
    session: Session,
    branch_id: int,
    method: Method,
    *,
    counted_minor: int,
    remark: str = "",
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> TillClosed:
    """Close a branch's till for one method, and book what is over or short.

    branch_id -- 0 for what no branch took; counted_minor -- takings since the last close, without
                 the float
    Raises Conflict when it is closed for today, NotPermitted for another branch's till.
    Source: rules M16.
    """
    till_rules.refuse_other_branch(by.staff, by.branch_id, branch_id)
    till_rules.till_method(method)
    said = clean_text(remark, what="remark", field="remark") if remark else ""
    last = till_queries.last_close(session, branch_id, method)
    if last is not None:
        till_rules.refuse_closed(till_queries.number(last.id), last.closed_on, today)
    after = 0 if last is None else last.until_entry
    found = till_queries.since(session, branch_id, method, after)
    close_id = take_one(session, "till_close")
    number = serial_number(till_rules.PREFIX, close_id)
    difference = counted_minor - found.minor
    entry_id = None
    if difference:
        entry_id = post_entry(
            session, "till.counted", number,
            (Line(Account(method.value), difference), Line(Account.TILL_DIFFERENCE, -difference)),
            currency=currency, value_on=today, at=at, branch_id=branch_id or None,
        )  # fmt: skip
    close = TillClose(
        id=close_id,
        branch_id=branch_id,
        method=method,
        closed_on=today,
        after_entry=after,
        until_entry=entry_id or found.newest,
        expected_minor=found.minor,
        counted_minor=counted_minor,
        currency=currency,
        remark=said,
        closed_at=at,
        closed_by=by.staff_id,
        entry_id=entry_id,
    )
    session.add(close)
    session.flush()
    note(
        session, "till.closed", number, by=by, at=at, method=method.value,
        expected=found.minor, counted=counted_minor, difference=difference,
    )  # fmt: skip
    return TillClosed(
        number=number,
        branch=till_queries.branch_code(session, branch_id),
        method=method,
        closed_on=today,
        entries=found.entries,
        expected=Money(found.minor, currency),
        counted=Money(counted_minor, currency),
        difference=Money(difference, currency),
    )
