"""A till on which nothing moved is closed like any other, day after day."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day, Instant
from memberctl.store.migrations.append_only import forbid_changes

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COPY = """
    INSERT INTO till_close (id, branch_id, method, closed_on, after_entry, until_entry,
        expected_minor, counted_minor, currency, remark, closed_at, closed_by, entry_id)
    SELECT id, branch_id, method, closed_on, after_entry, until_entry,
        expected_minor, counted_minor, currency, remark, closed_at, closed_by, entry_id
    FROM till_close_before
"""


def upgrade() -> None:
    """Let two closes begin after the same entry: no entry came between them."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint("uq_till_close_branch_id_method_after_entry", "till_close")
        return
    # SQLite takes no constraint off a table; nothing points to this one, so it is made anew.
    op.rename_table("till_close", "till_close_before")
    _create()
    op.execute(COPY)
    op.drop_table("till_close_before")
    forbid_changes("till_close")


def _create() -> None:
    op.create_table(
        "till_close",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("branch_id", INTEGER, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("closed_on", Day(), nullable=False),
        sa.Column("after_entry", INTEGER, nullable=False),
        sa.Column("until_entry", INTEGER, nullable=False),
        sa.Column("expected_minor", INTEGER, nullable=False),
        sa.Column("counted_minor", INTEGER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=False),
        sa.Column("closed_by", INTEGER, nullable=False),
        sa.Column("entry_id", INTEGER, nullable=True),
        sa.CheckConstraint(
            "method IN ('cash', 'bank', 'wechat', 'alipay', 'card', 'cheque', 'online',"
            " 'member_credit')",
            name=op.f("ck_till_close_method_known"),
        ),
        sa.CheckConstraint(
            "(counted_minor = expected_minor) = (entry_id IS NULL)",
            name=op.f("ck_till_close_difference_booked"),
        ),
        sa.CheckConstraint(
            "after_entry >= 0 AND until_entry >= after_entry", name=op.f("ck_till_close_onwards")
        ),
        sa.ForeignKeyConstraint(["closed_by"], ["staff.id"], name=op.f("fk_till_close_closed_by")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_till_close_entry_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till_close")),
        sa.UniqueConstraint(
            "branch_id",
            "method",
            "closed_on",
            name=op.f("uq_till_close_branch_id_method_closed_on"),
        ),
        sqlite_strict=True,
    )
