"""Orders are archived by quarter, and looked at by an approved request."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day, Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the archives, their orders, the requests to look and the record of looking."""
    op.create_table(
        "quarterly_archive",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("orders", INTEGER, nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by", INTEGER, nullable=False),
        sa.CheckConstraint("orders >= 1", name=op.f("ck_quarterly_archive_some_orders")),
        sa.ForeignKeyConstraint(
            ["made_by"], ["staff.id"], name=op.f("fk_quarterly_archive_made_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarterly_archive")),
        sa.UniqueConstraint("quarter", name=op.f("uq_quarterly_archive_quarter")),
        sqlite_strict=True,
    )
    op.create_table(
        "archived_order",
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("archive_id", INTEGER, nullable=False),
        sa.Column("place", INTEGER, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("place >= 0", name=op.f("ck_archived_order_place_counts")),
        sa.ForeignKeyConstraint(
            ["archive_id"], ["quarterly_archive.id"], name=op.f("fk_archived_order_archive_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_archived_order_order_id")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_archived_order")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_archived_order_archive_id"), "archived_order", ["archive_id"], unique=False
    )
    op.create_table(
        "archive_request",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", INTEGER, nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("decided_by", INTEGER, nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("until_on", Day(), nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'refused')",
            name=op.f("ck_archive_request_state_known"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by",
            name=op.f("ck_archive_request_four_eyes"),
        ),
        sa.CheckConstraint(
            "(state = 'requested') = (decided_at IS NULL)",
            name=op.f("ck_archive_request_decided_or_open"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL)",
            name=op.f("ck_archive_request_decided_whole"),
        ),
        sa.CheckConstraint(
            "(state = 'approved') = (until_on IS NOT NULL)",
            name=op.f("ck_archive_request_until_when_approved"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.id"], name=op.f("fk_archive_request_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["archived_order.order_id"], name=op.f("fk_archive_request_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["staff.id"], name=op.f("fk_archive_request_requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_request")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_archive_request_open",
        "archive_request",
        ["order_id", "requested_by"],
        unique=True,
        sqlite_where=sa.text("state = 'requested'"),
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_table(
        "archive_view",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("request_id", INTEGER, nullable=False),
        sa.Column("viewed_at", Instant(), nullable=False),
        sa.Column("viewed_by", INTEGER, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["archive_request.id"], name=op.f("fk_archive_view_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["viewed_by"], ["staff.id"], name=op.f("fk_archive_view_viewed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_view")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_archive_view_request_id"), "archive_view", ["request_id"], unique=False
    )
