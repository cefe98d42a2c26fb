"""Accounts, payments by credit, chargebacks, and what reduces the debt of an order."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER
from memberctl.store.migrations.widening import widen

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ACCOUNTS = {
    "payouts_due": "liability",
    "credit_income": "income",
    "bad_debt": "expense",
    "till_difference": "expense",
    "bank_fees": "expense",
}


def upgrade() -> None:
    """Widen what payments may be and add the columns that tell where money moved."""
    widen("payment", "method", ("member_credit",))
    widen("payment", "state", ("charged_back",))
    integer = INTEGER.compile(dialect=op.get_bind().dialect)
    for column in ("credited_minor", "written_off_minor"):
        op.execute(
            f"ALTER TABLE orders ADD COLUMN {column} {integer} DEFAULT 0 NOT NULL"
            f" CONSTRAINT ck_orders_{column} CHECK ({column} BETWEEN 0 AND total_minor)"
        )
    op.execute(
        f"ALTER TABLE ledger_entry ADD COLUMN branch_id {integer}"
        " CONSTRAINT fk_ledger_entry_branch_id REFERENCES branch (id)"
    )
    _add_accounts()


def _add_accounts() -> None:
    """Add the accounts to a store that has the older ones; a new one gets all from `init`."""
    add = sa.text(
        "INSERT INTO account (code, kind)"
        " SELECT CAST(:code AS TEXT), CAST(:kind AS TEXT)"
        " WHERE EXISTS (SELECT 1 FROM account)"
    )
    for code, kind in ACCOUNTS.items():
        op.execute(add.bindparams(code=code, kind=kind))
