"""What is asked to be done with members' credit."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from memberctl.payment.credit_rules import RequestKind, RequestState
from memberctl.payment.rules import Method
from memberctl.store.columns import (
    check,
    integer,
    key,
    one_of,
    points_to,
    state_column,
    table_args,
    text,
    utc,
    version,
)


class CreditRequest(SQLModel, table=True):
    """A payout of credit, or the giving up of a stale one; number CP-000001 (rules M4, M14).

    From the request on the amount is no longer the member's to use: `entry_id` set it aside.
    settled_entry_id -- the entry by which it was paid, earned, or given back
    """

    __tablename__ = "credit_request"
    __table_args__ = table_args(
        one_of("kind", RequestKind),
        one_of("state", RequestState),
        one_of("method", Method),
        check("something", "amount_minor > 0"),
        check("paid_out_somehow", "(kind = 'payout') = (method IS NOT NULL)"),
        check("four_eyes", "decided_by IS NULL OR decided_by <> requested_by"),
        check("paid_by_another", "paid_by IS NULL OR paid_by <> decided_by"),
        check("decided", "(state = 'requested') = (decided_by IS NULL)"),
        check("paid", "(state = 'paid') = (paid_by IS NOT NULL)"),
    )

    id: int = Field(sa_column=key())
    member_id: int = Field(sa_column=points_to("member.id"))
    kind: RequestKind = Field(sa_column=state_column(RequestKind))
    amount_minor: int = Field(sa_column=integer())
    currency: str = Field(sa_column=text())
    method: Method | None = Field(default=None, sa_column=state_column(Method, nullable=True))
    state: RequestState = Field(sa_column=state_column(RequestState))
    reason: str = Field(sa_column=text())
    requested_at: datetime = Field(sa_column=utc())
    requested_by: int = Field(sa_column=points_to("staff.id", index=False))
    entry_id: int = Field(sa_column=points_to("ledger_entry.id", index=False))
    decided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    decided_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    decision: str | None = Field(default=None, sa_column=text(nullable=True))
    paid_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    paid_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    settled_entry_id: int | None = Field(
        default=None, sa_column=points_to("ledger_entry.id", nullable=True, index=False)
    )
    version: int = Field(default=1, sa_column=version())
