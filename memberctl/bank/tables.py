"""Accounts at banks and channels, their statements and every row of them."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from memberctl.bank.rules import Finding, LineState, Skip, StatementFormat
from memberctl.payment.rules import Method
from memberctl.store.columns import (
    INTEGER,
    State,
    blob,
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
    unique_where,
    utc,
    version,
)


class BankAccount(SQLModel, table=True):
    """An account that statements belong to; the ledger's account is that of its method.

    number -- the organisation's own number of it, as statements name it
    """

    __tablename__ = "bank_account"
    __table_args__ = table_args(
        one_of("method", Method), check("is_outside", "method NOT IN ('cash', 'member_credit')")
    )

    id: int = Field(sa_column=key())
    code: str = Field(sa_column=text(unique=True))
    method: Method = Field(sa_column=state_column(Method))
    number: str | None = Field(default=None, sa_column=text(nullable=True))
    currency: str | None = Field(default=None, sa_column=text(nullable=True))
    opened_at: datetime = Field(sa_column=utc())
    opened_by: int = Field(sa_column=points_to("staff.id", index=False))


class BankImport(SQLModel, table=True):
    """One file that was read. changed -- rows that were there and say something else now."""

    __tablename__ = "bank_import"
    __table_args__ = table_args(
        one_of("format", StatementFormat),
        check("nothing_lost", "read_rows = added + duplicate + skipped"),
        index("ix_bank_import_account_id_sha256", "account_id", "sha256"),
    )

    id: int = Field(sa_column=key())
    account_id: int = Field(sa_column=points_to("bank_account.id", index=False))
    sha256: str = Field(sa_column=text())
    format: StatementFormat = Field(sa_column=state_column(StatementFormat))
    form: str = Field(sa_column=text())
    read_rows: int = Field(sa_column=integer())
    added: int = Field(sa_column=integer())
    duplicate: int = Field(sa_column=integer())
    skipped: int = Field(sa_column=integer())
    changed: int = Field(sa_column=integer())
    differences: int = Field(sa_column=integer())
    imported_at: datetime = Field(sa_column=utc())
    imported_by: int = Field(sa_column=points_to("staff.id", index=False))


class BankBalance(SQLModel, table=True):
    """What one file states of one account in it: its balances and the days between them.

    opening_minor -- before the first row of from_on; closing_minor -- after the last of until_on
    """

    __tablename__ = "bank_balance"
    __table_args__ = table_args(
        check("in_order", "from_on IS NULL OR from_on <= until_on"),
    )

    import_id: int = Field(
        sa_column=Column(INTEGER, ForeignKey("bank_import.id"), primary_key=True)
    )
    place: int = Field(sa_column=key())
    section: bytes = Field(sa_column=blob())
    currency: str = Field(sa_column=text())
    opening_minor: int | None = Field(default=None, sa_column=integer(nullable=True))
    closing_minor: int | None = Field(default=None, sa_column=integer(nullable=True))
    from_on: date | None = Field(default=None, sa_column=day(nullable=True))
    until_on: date | None = Field(default=None, sa_column=day(nullable=True))


class BankLine(SQLModel, table=True):
    """One transaction of an account, whatever files it came in; number BL-000001.

    identity, occurrence -- what makes it itself, and which of equal ones it is (rules M15)
    section    -- 16 bytes that stand for the account's number in its file
    clock      -- the time of day, HH:MM:SS, where its file has one
    entry_id   -- what the books say of it; payment_id -- the payment that it is, if it is one
    details    -- sealed: name, account, text, references and status; null when erased
    """

    __tablename__ = "bank_line"
    __table_args__ = table_args(
        one_of("state", LineState),
        one_of("skip", Skip),
        one_of("finding", Finding),
        unique("account_id", "identity", "occurrence"),
        unique_where("uq_bank_line_payment_id", ("payment_id",), "payment_id IS NOT NULL"),
        unique_where(
            "uq_bank_line_account_id_entry_id", ("account_id", "entry_id"), "entry_id IS NOT NULL"
        ),
        check("counts_up", "occurrence >= 1"),
        check("money_unless_skipped", "state = 'skipped' OR amount_minor <> 0"),
        check("dated_unless_skipped", "state = 'skipped' OR booked_on IS NOT NULL"),
        check("skipped_for_a_reason", "(state = 'skipped') = (skip IS NOT NULL)"),
        check("matched_to_the_books", "(state = 'matched') = (entry_id IS NOT NULL)"),
        check("payment_in_the_books", "payment_id IS NULL OR entry_id IS NOT NULL"),
        check("ignored_for_a_reason", "state <> 'ignored' OR reason IS NOT NULL"),
        index("ix_bank_line_account_id_state", "account_id", "state"),
        index("ix_bank_line_account_id_booked_on", "account_id", "booked_on"),
    )

    id: int = Field(sa_column=key())
    account_id: int = Field(sa_column=points_to("bank_account.id", index=False))
    import_id: int = Field(sa_column=points_to("bank_import.id"))
    identity: bytes = Field(sa_column=blob())
    occurrence: int = Field(sa_column=integer())
    section: bytes = Field(sa_column=blob())
    booked_on: date | None = Field(default=None, sa_column=day(nullable=True))
    clock: str | None = Field(default=None, sa_column=text(nullable=True))
    amount_minor: int = Field(sa_column=integer())
    currency: str = Field(sa_column=text())
    balance_minor: int | None = Field(default=None, sa_column=integer(nullable=True))
    external_id: str | None = Field(default=None, sa_column=text(nullable=True))
    fee: int = Field(default=0, sa_column=integer())
    state: LineState = Field(sa_column=state_column(LineState))
    skip: Skip | None = Field(default=None, sa_column=Column(State(Skip), nullable=True))
    finding: Finding | None = Field(default=None, sa_column=Column(State(Finding), nullable=True))
    payment_id: int | None = Field(
        default=None, sa_column=points_to("payment.id", nullable=True, index=False)
    )
    entry_id: int | None = Field(
        default=None, sa_column=points_to("ledger_entry.id", nullable=True, index=False)
    )
    reason: str | None = Field(default=None, sa_column=text(nullable=True))
    decided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    decided_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    details: bytes | None = Field(default=None, sa_column=blob(nullable=True))
    version: int = Field(default=1, sa_column=version())


class BankReading(SQLModel, table=True):
    """A row as it was read: its place in its file and, sealed, its text; null when erased.

    digest -- of the text, by which a row that reads as before is known
    """

    __tablename__ = "bank_reading"
    __table_args__ = table_args(unique("line_id", "digest"))

    id: int = Field(sa_column=key())
    line_id: int = Field(sa_column=points_to("bank_line.id", index=False))
    import_id: int = Field(sa_column=points_to("bank_import.id"))
    file_line: int = Field(sa_column=integer())
    digest: bytes = Field(sa_column=blob())
    sealed: bytes | None = Field(default=None, sa_column=blob(nullable=True))
