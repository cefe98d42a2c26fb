"""A till is closed: what was counted against what the books expect in it.

A close holds the entries up to a number, and entries only ever get higher numbers: what is
entered later for a closed day, whatever its value date, belongs to the next close.
Source: rules M16.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.money import Money, parse_amount
from memberctl.core.numbering import serial_number
from memberctl.core.text import clean_text
from memberctl.ledger.operations import post_entry
from memberctl.ledger.rules import Account, Line
from memberctl.office.queries import policy
from memberctl.payment import till_queries, till_rules
from memberctl.payment.rules import Method
from memberctl.payment.till_rules import TillClosed, TillCounted
from memberctl.payment.till_tables import TillClose
from memberctl.store.audit import note
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


TOLERANCE = "till_tolerance"
"""The policy that says up to which difference nobody is asked."""


def count_till(
    session: Session,
    branch_id: int,
    method: Method,
    *,
    counted_minor: int,
    by: Actor,
    today: date,
    currency: str,
) -> TillCounted | None:
    """Return what closing a till would come to, None where it cannot be closed today any more.

    Raises NotPermitted for another branch's till.
    """
    till_rules.refuse_other_branch(by.staff, by.branch_id, branch_id)
    last = till_queries.last_close(session, branch_id, till_rules.till_method(method))
    if last is not None and last.closed_on >= today:
        return None
    after = 0 if last is None else last.until_entry
    expected = till_queries.since(session, branch_id, method, after).minor
    return _counted(session, expected, counted_minor, currency)


def _counted(session: Session, expected: int, counted: int, currency: str) -> TillCounted:
    decided = policy(session, TOLERANCE)
    tolerance = parse_amount(decided, currency, what=TOLERANCE, zero_ok=True)
    return TillCounted(
        Money(expected, currency),
        Money(counted, currency),
        till_rules.must_ask(expected, counted, tolerance),
    )


def close_till(
    session: Session,
    branch_id: int,
    method: Method,
    *,
    counted_minor: int,
    remark: str = "",
    seen: TillCounted | None = None,
    by: Actor,
    at: datetime,
    today: date,
    currency: str,
) -> TillClosed:
    """Close a branch's till for one method, and book what is over or short.

    branch_id -- 0 for what no branch took; counted_minor -- takings since the last close, without
                 the float
    seen      -- what a person agreed to, None where nobody has to
    Raises Conflict when it is closed for today and when its difference is no longer the one that
    was seen, NotPermitted for another branch's till.
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
    till_rules.refuse_moved(seen, _counted(session, found.minor, counted_minor, currency))
    close_id = take_one(session, "till_close")
    number = serial_number(till_rules.PREFIX, close_id)
    difference = counted_minor - found.minor
    entry_id = _book(session, number, method, difference, currency, today, at, branch_id)
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


def _book(
    session: Session,
    number: str,
    method: Method,
    difference: int,
    currency: str,
    today: date,
    at: datetime,
    branch_id: int,
) -> int | None:
    """Book what is over or short, and return its entry; None where nothing is."""
    if not difference:
        return None
    return post_entry(
        session, "till.counted", number,
        (Line(Account(method.value), difference), Line(Account.TILL_DIFFERENCE, -difference)),
        currency=currency, value_on=today, at=at, branch_id=branch_id or None,
    )  # fmt: skip
