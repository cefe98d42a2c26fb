"""Refunds, to which payments they go back, and whose hands they went through."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from memberctl.payment.rules import Method
from memberctl.refund.amounts import Basis, Counted
from memberctl.refund.rules import HandPart, RefundState
from memberctl.store.columns import (
    INTEGER,
    State,
    check,
    day,
    index,
    integer,
    key,
    one_of,
    points_to,
    state_column,
    table_args,
    text,
    unique,
    utc,
    version,
)


class Refund(SQLModel, table=True):
    """Money on its way back to a member; number RF-0007.

    basis, used, whole, counted, fee_minor, gifts_minor -- how due_minor came about; the use of a
                    term is counted in days or visits, and null without a term
    due_minor    -- what the rules give; amount_minor -- what goes back
    effective_on -- the last day of the term then (rules M10); due_on -- the last day to pay
    reason, decision_reason, stopped_because -- as people said them; the last one why it was
                    withdrawn or why its payout failed
    entry_id     -- the entry in the books while it is paid
    """

    __tablename__ = "refund"
    __table_args__ = table_args(
        one_of("state", RefundState),
        one_of("basis", Basis),
        one_of("counted", Counted),
        check("something", "amount_minor > 0"),
        check("not_negative", "fee_minor >= 0 AND gifts_minor >= 0 AND due_minor >= 0"),
        check(
            "usage_fits",
            "(used IS NULL) = (whole IS NULL) AND (used IS NULL) = (counted IS NULL) "
            "AND (used IS NULL OR used BETWEEN 0 AND whole)",
        ),
        check("booked_while_paid", "(state = 'paid') = (entry_id IS NOT NULL)"),
        check("paid_once_paid", "(state IN ('paid', 'failed')) = (paid_at IS NOT NULL)"),
        check(
            "decided_once_decided",
            "state = 'withdrawn' OR (state = 'requested') = (decided_at IS NULL)",
        ),
        unique("entry_id"),
        index("ix_refund_state", "state"),
    )

    id: int = Field(sa_column=key())
    order_id: int = Field(sa_column=points_to("orders.id"))
    state: RefundState = Field(sa_column=state_column(RefundState))
    basis: Basis = Field(sa_column=state_column(Basis))
    amount_minor: int = Field(sa_column=integer())
    due_minor: int = Field(sa_column=integer())
    fee_minor: int = Field(sa_column=integer())
    gifts_minor: int = Field(sa_column=integer())
    currency: str = Field(sa_column=text())
    used: int | None = Field(default=None, sa_column=integer(nullable=True))
    whole: int | None = Field(default=None, sa_column=integer(nullable=True))
    counted: Counted | None = Field(default=None, sa_column=Column(State(Counted), nullable=True))
    effective_on: date = Field(sa_column=day())
    due_on: date = Field(sa_column=day())
    reason: str = Field(sa_column=text())
    requested_at: datetime = Field(sa_column=utc())
    decided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    decision_reason: str = Field(default="", sa_column=text())
    paid_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    reference: str | None = Field(default=None, sa_column=text(nullable=True))
    stopped_because: str = Field(default="", sa_column=text())
    entry_id: int | None = Field(
        default=None, sa_column=points_to("ledger_entry.id", nullable=True, index=False)
    )
    version: int = Field(default=1, sa_column=version())


class RefundPart(SQLModel, table=True):
    """What goes back to one payment (rules M8). method -- how: the payment's, unless that failed"""

    __tablename__ = "refund_part"
    __table_args__ = table_args(
        one_of("method", Method),
        check("something", "amount_minor > 0"),
        index("ix_refund_part_payment_id", "payment_id"),
    )

    refund_id: int = Field(sa_column=Column(INTEGER, ForeignKey("refund.id"), primary_key=True))
    payment_id: int = Field(sa_column=Column(INTEGER, ForeignKey("payment.id"), primary_key=True))
    amount_minor: int = Field(sa_column=integer())
    method: Method = Field(sa_column=state_column(Method))


class RefundHand(SQLModel, table=True):
    """Who answers for one part of a refund.

    The two keys are the database's half of four eyes: one person for each part, and nobody has
    two of them (rules M9). acted_by -- who was at work; another one in an emergency override
    """

    __tablename__ = "refund_hand"
    __table_args__ = table_args(
        unique("refund_id", "part"), unique("refund_id", "staff_id"), one_of("part", HandPart)
    )

    id: int = Field(sa_column=key())
    refund_id: int = Field(sa_column=points_to("refund.id", index=False))
    part: HandPart = Field(sa_column=state_column(HandPart))
    staff_id: int = Field(sa_column=points_to("staff.id", index=False))
    acted_by: int = Field(sa_column=points_to("staff.id", index=False))
    at: datetime = Field(sa_column=utc())
