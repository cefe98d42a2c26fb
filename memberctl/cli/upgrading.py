"""`db upgrade`: migrations, with a copy of the store kept first. Source: reliability.md R25."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from memberctl.config import Settings
from memberctl.core.errors import StorageFailure

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.engine import Store


@dataclass(frozen=True, slots=True)
class Upgraded:
    """before, schema -- revisions; backup -- the copy made first, "" where nothing changed."""

    before: str
    schema: str
    backup: str


def upgrade_store(store: Store, settings: Settings, *, dry_run: bool) -> Upgraded:
    """Upgrade the store in one transaction. Only the owner may."""
    from memberctl.store.guard import SCHEMA, schema_of
    from memberctl.store.migrate import upgrade_in

    backup = ""
    with store.writing() as session:
        before = schema_of(session)
        if before != SCHEMA:
            _refuse_others(session, settings)
            backup = _copied(store.path, before)
            upgrade_in(session)
        if dry_run:
            session.rollback()
        else:
            session.commit()
    return Upgraded(before, SCHEMA, backup)


def _refuse_others(session: Session, settings: Settings) -> None:
    from memberctl.cli.run import login_of
    from memberctl.office.queries import identify
    from memberctl.office.rules import require

    actor, _ = identify(session, **login_of(session), acting_as=settings.as_staff)
    require(actor.roles, "office.change", actor.staff)


def _copied(path: Path | None, schema: str) -> str:
    """Copy a SQLite store with its own backup interface; PostgreSQL has its own tools."""
    import sqlite3

    if path is None:
        return ""
    target = path.with_name(f"{path.name}.before-{schema}")
    try:
        source = sqlite3.connect(path)
        copy = sqlite3.connect(target)
        with copy:
            source.backup(copy)
        copy.close()
        source.close()
        target.chmod(0o600)
    except (sqlite3.Error, OSError) as problem:
        raise StorageFailure(f"no copy could be made before the upgrade: {problem}") from None
    return str(target)
