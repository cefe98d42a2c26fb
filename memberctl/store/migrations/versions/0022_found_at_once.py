"""What an order's approvals, its terms and its merged members are is found without looking at all.

Each of these was read through to the end for a single order or member: half a second of a decision
among a million orders.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index whose hands an order went through, the order of each term, and who was merged."""
    op.create_index(op.f("ix_order_hand_order_id"), "order_hand", ["order_id"], unique=False)
    op.create_index("ix_term_source", "term", ["source"], unique=False)
    where = sa.text("merged_into IS NOT NULL")
    op.create_index(
        "ix_member_merged_into",
        "member",
        ["merged_into"],
        unique=False,
        sqlite_where=where,
        postgresql_where=where,
    )
