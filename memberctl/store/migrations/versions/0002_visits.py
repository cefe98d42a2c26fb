"""Visits and refused scans; packs of visits; where and when a plan lets in."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns by which a scan decides, and the tables that keep what it decided."""
    _add_columns()
    _let_packs_stand_side_by_side()
    _create_plan_branch()
    _create_visit()
    _create_entry_refusal()


def _add_columns() -> None:
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for table, column in (("term", "visits"), ("plan_version", "visits"), ("branch", "capacity")):
        rule = "capacity_counts" if column == "capacity" else "visits_count"
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} {number}"
            f" CONSTRAINT ck_{table}_{rule} CHECK ({column} >= 1)"
        )
    for table, column in (("plan_version", "hours"), ("branch", "hours"), ("branch", "zone")):
        op.add_column(table, sa.Column(column, sa.Text(), nullable=True))


def _let_packs_stand_side_by_side() -> None:
    """Terms of one product never overlap (rules T8); packs are counted in visits, not in days."""
    op.drop_index("uq_term_member_product_start", table_name="term")
    where = sa.text("voided_at IS NULL AND visits IS NULL")
    op.create_index(
        "uq_term_member_product_start",
        "term",
        ["member_id", "product", "start_on"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _create_plan_branch() -> None:
    op.create_table(
        "plan_branch",
        sa.Column("plan_version_id", INTEGER, nullable=False),
        sa.Column("branch_id", INTEGER, nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_plan_branch_branch_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_version_id"],
            ["plan_version.id"],
            name=op.f("fk_plan_branch_plan_version_id"),
        ),
        sa.PrimaryKeyConstraint("plan_version_id", "branch_id", name=op.f("pk_plan_branch")),
        sqlite_strict=True,
    )


def _create_visit() -> None:
    pointing = {
        "card_id": "card",
        "member_id": "member",
        "term_id": "term",
        "branch_id": "branch",
        "recorded_by": "staff",
        "undone_by": "staff",
    }
    op.create_table(
        "visit",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("card_id", INTEGER, nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("term_id", INTEGER, nullable=True),
        sa.Column("branch_id", INTEGER, nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("visited_at", Instant(), nullable=False),
        sa.Column("visited_on", Day(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("recorded_by", INTEGER, nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("undone_by", INTEGER, nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "ground IN ('term', 'grace', 'forced')", name=op.f("ck_visit_ground_known")
        ),
        sa.CheckConstraint(
            "term_id IS NOT NULL OR ground = 'forced'", name=op.f("ck_visit_on_some_ground")
        ),
        sa.CheckConstraint(
            "(ground = 'forced') = (reason IS NOT NULL)",
            name=op.f("ck_visit_forced_for_a_reason"),
        ),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL)"
            " AND (undone_at IS NULL) = (undone_reason IS NULL)",
            name=op.f("ck_visit_undone_whole"),
        ),
        *[
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_visit_{column}"))
            for column, table in pointing.items()
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sqlite_strict=True,
    )
    for columns in (
        ["member_id", "visited_at"],
        ["term_id", "visited_on"],
        ["branch_id", "visited_at"],
        ["visited_on"],
    ):
        op.create_index(f"ix_visit_{'_'.join(columns)}", "visit", columns, unique=False)
    where = sa.text("nonce IS NOT NULL")
    op.create_index(
        "uq_visit_nonce",
        "visit",
        ["nonce"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _create_entry_refusal() -> None:
    op.create_table(
        "entry_refusal",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("card_id", INTEGER, nullable=True),
        sa.Column("branch_id", INTEGER, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("refused_at", Instant(), nullable=False),
        sa.Column("recorded_by", INTEGER, nullable=False),
        sa.CheckConstraint(
            "reason IN ('number', 'check_digit', 'card_unknown', 'card_blocked', 'card_replaced',"
            " 'expelled', 'held', 'no_term', 'term_future', 'term_ended', 'grace', 'frozen',"
            " 'branch', 'hours', 'pack_empty', 'capacity', 'debt')",
            name=op.f("ck_entry_refusal_reason_known"),
        ),
        *[
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_entry_refusal_{column}")
            )
            for column, table in (
                ("card_id", "card"),
                ("branch_id", "branch"),
                ("recorded_by", "staff"),
            )
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_refusal")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_entry_refusal_card_id"), "entry_refusal", ["card_id"], unique=False)
    op.create_index("ix_entry_refusal_refused_at", "entry_refusal", ["refused_at"], unique=False)
