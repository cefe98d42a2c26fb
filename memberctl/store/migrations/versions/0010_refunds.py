"""Refunds: what goes back to which payment, and whose hands it went through."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day, Instant
from memberctl.store.migrations.widening import widen

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

METHODS = "'cash', 'bank', 'wechat', 'alipay', 'card', 'cheque', 'online', 'member_credit'"


def upgrade() -> None:
    """Create the tables; every payment that is there has no refund yet."""
    _payments()
    _refunds()
    _parts()
    _hands()
    notices = ("refund_approved", "refund_rejected", "refund_paid", "term_cancelled")
    widen("outbox", "purpose", notices)


def _payments() -> None:
    """Add the two columns by hand: batch mode would lose STRICT and the names."""
    whole = INTEGER.compile(dialect=op.get_bind().dialect)
    op.execute(f"ALTER TABLE payment ADD COLUMN claimed_minor {whole} NOT NULL DEFAULT 0")
    op.execute(
        f"ALTER TABLE payment ADD COLUMN refunded_minor {whole} NOT NULL DEFAULT 0"
        " CONSTRAINT ck_payment_refunds_fit CHECK (claimed_minor >= 0 AND refunded_minor >= 0"
        " AND claimed_minor + refunded_minor <= applied_minor)"
    )


def _refunds() -> None:
    op.create_table(
        "refund",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.Column("due_minor", INTEGER, nullable=False),
        sa.Column("fee_minor", INTEGER, nullable=False),
        sa.Column("gifts_minor", INTEGER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("used", INTEGER, nullable=True),
        sa.Column("whole", INTEGER, nullable=True),
        sa.Column("counted", sa.Text(), nullable=True),
        sa.Column("effective_on", Day(), nullable=False),
        sa.Column("due_on", Day(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("paid_at", Instant(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("stopped_because", sa.Text(), nullable=False),
        sa.Column("entry_id", INTEGER, nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'rejected', 'withdrawn', 'paid', 'failed')",
            name=op.f("ck_refund_state_known"),
        ),
        sa.CheckConstraint(
            "basis IN ('unused', 'cooling_off', 'service')", name=op.f("ck_refund_basis_known")
        ),
        sa.CheckConstraint("counted IN ('days', 'visits')", name=op.f("ck_refund_counted_known")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_something")),
        sa.CheckConstraint(
            "fee_minor >= 0 AND gifts_minor >= 0 AND due_minor >= 0",
            name=op.f("ck_refund_not_negative"),
        ),
        sa.CheckConstraint(
            "(used IS NULL) = (whole IS NULL) AND (used IS NULL) = (counted IS NULL) "
            "AND (used IS NULL OR used BETWEEN 0 AND whole)",
            name=op.f("ck_refund_usage_fits"),
        ),
        sa.CheckConstraint(
            "(state = 'paid') = (entry_id IS NOT NULL)",
            name=op.f("ck_refund_booked_while_paid"),
        ),
        sa.CheckConstraint(
            "(state IN ('paid', 'failed')) = (paid_at IS NOT NULL)",
            name=op.f("ck_refund_paid_once_paid"),
        ),
        sa.CheckConstraint(
            "state = 'withdrawn' OR (state = 'requested') = (decided_at IS NULL)",
            name=op.f("ck_refund_decided_once_decided"),
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_refund_entry_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refund_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_refund_entry_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_refund_order_id"), "refund", ["order_id"], unique=False)
    op.create_index("ix_refund_state", "refund", ["state"], unique=False)


def _parts() -> None:
    op.create_table(
        "refund_part",
        sa.Column("refund_id", INTEGER, nullable=False),
        sa.Column("payment_id", INTEGER, nullable=False),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.CheckConstraint(f"method IN ({METHODS})", name=op.f("ck_refund_part_method_known")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_part_something")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_refund_part_payment_id")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refund.id"], name=op.f("fk_refund_part_refund_id")
        ),
        sa.PrimaryKeyConstraint("refund_id", "payment_id", name=op.f("pk_refund_part")),
        sqlite_strict=True,
    )
    op.create_index("ix_refund_part_payment_id", "refund_part", ["payment_id"], unique=False)


def _hands() -> None:
    op.create_table(
        "refund_hand",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("refund_id", INTEGER, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("staff_id", INTEGER, nullable=False),
        sa.Column("acted_by", INTEGER, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint(
            "part IN ('request', 'review', 'payout')", name=op.f("ck_refund_hand_part_known")
        ),
        sa.ForeignKeyConstraint(["acted_by"], ["staff.id"], name=op.f("fk_refund_hand_acted_by")),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refund.id"], name=op.f("fk_refund_hand_refund_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_refund_hand_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_hand")),
        sa.UniqueConstraint("refund_id", "part", name=op.f("uq_refund_hand_refund_id_part")),
        sa.UniqueConstraint(
            "refund_id", "staff_id", name=op.f("uq_refund_hand_refund_id_staff_id")
        ),
        sqlite_strict=True,
    )
