"""Plans of a fixed calendar: everybody's term ends on the same day."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; plans that are there begin when they are paid, as they always did."""
    op.add_column("plan_version", sa.Column("season", sa.Text(), nullable=True))
