"""`init`: a store from nothing, to its end or not at all."""

from __future__ import annotations

import os
import pwd
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.cli.target import refuse_odd_name
from memberctl.config import Settings
from memberctl.core.dates import local_date, zone
from memberctl.core.errors import Conflict, NoStore

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.engine import Store


@dataclass(frozen=True, slots=True)
class Wish:
    """What the new organisation is to be called and how it counts."""

    name: str
    currency: str
    zone: str
    region: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class StoreMade:
    """What `init` answers."""

    name: str
    store: str
    owner: str
    key_file: str
    schema: str


def found_store(
    settings: Settings, wish: Wish, *, command: str, dry_run: bool = False
) -> StoreMade:
    """Make the store that the settings name, to try it out or to keep it.

    Raises Conflict when there is one already, Invalid for an odd name.
    """
    from memberctl.store.clock import moment
    from memberctl.store.engine import Store
    from memberctl.store.founding import make_sqlite_file, remove_unfinished
    from memberctl.store.keys import key_path

    now = moment(settings.as_of, zone(wish.zone))
    store = Store(settings.db)
    store_id = uuid.uuid4().hex
    with ExitStack() as undo:  # Half a store would refuse the next `init` and every command.
        if store.path is not None:
            refuse_odd_name(str(store.path), "the store")
            if make_sqlite_file(store.path):
                undo.callback(remove_unfinished, store.path)
        undo.callback(key_path(settings.key_dir, store_id).unlink, missing_ok=True)
        made = _found(store, store_id, settings, wish, command=command, now=now, dry_run=dry_run)
        if not dry_run:
            undo.pop_all()
    return made


def _found(
    store: Store, store_id: str, settings: Settings, wish: Wish, *, command: str, now: datetime,
    dry_run: bool,
) -> StoreMade:  # fmt: skip
    from memberctl.cli.run import login_of
    from memberctl.office.operations import found_organisation
    from memberctl.store.audit import append_notes, note, open_trail
    from memberctl.store.guard import SCHEMA
    from memberctl.store.keys import key_path, make_key_file
    from memberctl.store.migrate import upgrade_in
    from memberctl.store.tables import StoreInfo

    owner_code = _login_name() if wish.owner is None else wish.owner
    with store.writing() as session:
        _refuse_used(session)
        upgrade_in(session)
        keys = make_key_file(settings.key_dir, store_id)
        session.add(StoreInfo(id=1, store_id=store_id, key_check=keys.check, created_at=now))
        open_trail(session, keys.audit, command)
        owner = found_organisation(
            session,
            name=wish.name,
            currency=wish.currency.strip().upper(),
            zone=wish.zone,
            region=wish.region,
            at=now,
            owner_code=owner_code,
            owner_name=owner_code,
            **login_of(session),
        )
        _seed(session, now, local_date(now, zone(wish.zone)))
        note(session, "store.made", store_id, by=owner, at=now, schema=SCHEMA)
        append_notes(session)
        if dry_run:
            session.rollback()
        else:
            session.commit()
    return StoreMade(
        wish.name, settings.db, owner.staff, str(key_path(settings.key_dir, store_id)), SCHEMA
    )


def _seed(session: Session, now: datetime, today: date) -> None:
    from memberctl.catalog.operations import seed_tiers
    from memberctl.ledger.operations import seed_accounts
    from memberctl.review.operations import seed_stages

    seed_tiers(session, at=now, today=today)
    seed_accounts(session)
    seed_stages(session)


def _refuse_used(session: Session) -> None:
    """Refuse a PostgreSQL database that holds tables already, ours or not."""
    from sqlalchemy import inspect

    if inspect(session.connection()).get_table_names():
        raise Conflict("that database is not empty; nothing was done", hint="memberctl status")


def _login_name() -> str:
    """Return the login name by the system's own table, never by LOGNAME."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise NoStore("this user has no name on this machine", hint="init --owner CODE") from None
