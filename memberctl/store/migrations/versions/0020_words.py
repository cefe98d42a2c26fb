"""What was said of somebody's term or payment may be taken out when they are erased."""

from memberctl.store.migrations.append_only import let_words_be_erased

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let an erasure write over the reasons; nothing else of these rows changes, as before."""
    for table in ("term_change", "chargeback"):
        let_words_be_erased(table, "reason", "erased")
