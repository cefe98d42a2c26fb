"""The journal: entries and their postings, append-only."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, Text
from sqlmodel import Field, SQLModel

from memberctl.ledger.rules import AccountKind
from memberctl.store.columns import (
    INTEGER,
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
    text_key,
    utc,
)


class LedgerAccount(SQLModel, table=True):
    """An account that postings may name."""

    __tablename__ = "account"
    __table_args__ = table_args(one_of("kind", AccountKind))

    code: str = Field(sa_column=text_key())
    kind: AccountKind = Field(sa_column=state_column(AccountKind))


class LedgerEntry(SQLModel, table=True):
    """One event in money.

    value_on  -- its date in the books
    about     -- the number of what it is about: an order, a member, a till close
    branch_id -- where money was handed over; null for the whole organisation
    """

    __tablename__ = "ledger_entry"
    __table_args__ = table_args(index("ix_ledger_entry_about", "about"))

    id: int = Field(sa_column=key())
    at: datetime = Field(sa_column=utc())
    value_on: date = Field(sa_column=day())
    event: str = Field(sa_column=text())
    about: str = Field(sa_column=text())
    reverses: int | None = Field(
        default=None, sa_column=Column(INTEGER, ForeignKey("ledger_entry.id"), unique=True)
    )
    branch_id: int | None = Field(
        default=None, sa_column=points_to("branch.id", nullable=True, index=False)
    )


class Posting(SQLModel, table=True):
    """One line of an entry. party -- an order's or a member's number, see ledger.rules.Line.

    Orders and members stand above the ledger in the house, so `party` is no foreign key.
    """

    __tablename__ = "posting"
    __table_args__ = table_args(
        check("moves_something", "amount_minor <> 0"),
        # All that is summed stands in it, so that no sum has to look up millions of rows.
        index(
            "ix_posting_account_party", "account", "party", "currency", "amount_minor", "entry_id"
        ),
    )

    entry_id: int = Field(
        sa_column=Column(INTEGER, ForeignKey("ledger_entry.id"), primary_key=True)
    )
    line: int = Field(sa_column=key())
    account: str = Field(sa_column=Column(Text(), ForeignKey("account.code"), nullable=False))
    party: str | None = Field(default=None, sa_column=text(nullable=True))
    amount_minor: int = Field(sa_column=integer())
    currency: str = Field(sa_column=text())
