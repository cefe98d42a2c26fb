"""Members are kept out by a hold or an expulsion."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day, Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of holds."""
    op.create_table(
        "member_hold",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_on", Day(), nullable=False),
        sa.Column("until_on", Day(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", INTEGER, nullable=False),
        sa.Column("lifted_at", Instant(), nullable=True),
        sa.Column("lifted_by", INTEGER, nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('hold', 'expulsion')", name=op.f("ck_member_hold_kind_known")),
        sa.CheckConstraint(
            "(kind = 'hold') = (until_on IS NOT NULL)", name=op.f("ck_member_hold_hold_ends")
        ),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_member_hold_not_backwards")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_member_hold_for_a_reason")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)"
            " AND (lifted_at IS NULL) = (lift_reason IS NULL)",
            name=op.f("ck_member_hold_lifted_whole"),
        ),
        sa.ForeignKeyConstraint(["lifted_by"], ["staff.id"], name=op.f("fk_member_hold_lifted_by")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_member_hold_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["staff.id"], name=op.f("fk_member_hold_recorded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_hold")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_member_hold_member_id"), "member_hold", ["member_id"], unique=False)
    op.create_index(
        "uq_member_hold_expelled",
        "member_hold",
        ["member_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'expulsion' AND lifted_at IS NULL"),
        postgresql_where=sa.text("kind = 'expulsion' AND lifted_at IS NULL"),
    )
