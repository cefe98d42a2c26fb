"""Bank accounts, their statements and every row of them."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day, Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of statements; nothing that is there changes."""
    _make_bank_account()
    _make_bank_import()
    _make_bank_balance()
    _make_bank_line()
    _make_bank_reading()


def _make_bank_account() -> None:
    op.create_table(
        "bank_account",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("opened_by", INTEGER, nullable=False),
        sa.CheckConstraint(
            "method IN ('cash', 'bank', 'wechat', 'alipay', 'card', 'cheque', 'online', 'member_credit')",
            name=op.f("ck_bank_account_method_known"),
        ),
        sa.CheckConstraint(
            "method NOT IN ('cash', 'member_credit')", name=op.f("ck_bank_account_is_outside")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["staff.id"], name=op.f("fk_bank_account_opened_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_account")),
        sa.UniqueConstraint("code", name=op.f("uq_bank_account_code")),
        sqlite_strict=True,
    )


def _make_bank_import() -> None:
    op.create_table(
        "bank_import",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("account_id", INTEGER, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("read_rows", INTEGER, nullable=False),
        sa.Column("added", INTEGER, nullable=False),
        sa.Column("duplicate", INTEGER, nullable=False),
        sa.Column("skipped", INTEGER, nullable=False),
        sa.Column("changed", INTEGER, nullable=False),
        sa.Column("differences", INTEGER, nullable=False),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.Column("imported_by", INTEGER, nullable=False),
        sa.CheckConstraint(
            "format IN ('alipay', 'wechat', 'icbc', 'mt940', 'camt053', 'csv')",
            name=op.f("ck_bank_import_format_known"),
        ),
        sa.CheckConstraint(
            "read_rows = added + duplicate + skipped", name=op.f("ck_bank_import_nothing_lost")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["bank_account.id"], name=op.f("fk_bank_import_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["staff.id"], name=op.f("fk_bank_import_imported_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_import")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_bank_import_account_id_sha256", "bank_import", ["account_id", "sha256"], unique=False
    )


def _make_bank_balance() -> None:
    op.create_table(
        "bank_balance",
        sa.Column("import_id", INTEGER, nullable=False),
        sa.Column("place", INTEGER, autoincrement=False, nullable=False),
        sa.Column("section", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("opening_minor", INTEGER, nullable=True),
        sa.Column("closing_minor", INTEGER, nullable=True),
        sa.Column("from_on", Day(), nullable=True),
        sa.Column("until_on", Day(), nullable=True),
        sa.CheckConstraint(
            "from_on IS NULL OR from_on <= until_on", name=op.f("ck_bank_balance_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["bank_import.id"], name=op.f("fk_bank_balance_import_id")
        ),
        sa.PrimaryKeyConstraint("import_id", "place", name=op.f("pk_bank_balance")),
        sqlite_strict=True,
    )


def _make_bank_line() -> None:
    op.create_table(
        "bank_line",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("account_id", INTEGER, nullable=False),
        sa.Column("import_id", INTEGER, nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("occurrence", INTEGER, nullable=False),
        sa.Column("section", sa.LargeBinary(), nullable=False),
        sa.Column("booked_on", Day(), nullable=True),
        sa.Column("clock", sa.Text(), nullable=True),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance_minor", INTEGER, nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("fee", INTEGER, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("skip", sa.Text(), nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("payment_id", INTEGER, nullable=True),
        sa.Column("entry_id", INTEGER, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", INTEGER, nullable=True),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'matched') = (entry_id IS NOT NULL)",
            name=op.f("ck_bank_line_matched_to_the_books"),
        ),
        sa.CheckConstraint(
            "(state = 'skipped') = (skip IS NOT NULL)",
            name=op.f("ck_bank_line_skipped_for_a_reason"),
        ),
        sa.CheckConstraint(
            "finding IN ('matched', 'amount_differs', 'unknown_reference', 'duplicate', 'ambiguous', 'missing_in_books')",
            name=op.f("ck_bank_line_finding_known"),
        ),
        sa.CheckConstraint(
            "skip IN ('closed', 'pending', 'neutral', 'zero', 'other_currency', 'other_account', 'unreadable')",
            name=op.f("ck_bank_line_skip_known"),
        ),
        sa.CheckConstraint(
            "state <> 'ignored' OR reason IS NOT NULL",
            name=op.f("ck_bank_line_ignored_for_a_reason"),
        ),
        sa.CheckConstraint(
            "state = 'skipped' OR amount_minor <> 0", name=op.f("ck_bank_line_money_unless_skipped")
        ),
        sa.CheckConstraint(
            "state = 'skipped' OR booked_on IS NOT NULL",
            name=op.f("ck_bank_line_dated_unless_skipped"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'matched', 'ignored', 'skipped')",
            name=op.f("ck_bank_line_state_known"),
        ),
        sa.CheckConstraint("occurrence >= 1", name=op.f("ck_bank_line_counts_up")),
        sa.CheckConstraint(
            "payment_id IS NULL OR entry_id IS NOT NULL",
            name=op.f("ck_bank_line_payment_in_the_books"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["bank_account.id"], name=op.f("fk_bank_line_account_id")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_bank_line_decided_by")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_bank_line_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["bank_import.id"], name=op.f("fk_bank_line_import_id")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_bank_line_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_line")),
        sa.UniqueConstraint(
            "account_id",
            "identity",
            "occurrence",
            name=op.f("uq_bank_line_account_id_identity_occurrence"),
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_bank_line_account_id_booked_on", "bank_line", ["account_id", "booked_on"], unique=False
    )
    op.create_index(
        "ix_bank_line_account_id_state", "bank_line", ["account_id", "state"], unique=False
    )
    op.create_index(op.f("ix_bank_line_import_id"), "bank_line", ["import_id"], unique=False)
    _unique_where_known("entry_id")
    _unique_where_known("payment_id")


def _make_bank_reading() -> None:
    op.create_table(
        "bank_reading",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("line_id", INTEGER, nullable=False),
        sa.Column("import_id", INTEGER, nullable=False),
        sa.Column("file_line", INTEGER, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["bank_import.id"], name=op.f("fk_bank_reading_import_id")
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["bank_line.id"], name=op.f("fk_bank_reading_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_reading")),
        sa.UniqueConstraint("line_id", "digest", name=op.f("uq_bank_reading_line_id_digest")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_bank_reading_import_id"), "bank_reading", ["import_id"], unique=False)


def _unique_where_known(column: str) -> None:
    """Let no two lines be one thing in the books."""
    known = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"uq_bank_line_{column}", "bank_line", [column],
        unique=True, sqlite_where=known, postgresql_where=known,
    )  # fmt: skip
