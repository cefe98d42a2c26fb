"""Orders that change a running term: upgrades, which nobody reviews, and transfers."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, count the days that a price is for, and drop stages nobody waits in."""
    op.create_table(
        "order_term",
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("term_id", INTEGER, nullable=False),
        sa.Column("effective_on", Day(), nullable=False),
        sa.Column("receiver_id", INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_term_order_id")),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name=op.f("fk_order_term_term_id")),
        sa.ForeignKeyConstraint(
            ["receiver_id"], ["member.id"], name=op.f("fk_order_term_receiver_id")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_term")),
        sqlite_strict=True,
    )
    for column in ("term_id", "receiver_id"):
        op.create_index(op.f(f"ix_order_term_{column}"), "order_term", [column], unique=False)
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE term ADD COLUMN price_days {number}"
        " CONSTRAINT ck_term_price_days_count CHECK (price_days >= 1)"
    )
    # Such orders could not be filed until now, so none of them waits in a stage.
    op.execute("DELETE FROM review_stage WHERE kind IN ('upgrade', 'downgrade')")
