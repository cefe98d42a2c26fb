"""All tables of the house, for migrations and tests; commands import only what they need."""

from sqlmodel import SQLModel

from memberctl.access import hold_tables as holds
from memberctl.access import tables as access
from memberctl.access import visit_tables as visits
from memberctl.archive import tables as archive
from memberctl.bank import tables as bank
from memberctl.catalog import tables as catalog
from memberctl.daily import tables as daily
from memberctl.ledger import tables as ledger
from memberctl.member import tables as member
from memberctl.message import tables as message
from memberctl.office import tables as office
from memberctl.order import tables as order
from memberctl.payment import credit_tables as credit
from memberctl.payment import debt_tables as debt
from memberctl.payment import invoice_tables as invoice
from memberctl.payment import tables as payment
from memberctl.payment import till_tables as till
from memberctl.refund import tables as refund
from memberctl.review import tables as review
from memberctl.store import tables as store

MODULES = (
    store,
    office,
    catalog,
    ledger,
    message,
    member,
    access,
    visits,
    holds,
    order,
    review,
    payment,
    bank,
    refund,
    credit,
    debt,
    invoice,
    till,
    archive,
    daily,
)
metadata = SQLModel.metadata

for _table in metadata.tables.values():
    for _index in _table.indexes:
        if "where" in _index.dialect_options["sqlite"]:
            _index.dialect_kwargs["postgresql_where"] = _index.dialect_options["sqlite"]["where"]
