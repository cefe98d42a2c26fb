"""Whether a member owes money that is overdue. Source: rules C4, M14."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import col

from memberctl.ledger.rules import Account
from memberctl.ledger.tables import Posting
from memberctl.member.scope import every_branch
from memberctl.order.tables import Order

if TYPE_CHECKING:
    from sqlmodel import Session


def owes_overdue(session: Session, member_id: int, today: date) -> bool:
    """Return whether an order of the member was to be paid before `today` and is still owed.

    The ledger says what is owed, so an order whose payment the bank took back counts as well.
    """
    owed = (
        select(func.sum(col(Posting.amount_minor)))
        .where(
            col(Posting.account) == Account.RECEIVABLE.value,
            col(Posting.party) == col(Order.number),
        )
        .scalar_subquery()
    )
    statement = (
        select(col(Order.id))
        .where(col(Order.member_id) == member_id, col(Order.payment_due_on) < today, owed > 0)
        .limit(1)
    )
    return session.execute(every_branch(statement)).first() is not None
