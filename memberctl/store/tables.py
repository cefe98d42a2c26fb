"""The rows that the store keeps for itself: identity, counters, repeats, the audit log."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from memberctl.store.columns import blob, check, integer, key, table_args, text, text_key, utc

APPLICATION = "memberctl"


class StoreInfo(SQLModel, table=True):
    """One row that says whose store this is and which key file belongs to it."""

    __tablename__ = "store_info"
    __table_args__ = table_args(
        check("one_row", "id = 1"), check("ours", f"application = '{APPLICATION}'")
    )

    id: int = Field(sa_column=key())
    application: str = Field(default=APPLICATION, sa_column=text())
    store_id: str = Field(sa_column=text())
    key_check: str = Field(sa_column=text())
    created_at: datetime = Field(sa_column=utc())


class Counter(SQLModel, table=True):
    """The last number given in one series."""

    __tablename__ = "counter"
    __table_args__ = table_args(check("counts_up", "value >= 0"))

    name: str = Field(sa_column=text_key())
    value: int = Field(sa_column=integer())


class Repeat(SQLModel, table=True):
    """A command that was done under an idempotency key, and what it answered (rules M5)."""

    __tablename__ = "repeat"
    __table_args__ = table_args()

    actor: str = Field(sa_column=text_key())
    command: str = Field(sa_column=text_key())
    key: str = Field(sa_column=text_key())
    args_sha256: str = Field(sa_column=text())
    at: datetime = Field(sa_column=utc())
    result: str | None = Field(default=None, sa_column=text(nullable=True))


class AuditRow(SQLModel, table=True):
    """One link of the chain: who did what to which object (rules G1).

    account  -- the account of the system or the database; "" in links older than schema 0006
    login, staff -- who was at the keyboard, and in whose name; the same unless `--as` was given
    facts    -- canonical JSON of numbers, states and amounts, never of personal data
    prev/mac -- the chain: mac = HMAC-SHA256 over this row's canonical form and prev
    """

    __tablename__ = "audit"
    __table_args__ = table_args(check("counts_up", "seq >= 1"))

    seq: int = Field(sa_column=key())
    at: datetime = Field(sa_column=utc())
    login: str = Field(sa_column=text())
    staff: str = Field(sa_column=text())
    command: str = Field(sa_column=text())
    event: str = Field(sa_column=text())
    object: str = Field(sa_column=text(index=True))
    facts: str = Field(sa_column=text())
    prev: bytes = Field(sa_column=blob())
    mac: bytes = Field(sa_column=blob())
    account: str = Field(default="", sa_column=text(default=""))


class Checksum(SQLModel, table=True):
    """The checksums of 64 rows as they were written, on SQLite (reliability.md R15).

    part -- their table; block -- their rowid // 64; sums -- 4 bytes each, zeros where is no row
    """

    __tablename__ = "checksum"
    __table_args__ = (
        check("whole_block", "length(sums) = 256"),
        {"sqlite_strict": True, "sqlite_with_rowid": False},
    )

    part: str = Field(sa_column=text_key())
    block: int = Field(sa_column=key())
    sums: bytes = Field(sa_column=blob())
