"""What happens to terms after they were granted: frozen, resumed, moved, ended, restored."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day, Instant
from memberctl.store.migrations.append_only import forbid_changes

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; it takes no change but new rows."""
    op.create_table(
        "term_change",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("term_id", INTEGER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_on", Day(), nullable=True),
        sa.Column("until_on", Day(), nullable=True),
        sa.Column("start_before", Day(), nullable=False),
        sa.Column("start_after", Day(), nullable=False),
        sa.Column("end_before", Day(), nullable=False),
        sa.Column("end_after", Day(), nullable=False),
        sa.Column("follows", INTEGER, nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", INTEGER, nullable=False),
        sa.CheckConstraint(
            "kind IN ('frozen', 'resumed', 'moved', 'cancelled', 'refunded', 'transferred', "
            "'switched', 'restored')",
            name=op.f("ck_term_change_kind_known"),
        ),
        sa.CheckConstraint(
            "end_before >= start_before AND end_after >= start_after",
            name=op.f("ck_term_change_not_backwards"),
        ),
        sa.CheckConstraint(
            "(from_on IS NULL) = (until_on IS NULL) AND from_on <= until_on",
            name=op.f("ck_term_change_stretch_whole"),
        ),
        sa.CheckConstraint(
            "(kind = 'frozen' AND from_on IS NOT NULL) OR kind = 'resumed' OR "
            "(kind <> 'frozen' AND from_on IS NULL)",
            name=op.f("ck_term_change_stretch_of_freeze"),
        ),
        sa.CheckConstraint(
            "(kind IN ('resumed', 'moved', 'restored')) = (follows IS NOT NULL)",
            name=op.f("ck_term_change_follows_something"),
        ),
        sa.ForeignKeyConstraint(
            ["follows"], ["term_change.id"], name=op.f("fk_term_change_follows")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["staff.id"], name=op.f("fk_term_change_recorded_by")
        ),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name=op.f("fk_term_change_term_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_change")),
        sqlite_strict=True,
    )
    op.create_index("ix_term_change_source", "term_change", ["source"], unique=False)
    op.create_index(op.f("ix_term_change_term_id"), "term_change", ["term_id"], unique=False)
    op.create_index(
        "uq_term_change_taken_back",
        "term_change",
        ["follows"],
        unique=True,
        sqlite_where=sa.text("kind IN ('resumed', 'restored')"),
        postgresql_where=sa.text("kind IN ('resumed', 'restored')"),
    )
    forbid_changes("term_change")
