"""Each row has a checksum, so that a value that changes by itself is found."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the checksums; `upgrade_in` fills them when all migrations are done."""
    op.create_table(
        "checksum",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("block", INTEGER, autoincrement=False, nullable=False),
        sa.Column("sums", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(sums) = 256", name=op.f("ck_checksum_whole_block")),
        sa.PrimaryKeyConstraint("part", "block", name=op.f("pk_checksum")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
