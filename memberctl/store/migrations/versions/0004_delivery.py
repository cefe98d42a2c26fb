"""Messages are delivered: states with a lease, opt-outs, own wordings, levels of dunning."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day, Instant
from memberctl.store.migrations.widening import widen

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = "state IN ('queued', 'sending', 'retry')"


def upgrade() -> None:
    """Let the outbox hold how far each message has come, and say what members do not want."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    instant = "TEXT" if sqlite else "TIMESTAMP WITH TIME ZONE"
    counter = "INTEGER" if sqlite else "BIGINT"
    widen("outbox", "state", ["sending", "retry", "unknown"])
    widen("outbox", "channel", ["call"])
    widen("outbox", "purpose", ["renewal_reminder", "win_back", "payment_reminder"])
    for column in (
        f"attempts {counter} DEFAULT '0' NOT NULL CONSTRAINT ck_outbox_attempts_count CHECK (attempts >= 0)",
        f"due_at {instant}",
        "holder TEXT CONSTRAINT ck_outbox_held_while_sending CHECK ((state = 'sending') = (holder IS NOT NULL))",
        f"leased_until {instant} CONSTRAINT ck_outbox_leased_while_held CHECK ((holder IS NULL) = (leased_until IS NULL))",
        f"sent_at {instant} CONSTRAINT ck_outbox_sent_when_sent CHECK ((state = 'sent') = (sent_at IS NOT NULL))",
        "reason TEXT DEFAULT '' NOT NULL",
    ):
        op.execute(f"ALTER TABLE outbox ADD COLUMN {column}")
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["id"],
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )
    op.create_table(
        "opt_out",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "category IN ('marketing', 'reminders', 'everything')",
            name=op.f("ck_opt_out_category_known"),
        ),
        sa.CheckConstraint(
            "because IN ('asked', 'complaint', 'deceased')", name=op.f("ck_opt_out_because_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_opt_out_live",
        "opt_out",
        ["member_id", "category"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "own_wording",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_own_wording_language_known")),
        sa.PrimaryKeyConstraint("purpose", "language", name=op.f("pk_own_wording")),
        sqlite_strict=True,
    )
    op.create_table(
        "dunning",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("level", INTEGER, nullable=False),
        sa.Column("reached_on", Day(), nullable=False),
        sa.CheckConstraint("level >= 1", name=op.f("ck_dunning_counts_up")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_dunning_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning")),
        sa.UniqueConstraint("order_id", "level", name=op.f("uq_dunning_order_id_level")),
        sqlite_strict=True,
    )
