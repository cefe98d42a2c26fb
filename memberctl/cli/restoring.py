"""`backup restore`: the old store or the new one, whole, whenever the power goes.

Everything that can fail is done beside the store first: the backup is unpacked, upgraded, told of
its restoration and checked. What is left then is one rename.
Source: rules G5; reliability.md R14, R21.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from memberctl.cli.backing_up import bring_up_to_date, differences, keys_for, soundness
from memberctl.cli.invocation import confirm
from memberctl.cli.run import Run
from memberctl.core.errors import Conflict, IntegrityFailure, MemberctlError

if TYPE_CHECKING:
    import typer

    from memberctl.store.engine import Store
    from memberctl.store.manifest import Manifest

STAGED = ".restoring-"
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup in the store's place.

    at   -- the moment it is of
    kept -- where that is now which was there, "nothing" where there was none
    """

    store: str
    file: str
    schema: str
    at: datetime
    rows: int
    audit_seq: int
    kept: str


def restore(ctx: typer.Context, file: str) -> Restored:
    """Put a backup in the store's place.

    Raises Conflict for another store's backup, NoStore where something else lies, IntegrityFailure
    for a damaged backup, KeyProblem without the key file, Busy while others are connected.
    """
    from memberctl.store.manifest import read_manifest, refuse_damaged

    run: Run = ctx.obj
    backup, store = Path(file), run.store()
    manifest = read_manifest(backup)
    if manifest.engine != store.kind:
        raise Conflict(
            f"the backup is of a {manifest.engine} store, this one is {store.kind}",
            hint="restore it to its own kind, then: memberctl db copy --to URL",
        )
    refuse_damaged(backup, manifest)
    there = _is_there(store, manifest, force=bool(run.options.force))
    confirm(ctx, f"Replace the store by its backup of {manifest.at:%Y-%m-%d %H:%M} UTC?")
    kept = _free_name(run, store)
    place = _beside_file if store.kind == "sqlite" else _beside_database
    with place(run, backup, kept) as staged:
        _made_ready(run, staged, manifest)
    return Restored(
        store=manifest.store,
        file=file,
        schema=manifest.schema,
        at=manifest.at,
        rows=sum(manifest.rows.values()),
        audit_seq=manifest.audit_seq,
        kept=kept if there else NOTHING,
    )


def _is_there(store: Store, manifest: Manifest, *, force: bool) -> bool:
    """Return whether something lies in the store's place; refuse what a backup may not replace."""
    from sqlalchemy import text

    from memberctl.store.engine import Store

    if store.path is not None and not store.path.exists():
        return False
    try:
        with Store(store.location).reading() as session:
            found = session.connection().execute(text("SELECT store_id FROM store_info"))
            store_id = found.scalar_one_or_none()
    except IntegrityFailure:
        return True  # A damaged store of ours is what backups are for.
    except MemberctlError:
        if not force:
            raise
        return True
    if store_id not in {None, manifest.store} and not force:
        raise Conflict(
            "the backup is of another store; nothing was done",
            hint="--force lets it take this one's place, which is kept under another name",
        )
    return True


def _free_name(run: Run, store: Store) -> str:
    """Return the name under which that is kept which is there now."""
    from memberctl.store.clock import moment

    now = moment(run.settings.as_of, ZoneInfo("UTC")).astimezone(UTC)
    if store.path is None:
        return f"{store.database[:30]}_before_{now:%Y%m%d_%H%M%S}_{os.urandom(2).hex()}"
    name = f"{store.path.name}.before-restore-{now:%Y%m%dT%H%M%SZ}"
    path, count = store.path.with_name(name), 1
    while path.exists():
        count += 1
        path = store.path.with_name(f"{name}-{count}")
    return str(path)


@contextmanager
def _beside_file(run: Run, backup: Path, kept: str) -> Iterator[str]:
    """Give a copy of the backup beside the store; it takes the store's place at the end.

    Nobody else reads or writes the store meanwhile.
    """
    from memberctl.store.backup import copy_file, held_alone, put_in_place
    from memberctl.store.founding import remove_unfinished
    from memberctl.store.turnstile import turnstile

    path = run.store().path
    assert path is not None
    with turnstile(path), held_alone(path) if path.exists() else nullcontext() as old:
        for left in path.parent.glob(f".{path.name}{STAGED}*"):  # Of a restore that was killed.
            left.unlink(missing_ok=True)
        staged = path.with_name(f".{path.name}{STAGED}{os.urandom(4).hex()}")
        try:
            copy_file(backup, staged)
            yield str(staged)
            if not run.dry_run:
                put_in_place(staged, path, Path(kept), old)
        finally:
            remove_unfinished(staged)


@contextmanager
def _beside_database(run: Run, backup: Path, kept: str) -> Iterator[str]:
    """Give a database filled from the backup; it takes the store's name at the end."""
    from memberctl.store import pgdump

    store = run.store()
    pgdump.refuse_if_open(store)
    name = f"memberctl_restoring_{os.urandom(6).hex()}"
    pgdump.filled(store, backup, name)
    try:
        yield pgdump.url_of(store, name)
        if not run.dry_run:
            pgdump.put_in_place(store, name, kept)
    finally:
        pgdump.drop(store, name)


def _made_ready(run: Run, location: str, manifest: Manifest) -> None:
    """Upgrade a restored store, note in it what it is, and check it."""
    from memberctl.archive.erasing import erase_again
    from memberctl.store.audit import note
    from memberctl.store.columns import instant_text
    from memberctl.store.engine import Store
    from memberctl.store.erased import erased_members
    from memberctl.store.manifest import refuse_forged
    from memberctl.store.sweeping import sweep
    from memberctl.store.work import unit_of_work

    key_dir = run.settings.key_dir
    keys = keys_for(location, key_dir)
    refuse_forged(manifest, keys)
    if wrong := differences(location, manifest):
        raise IntegrityFailure(
            f"the backup does not hold what its manifest says ({wrong[0].rule}, {wrong[0].object})"
        )
    bring_up_to_date(location)
    request, open_ = run.request(money=False), run.opener("store.restore")
    with unit_of_work(Store(location), key_dir, request, open_) as work:
        note(
            work.session, "store.restored", manifest.store, by=work.opening.actor,
            at=work.opening.now, taken_at=instant_text(manifest.at), sha256=manifest.sha256,
            audit_seq=manifest.audit_seq,
        )  # fmt: skip
        again = erase_again(
            work.session, erased_members(key_dir, manifest.store), by=work.opening.actor,
            at=work.opening.now,
        )  # fmt: skip
    if again:
        sweep(Store(location), ())
    problems = soundness(location, keys, deep=True).problems
    if len(problems) > manifest.problems:
        raise IntegrityFailure(
            f"the backup is not sound ({problems[0].rule}, {problems[0].object}); nothing was done",
            hint="memberctl backup verify FILE",
        )
