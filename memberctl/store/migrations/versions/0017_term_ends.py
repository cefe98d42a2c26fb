"""What ends when is found without reading terms: reminders look at the ends of a few days."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the index of ends by one that holds all that a reminder looks at first."""
    op.drop_index("ix_term_end_on", "term")
    op.create_index(
        "ix_term_ends",
        "term",
        ["end_on", "member_id", "product", "plan_version_id"],
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
