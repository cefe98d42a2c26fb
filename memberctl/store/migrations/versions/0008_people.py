"""Two numbers of one person are merged, and a person is erased."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Instant
from memberctl.store.migrations.widening import replace_check

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TERM_START = "voided_at IS NULL AND visits IS NULL AND merge_id IS NULL"


def upgrade() -> None:
    """Let members be merged or erased, and terms overlap where a merge brought them together."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    instant = "TEXT" if sqlite else "TIMESTAMP WITH TIME ZONE"
    integer = INTEGER.compile(dialect=op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE member ADD COLUMN merged_into {integer}"
        " CONSTRAINT fk_member_merged_into REFERENCES member (id)"
    )
    op.execute(f"ALTER TABLE member ADD COLUMN erased_at {instant}")
    replace_check(
        "member",
        "reachable",
        "phone IS NOT NULL OR email IS NOT NULL OR merged_into IS NOT NULL OR erased_at IS NOT NULL",
    )
    op.create_table(
        "member_merge",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("survivor_id", INTEGER, nullable=False),
        sa.Column("merged_id", INTEGER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("merged_at", Instant(), nullable=False),
        sa.Column("merged_by", INTEGER, nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("undone_by", INTEGER, nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("survivor_id <> merged_id", name=op.f("ck_member_merge_two_numbers")),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL)"
            " AND (undone_at IS NULL) = (undone_reason IS NULL)",
            name=op.f("ck_member_merge_undone_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["merged_by"], ["staff.id"], name=op.f("fk_member_merge_merged_by")
        ),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["member.id"], name=op.f("fk_member_merge_merged_id")
        ),
        sa.ForeignKeyConstraint(
            ["survivor_id"], ["member.id"], name=op.f("fk_member_merge_survivor_id")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"], ["staff.id"], name=op.f("fk_member_merge_undone_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_merge")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_member_merge_live",
        "member_merge",
        ["merged_id"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    for column in ("merged_id", "survivor_id"):
        op.create_index(op.f(f"ix_member_merge_{column}"), "member_merge", [column], unique=False)
    op.create_table(
        "erasure",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("erased_at", Instant(), nullable=False),
        sa.Column("erased_by", INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["erased_by"], ["staff.id"], name=op.f("fk_erasure_erased_by")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_erasure_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("member_id", name=op.f("uq_erasure_member_id")),
        sqlite_strict=True,
    )
    op.execute(
        f"ALTER TABLE term ADD COLUMN merge_id {integer}"
        " CONSTRAINT fk_term_merge_id REFERENCES member_merge (id)"
    )
    op.drop_index("uq_term_member_product_start", "term")
    op.create_index(
        "uq_term_member_product_start",
        "term",
        ["member_id", "product", "start_on"],
        unique=True,
        sqlite_where=sa.text(TERM_START),
        postgresql_where=sa.text(TERM_START),
    )
