"""Credit requests, instalments, write-offs, chargebacks, invoices and closed tills."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day, Instant
from memberctl.store.migrations.append_only import forbid_changes

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; a closed till then takes no change."""
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
            "method IN ('cash', 'bank', 'wechat', 'alipay', 'card', 'cheque', 'online', 'member_credit')",
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
            "after_entry",
            name=op.f("uq_till_close_branch_id_method_after_entry"),
        ),
        sa.UniqueConstraint(
            "branch_id",
            "method",
            "closed_on",
            name=op.f("uq_till_close_branch_id_method_closed_on"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "credit_request",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("requested_by", INTEGER, nullable=False),
        sa.Column("entry_id", INTEGER, nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", INTEGER, nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("paid_at", Instant(), nullable=True),
        sa.Column("paid_by", INTEGER, nullable=True),
        sa.Column("settled_entry_id", INTEGER, nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint(
            "(kind = 'payout') = (method IS NOT NULL)",
            name=op.f("ck_credit_request_paid_out_somehow"),
        ),
        sa.CheckConstraint(
            "(state = 'paid') = (paid_by IS NOT NULL)", name=op.f("ck_credit_request_paid")
        ),
        sa.CheckConstraint(
            "(state = 'requested') = (decided_by IS NULL)", name=op.f("ck_credit_request_decided")
        ),
        sa.CheckConstraint(
            "kind IN ('payout', 'stale')", name=op.f("ck_credit_request_kind_known")
        ),
        sa.CheckConstraint(
            "method IN ('cash', 'bank', 'wechat', 'alipay', 'card', 'cheque', 'online', 'member_credit')",
            name=op.f("ck_credit_request_method_known"),
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'refused', 'paid')",
            name=op.f("ck_credit_request_state_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_credit_request_something")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by",
            name=op.f("ck_credit_request_four_eyes"),
        ),
        sa.CheckConstraint(
            "paid_by IS NULL OR paid_by <> decided_by",
            name=op.f("ck_credit_request_paid_by_another"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.id"], name=op.f("fk_credit_request_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_credit_request_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_credit_request_member_id")
        ),
        sa.ForeignKeyConstraint(["paid_by"], ["staff.id"], name=op.f("fk_credit_request_paid_by")),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["staff.id"], name=op.f("fk_credit_request_requested_by")
        ),
        sa.ForeignKeyConstraint(
            ["settled_entry_id"],
            ["ledger_entry.id"],
            name=op.f("fk_credit_request_settled_entry_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_request")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_credit_request_member_id"), "credit_request", ["member_id"], unique=False
    )
    op.create_table(
        "instalment",
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("position", INTEGER, autoincrement=False, nullable=False),
        sa.Column("due_on", Day(), nullable=False),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.Column("until_minor", INTEGER, nullable=False),
        sa.CheckConstraint(
            "amount_minor > 0 AND until_minor >= amount_minor", name=op.f("ck_instalment_something")
        ),
        sa.CheckConstraint("position >= 1", name=op.f("ck_instalment_counts_up")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_instalment_order_id")),
        sa.PrimaryKeyConstraint("order_id", "position", name=op.f("pk_instalment")),
        sqlite_strict=True,
    )
    op.create_table(
        "invoice",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", INTEGER, nullable=False),
        sa.Column("serial", INTEGER, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("corrects_id", INTEGER, nullable=True),
        sa.Column("net_minor", INTEGER, nullable=False),
        sa.Column("tax_minor", INTEGER, nullable=False),
        sa.Column("total_minor", INTEGER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("tax_mode", sa.Text(), nullable=False),
        sa.Column("tax_basis_points", INTEGER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("issued_on", Day(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("issued_by", INTEGER, nullable=False),
        sa.Column("entry_id", INTEGER, nullable=True),
        sa.Column("voided_at", Instant(), nullable=True),
        sa.Column("voided_by", INTEGER, nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint(
            "(kind = 'credit_note') = (corrects_id IS NOT NULL)",
            name=op.f("ck_invoice_corrects_one"),
        ),
        sa.CheckConstraint(
            "kind IN ('invoice', 'credit_note')", name=op.f("ck_invoice_kind_known")
        ),
        sa.CheckConstraint(
            "tax_mode IN ('inclusive', 'exclusive')", name=op.f("ck_invoice_tax_mode_known")
        ),
        sa.CheckConstraint(
            "(voided_at IS NULL) = (voided_by IS NULL)", name=op.f("ck_invoice_void_whole")
        ),
        sa.CheckConstraint(
            "net_minor + tax_minor = total_minor AND net_minor >= 0 AND tax_minor >= 0",
            name=op.f("ck_invoice_sums"),
        ),
        sa.CheckConstraint("serial >= 1", name=op.f("ck_invoice_counts_up")),
        sa.CheckConstraint(
            "tax_basis_points BETWEEN 0 AND 10000", name=op.f("ck_invoice_tax_share")
        ),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["invoice.id"], name=op.f("fk_invoice_corrects_id")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_invoice_entry_id")
        ),
        sa.ForeignKeyConstraint(["issued_by"], ["staff.id"], name=op.f("fk_invoice_issued_by")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoice_order_id")),
        sa.ForeignKeyConstraint(["voided_by"], ["staff.id"], name=op.f("fk_invoice_voided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("series", "year", "serial", name=op.f("uq_invoice_series_year_serial")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_invoice_corrects_id"), "invoice", ["corrects_id"], unique=False)
    op.create_index(op.f("ix_invoice_order_id"), "invoice", ["order_id"], unique=False)
    op.create_index(
        "uq_invoice_live",
        "invoice",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'invoice' AND voided_at IS NULL"),
        postgresql_where=sa.text("kind = 'invoice' AND voided_at IS NULL"),
    )
    op.create_table(
        "write_off",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("requested_by", INTEGER, nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", INTEGER, nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("entry_id", INTEGER, nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'approved') = (entry_id IS NOT NULL)", name=op.f("ck_write_off_booked")
        ),
        sa.CheckConstraint(
            "(state = 'requested') = (decided_by IS NULL)", name=op.f("ck_write_off_decided")
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'refused')", name=op.f("ck_write_off_state_known")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_write_off_something")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by", name=op.f("ck_write_off_four_eyes")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_write_off_decided_by")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_write_off_entry_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_write_off_order_id")),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["staff.id"], name=op.f("fk_write_off_requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_off")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_write_off_live",
        "write_off",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'refused'"),
        postgresql_where=sa.text("state <> 'refused'"),
    )
    op.create_table(
        "chargeback",
        sa.Column("payment_id", INTEGER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lost_minor", INTEGER, nullable=False),
        sa.Column("charged_back_at", Instant(), nullable=False),
        sa.Column("charged_back_by", INTEGER, nullable=False),
        sa.CheckConstraint("lost_minor >= 0", name=op.f("ck_chargeback_lost_not_negative")),
        sa.ForeignKeyConstraint(
            ["charged_back_by"], ["staff.id"], name=op.f("fk_chargeback_charged_back_by")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_chargeback_payment_id")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_chargeback")),
        sqlite_strict=True,
    )
    op.create_table(
        "invoice_line",
        sa.Column("invoice_id", INTEGER, nullable=False),
        sa.Column("line", INTEGER, autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("quantity", INTEGER, nullable=False),
        sa.Column("net_minor", INTEGER, nullable=False),
        sa.Column("tax_minor", INTEGER, nullable=False),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.CheckConstraint(
            "net_minor + tax_minor = amount_minor", name=op.f("ck_invoice_line_sums")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id")
        ),
        sa.PrimaryKeyConstraint("invoice_id", "line", name=op.f("pk_invoice_line")),
        sqlite_strict=True,
    )
    forbid_changes("till_close")
    forbid_changes("chargeback")
