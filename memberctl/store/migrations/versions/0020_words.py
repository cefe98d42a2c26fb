"""What was said of somebody stands where an erasure takes it out: in rows, not in the audit log."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.migrations.append_only import let_words_be_erased

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give ended orders and cards their reasons, and let an erasure write over those of others.

    Nothing else of a change of a term or of a chargeback changes, as before.
    """
    for table in ("orders", "card"):
        op.add_column(table, sa.Column("ended_because", sa.Text(), nullable=True))
    for table in ("term_change", "chargeback"):
        let_words_be_erased(table, "reason", "erased")
