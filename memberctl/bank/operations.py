"""Statements are taken in: every row once, whatever files it comes in.

Source: rules M15, I2; house.md "One write path".
"""

from __future__ import annotations

import gc
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from memberctl.bank import queries, rules
from memberctl.bank.results import AccountAdded, StatementImported
from memberctl.bank.rules import NewAccount
from memberctl.bank.tables import BankAccount
from memberctl.bank.taking import Taking
from memberctl.core.errors import Conflict
from memberctl.office.rules import Outcome
from memberctl.store.audit import note
from memberctl.store.counters import take_one
from memberctl.store.engine import keep_few_pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlmodel import Session

    from memberctl.bank.reading import Statement
    from memberctl.core.actor import Actor
    from memberctl.store.keys import Keys

BATCH = 2_000
"""Rows that are looked up and written together."""


def add_account(session: Session, account: NewAccount, *, by: Actor, at: datetime) -> AccountAdded:
    """Make an account known; the same once more changes nothing.

    Raises Conflict when there is one of this code that is another.
    """
    there = next((each for each in queries.accounts(session) if each.code == account.code), None)
    if there is None:
        _write_account(session, account, by=by, at=at)
    elif (there.method, there.number, there.currency or account.currency) != (
        account.method, account.number, account.currency or there.currency,
    ):  # fmt: skip
        raise Conflict(
            f"there is an account {there.code} with another method, number or currency",
            hint="memberctl bank account list",
        )
    return AccountAdded(
        account.code,
        account.method,
        rules.masked_number(account.number),
        account.currency,
        Outcome.CREATED if there is None else Outcome.UNCHANGED,
    )


def _write_account(
    session: Session, account: NewAccount, *, by: Actor, at: datetime
) -> BankAccount:
    row = BankAccount(
        id=take_one(session, "bank_account"),
        code=account.code,
        method=account.method,
        number=account.number,
        currency=account.currency,
        opened_at=at,
        opened_by=by.staff_id,
    )
    session.add(row)
    session.flush()
    note(session, "bank.account_added", row.code, by=by, at=at, method=row.method)
    return row


def import_statement(
    session: Session,
    keys: Keys,
    account_text: str,
    statement: Statement,
    *,
    by: Actor,
    at: datetime,
    currency: str,
    advance: Callable[[int], None] = lambda _: None,
) -> StatementImported:
    """Take in every row of a statement that is not there yet.

    A row that is there and whose trade was closed since, or counts now, is changed; one that
    reads otherwise is kept in both readings. The same file once more writes nothing at all.

    account_text -- the account's code; that of a method is opened when it is first used
    currency     -- of the organisation, for rows that are in none by map, file and account
    advance      -- told how many more rows are done
    Raises NotFound for an account that is not known, and what reading the rows raises.
    Source: rules M15, I2.
    """
    keep_few_pages(session)
    account = _account_of(session, account_text, by=by, at=at)
    statement.assume_currency(account.currency or currency)
    taking = Taking(session, keys, account, statement, by=by, at=at)
    rows = iter(statement.rows)
    while batch := list(islice(rows, BATCH)):
        taking.take(batch)
        # A batch's statements refer to each other, with all that was bound to them, and stay until
        # somebody looks, which otherwise happens every few hundred batches.
        gc.collect(0)
        advance(len(batch))
    statement.finish()
    imported = taking.result()
    taking.close(imported)
    return imported


def _account_of(session: Session, text: str, *, by: Actor, at: datetime) -> BankAccount:
    code = rules.account_key(text)
    method = next((each for each in rules.OUTSIDE if each.value.upper() == code), None)
    if method is not None and code not in {each.code for each in queries.accounts(session)}:
        _write_account(session, NewAccount(code, method), by=by, at=at)
    return queries.account_to_change(session, text)
