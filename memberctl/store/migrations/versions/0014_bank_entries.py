"""One entry of the books may be a line of several accounts: a refund goes back two ways."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let an entry be one line of each account, no more of one line altogether."""
    op.drop_index("uq_bank_line_entry_id", table_name="bank_line")
    known = sa.text("entry_id IS NOT NULL")
    op.create_index(
        "uq_bank_line_account_id_entry_id", "bank_line", ["account_id", "entry_id"],
        unique=True, sqlite_where=known, postgresql_where=known,
    )  # fmt: skip
