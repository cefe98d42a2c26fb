"""Changes of staff and policy wait for a second owner; people have PINs."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the two tables."""
    op.create_table(
        "proposal",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", INTEGER, nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_by", INTEGER, nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('staff add', 'staff grant', 'staff revoke', 'staff leave', 'policy set')",
            name=op.f("ck_proposal_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'rejected', 'withdrawn')",
            name=op.f("ck_proposal_state_known"),
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_by IS NULL)", name=op.f("ck_proposal_decided")
        ),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_proposal_decided_when")
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (decided_by = proposed_by)",
            name=op.f("ck_proposal_four_eyes"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["staff.id"], name=op.f("fk_proposal_proposed_by")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_proposal_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_proposal_waiting",
        "proposal",
        ["kind", "about", "terms"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "staff_pin",
        sa.Column("staff_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("set_at", Instant(), nullable=False),
        sa.Column("set_by", INTEGER, nullable=False),
        sa.CheckConstraint("hash LIKE '$argon2id$%'", name=op.f("ck_staff_pin_argon2id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_pin_staff_id")),
        sa.ForeignKeyConstraint(["set_by"], ["staff.id"], name=op.f("fk_staff_pin_set_by")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_pin")),
        sqlite_strict=True,
    )
