"""`db upgrade`: migrations, with a copy of the store kept first. Source: reliability.md R25."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memberctl.cli.backing_up import way_of
from memberctl.cli.run import Run, login_of
from memberctl.core.errors import NotPermitted, StorageFailure

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.engine import Store


@dataclass(frozen=True, slots=True)
class Upgraded:
    """before, schema -- revisions; backup -- the copy made first, "" where none was."""

    before: str
    schema: str
    backup: str


def upgrade_store(run: Run, *, keep_copy: bool) -> Upgraded:
    """Upgrade the store in one transaction. Only the owner may.

    keep_copy -- copy it first; a dry run needs no copy
    """
    from memberctl.store.guard import SCHEMA, refuse_newer, refuse_strangers, schema_of
    from memberctl.store.migrate import upgrade_in

    store, backup = run.store(), ""
    with store.writing() as session:
        before = schema_of(session)
        refuse_newer(before)
        refuse_strangers(session)
        if before != SCHEMA:
            _refuse_others(session)
            if keep_copy and not run.dry_run:
                backup = str(_copied(store, run, before))
            upgrade_in(session)
        if run.dry_run:
            session.rollback()
        else:
            session.commit()
    return Upgraded(before, SCHEMA, backup)


OWNER = """
    SELECT s.id FROM staff s JOIN staff_role r ON r.staff_id = s.id
    WHERE r.role = 'owner' AND s.state = 'active' AND s.LOGIN = :login
"""


def _refuse_others(session: Session) -> None:
    """Refuse everybody but owners, by columns that the staff had from the first schema on."""
    from sqlalchemy import text

    who = login_of(session)
    column = "uid" if who["database_user"] is None else "database_user"
    found = session.connection().execute(
        text(OWNER.replace("LOGIN", column)), {"login": who[column]}
    )
    if found.first() is None:
        raise NotPermitted("only an owner upgrades the store; nothing was done")


def _copied(store: Store, run: Run, schema: str) -> Path:
    """Copy the store as it is before the upgrade, beside it or, from a server, to our folder.

    It is read by a session of its own, since what has begun to write cannot be copied from.
    """
    from memberctl.store.engine import Store

    target = _free(_place(store, run, schema))
    unfinished = target.with_name(f".{target.name}-{os.urandom(4).hex()}")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o600))
        with Store(store.location).reading() as session:
            raw: Any = session.connection().connection.driver_connection
            raw.execute("SELECT version_num FROM alembic_version")  # The moment to be copied.
            way_of(store).copy_store(raw, unfinished)
        unfinished.replace(target)
    except OSError as problem:
        raise StorageFailure(
            f"no copy could be made before the upgrade: {problem.strerror}"
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def _place(store: Store, run: Run, schema: str) -> Path:
    if store.path is not None:
        return store.path.with_name(f"{store.path.name}.before-{schema}")
    run.settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return run.settings.state_dir / f"{store.database}.before-{schema}.dump"


def _free(wanted: Path) -> Path:
    path, count = wanted, 1
    while path.exists():
        count += 1
        path = wanted.with_name(f"{wanted.name}-{count}")
    return path
