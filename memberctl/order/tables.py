"""Orders, their lines, quotes and consents, and whose hands each order went through."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from memberctl.order.rules import OrderKind, OrderState, QuoteState
from memberctl.store.columns import (
    INTEGER,
    check,
    counted,
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
    unique_where,
    utc,
    version,
)


class Order(SQLModel, table=True):
    """One wish of one member, followed from filing to fulfilment.

    plan_version_id -- null for service orders, which have lines of their own instead
    stage    -- the review stage it waits in while submitted or in review, else null
    missing  -- what is missing while it is returned: words joined by commas, else ""
    received_on -- the local date on which the documents were complete: the review clock's start
    due_on   -- the review is due; payment_due_on -- the fee is due
    credited_minor, written_off_minor -- what credit notes and write-offs took off the total,
                which stays what its lines add up to (rules M2)
    ended_because -- as people said it when it ended before its time
    """

    __tablename__ = "orders"
    __table_args__ = table_args(
        unique("source", "external_ref"),
        one_of("kind", OrderKind),
        one_of("state", OrderState),
        check("total_not_negative", "total_minor >= 0"),
        check("credited_minor", "credited_minor BETWEEN 0 AND total_minor"),
        check("written_off_minor", "written_off_minor BETWEEN 0 AND total_minor"),
        check("plan_unless_service", "plan_version_id IS NOT NULL OR kind = 'service'"),
        index("ix_orders_state_stage", "state", "stage"),
    )

    id: int = Field(sa_column=key())
    number: str = Field(sa_column=text(unique=True))
    kind: OrderKind = Field(sa_column=state_column(OrderKind))
    member_id: int = Field(sa_column=points_to("member.id"))
    plan_version_id: int | None = Field(
        default=None, sa_column=points_to("plan_version.id", nullable=True, index=False)
    )
    state: OrderState = Field(sa_column=state_column(OrderState))
    stage: str | None = Field(default=None, sa_column=text(nullable=True))
    missing: str = Field(default="", sa_column=text())
    branch_id: int | None = Field(
        default=None, sa_column=points_to("branch.id", nullable=True, index=False)
    )
    channel: str = Field(sa_column=text())
    source: str | None = Field(default=None, sa_column=text(nullable=True))
    external_ref: str | None = Field(default=None, sa_column=text(nullable=True))
    total_minor: int = Field(sa_column=integer())
    currency: str = Field(sa_column=text())
    filed_at: datetime = Field(sa_column=utc())
    filed_by: int = Field(sa_column=points_to("staff.id", index=False))
    received_on: date | None = Field(default=None, sa_column=day(nullable=True))
    due_on: date | None = Field(default=None, sa_column=day(nullable=True))
    confirmed_on: date | None = Field(default=None, sa_column=day(nullable=True))
    payment_due_on: date | None = Field(default=None, sa_column=day(nullable=True))
    version: int = Field(default=1, sa_column=version())
    credited_minor: int = Field(default=0, sa_column=counted())
    written_off_minor: int = Field(default=0, sa_column=counted())
    ended_because: str | None = Field(default=None, sa_column=text(nullable=True))


class OrderTerm(SQLModel, table=True):
    """The running term that an upgrade or a transfer changes (rules M11).

    effective_on -- the first day of the change, for which the price was made
    receiver_id  -- the member who gets the rest of a transferred term, else null
    """

    __tablename__ = "order_term"
    __table_args__ = table_args()

    order_id: int = Field(sa_column=Column(INTEGER, ForeignKey("orders.id"), primary_key=True))
    term_id: int = Field(sa_column=points_to("term.id"))
    effective_on: date = Field(sa_column=day())
    receiver_id: int | None = Field(default=None, sa_column=points_to("member.id", nullable=True))


class OrderLine(SQLModel, table=True):
    """One thing that is ordered; amount = quantity x unit price, held by the database too."""

    __tablename__ = "order_line"
    __table_args__ = table_args(
        check("quantity_counts", "quantity BETWEEN 1 AND 10000"),
        check("arithmetic", "amount_minor = quantity * unit_minor"),
    )

    order_id: int = Field(sa_column=Column(INTEGER, ForeignKey("orders.id"), primary_key=True))
    line: int = Field(sa_column=key())
    what: str = Field(sa_column=text())
    quantity: int = Field(sa_column=integer())
    unit_minor: int = Field(sa_column=integer())
    amount_minor: int = Field(sa_column=integer())


class Consent(SQLModel, table=True):
    """That the member agreed to one wording of the agreement, with this order (mission S1.2)."""

    __tablename__ = "consent"
    __table_args__ = table_args()

    order_id: int = Field(sa_column=Column(INTEGER, ForeignKey("orders.id"), primary_key=True))
    agreement_version_id: int = Field(
        sa_column=Column(INTEGER, ForeignKey("agreement_version.id"), primary_key=True)
    )
    agreed_on: date = Field(sa_column=day())
    recorded_at: datetime = Field(sa_column=utc())


class Dunning(SQLModel, table=True):
    """That an unpaid order reached a level of asking for its money, each level once (rules M14).

    level -- 1 for the first; reached_on -- the local date of the run that asked
    """

    __tablename__ = "dunning"
    __table_args__ = table_args(unique("order_id", "level"), check("counts_up", "level >= 1"))

    id: int = Field(sa_column=key())
    order_id: int = Field(sa_column=points_to("orders.id", index=False))
    level: int = Field(sa_column=integer())
    reached_on: date = Field(sa_column=day())


class OrderHand(SQLModel, table=True):
    """Somebody whose hands the order went through: its maker or a stage's approver (rules O2).

    The partial unique key is the database's half of four eyes: nobody twice on one order.
    part -- "filing" or the stage; released_at -- set when the approval fell back and is void
    """

    __tablename__ = "order_hand"
    __table_args__ = table_args(
        unique_where("uq_order_hand_live", ("order_id", "staff_id"), "released_at IS NULL"),
        unique_where("uq_order_hand_part", ("order_id", "part"), "released_at IS NULL"),
    )

    id: int = Field(sa_column=key())
    order_id: int = Field(sa_column=points_to("orders.id"))
    staff_id: int = Field(sa_column=points_to("staff.id", index=False))
    part: str = Field(sa_column=text())
    at: datetime = Field(sa_column=utc())
    released_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))


class Quote(SQLModel, table=True):
    """One version of what the member is offered, its price frozen with the plan's version.

    content_sha256 -- what approvals are bound to: member, plan version, price (rules O3)
    valid_until    -- inclusive
    """

    __tablename__ = "quote"
    __table_args__ = table_args(
        unique("order_id", "version"),
        unique_where("uq_quote_open", ("order_id",), "state IN ('sent', 'accepted')"),
        one_of("state", QuoteState),
        check("total_not_negative", "total_minor >= 0"),
    )

    id: int = Field(sa_column=key())
    order_id: int = Field(sa_column=points_to("orders.id", index=False))
    version: int = Field(sa_column=integer())
    plan_version_id: int | None = Field(
        default=None, sa_column=points_to("plan_version.id", nullable=True, index=False)
    )
    tier_version_id: int = Field(sa_column=points_to("tier_version.id", index=False))
    state: QuoteState = Field(sa_column=state_column(QuoteState))
    total_minor: int = Field(sa_column=integer())
    currency: str = Field(sa_column=text())
    content_sha256: str = Field(sa_column=text())
    valid_until: date = Field(sa_column=day())
    made_at: datetime = Field(sa_column=utc())
    made_by: int = Field(sa_column=points_to("staff.id", index=False))
    accepted_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))


class QuoteLine(SQLModel, table=True):
    """One line of a quote."""

    __tablename__ = "quote_line"
    __table_args__ = table_args(check("arithmetic", "amount_minor = quantity * unit_minor"))

    quote_id: int = Field(sa_column=Column(INTEGER, ForeignKey("quote.id"), primary_key=True))
    line: int = Field(sa_column=key())
    what: str = Field(sa_column=text())
    quantity: int = Field(sa_column=integer())
    unit_minor: int = Field(sa_column=integer())
    amount_minor: int = Field(sa_column=integer())
