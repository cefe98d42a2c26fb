"""The audit log says behind which account of the system or the database somebody was."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the account; links that are there already keep their signatures, made without it."""
    account = sa.Column("account", sa.Text(), server_default="", nullable=False)
    op.add_column("audit", account)
