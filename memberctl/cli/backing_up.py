"""`backup create`, `verify` and `list`: what is copied is checked before it is called a backup.

Source: rules G5; reliability.md R14.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memberctl.cli.invocation import Reading, look
from memberctl.cli.run import Run
from memberctl.cli.target import TargetFile, finish_together, is_folder, refuse_nameless, writing_in
from memberctl.core.errors import IntegrityFailure, MemberctlError, NotFound, UsageProblem

if TYPE_CHECKING:
    import typer

    from memberctl.store.engine import Store
    from memberctl.store.keys import Keys
    from memberctl.store.manifest import Manifest
    from memberctl.store.trail import Checked, Problem

ENDING = ".backup"


@dataclass(frozen=True, slots=True)
class BackupMade:
    """A backup that passed its checks. rows -- in all tables; removed -- older ones, by --keep."""

    file: str
    manifest: str
    store: str
    schema: str
    at: datetime
    rows: int
    bytes: int
    sha256: str
    audit_seq: int
    audit_head: str
    problems: int
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BackupChecked:
    """What a backup was found to be. checked -- rows that were looked at."""

    checked: int
    problems: tuple[Problem, ...]
    file: str
    store: str
    schema: str
    at: datetime
    audit_seq: int
    audit_head: str


@dataclass(frozen=True, slots=True)
class BackupLine:
    """A backup in a folder. state -- "complete", or what is wrong with it at first sight."""

    file: str
    state: str
    at: datetime | None = None
    store: str | None = None
    schema: str | None = None
    rows: int | None = None
    bytes: int | None = None
    audit_seq: int | None = None


def make_backup(ctx: typer.Context, where: str, keep: int | None) -> BackupMade:
    """Copy the store, check the copy, and only then give it its name.

    Raises IntegrityFailure when the copy is not what the store was; what TargetFile raises.
    """
    from memberctl.store.manifest import manifest_path

    run: Run = ctx.obj
    with ExitStack() as undo:
        with look(ctx, "store.backup") as r:
            path = _place(where, run.store(), r.now)
            if keep is not None and not is_folder(where):
                raise UsageProblem("--keep needs a folder, in which older backups are removed")
            force = bool(run.options.force)
            file = TargetFile(str(path), force=force)
            undo.callback(file.discard)
            beside = TargetFile(str(manifest_path(path)), force=force)
            undo.callback(beside.discard)
            keys = r.keys()
            written = _copy(r, file.temporary)
        manifest = _judged(run.store(), written, file.temporary, keys).signed(keys)
        if not run.dry_run:
            with writing_in(path.parent):
                beside.stream.write(manifest.text())
                finish_together([file, beside])
    removed = () if keep is None or run.dry_run else _rotate(path.parent, manifest, keep)
    return _made(path, manifest, removed)


def _place(where: str, store: Store, now: datetime) -> Path:
    """Return the file to make: in a folder, one that is called after the store and the instant."""
    refuse_nameless(where, "the backup's name")
    path = Path(where)
    if not is_folder(where):
        return path
    name = store.path.stem if store.path is not None else store.database
    return path / f"{name}-{now:%Y%m%dT%H%M%SZ}{ENDING}"


def _copy(r: Reading, target: Path) -> Manifest:
    """Copy the moment that a session sees, and return what it holds; not yet signed."""
    from memberctl import __version__
    from memberctl.store.audit import head
    from memberctl.store.guard import schema_of, store_info
    from memberctl.store.manifest import Manifest

    store = r.run.store()
    way = way_of(store)
    raw: Any = r.session.connection().connection.driver_connection
    rows = way.row_counts(raw)
    way.copy_store(raw, target)
    seq, newest = head(r.session)
    return Manifest(
        store=store_info(r.session).store_id,
        schema=schema_of(r.session),
        engine=store.kind,
        version=__version__,
        at=r.now,
        rows=rows,
        size=0,
        sha256="",
        audit_seq=seq,
        audit_head=newest.hex(),
    )


def way_of(store: Store) -> Any:
    """Return the module that copies stores of this kind; both have the same functions."""
    from memberctl.store import backup, pgdump

    return backup if store.kind == "sqlite" else pgdump


def _judged(store: Store, written: Manifest, copy: Path, keys: Keys) -> Manifest:
    """Check a copy that was just made, and return its manifest with hash and problems."""
    from memberctl.store.manifest import digest_of

    with way_of(store).opened_copy(store, copy) as location:
        wrong = differences(location, written)
        if wrong:
            raise IntegrityFailure(
                f"the copy is not what the store was ({wrong[0].rule}, {wrong[0].object}); "
                "no backup was made"
            )
        # As deep as a restore looks: what it must not be surprised by is written down now.
        problems = soundness(location, keys, deep=True).problems
    size = copy.stat().st_size
    return replace(written, size=size, sha256=digest_of(copy), problems=len(problems))


def differences(location: str, manifest: Manifest) -> list[Problem]:
    """Return in what a copied store, of any schema, is not what its manifest says."""
    from memberctl.store.audit import head
    from memberctl.store.engine import Store
    from memberctl.store.trail import Problem

    store = Store(location)
    with store.reading() as session:
        raw: Any = session.connection().connection.driver_connection
        rows = way_of(store).row_counts(raw)
        seq, newest = head(session)
    found = [
        Problem("backup.rows", name, str(manifest.rows.get(name)), str(rows.get(name)))
        for name in sorted(manifest.rows.keys() | rows.keys())
        if manifest.rows.get(name) != rows.get(name)
    ]
    if (seq, newest.hex()) != (manifest.audit_seq, manifest.audit_head):
        found.append(Problem("backup.head", "audit log", str(manifest.audit_seq), str(seq)))
    return found


def soundness(location: str, keys: Keys, *, deep: bool) -> Checked:
    """Return what `db check` says of a copied store."""
    from memberctl.report.soundness import check_everything
    from memberctl.store.engine import Store

    with Store(location).reading() as session:
        return check_everything(session, keys, deep=deep)


def _made(path: Path, manifest: Manifest, removed: tuple[str, ...]) -> BackupMade:
    from memberctl.store.manifest import manifest_path

    return BackupMade(
        file=str(path),
        manifest=str(manifest_path(path)),
        store=manifest.store,
        schema=manifest.schema,
        at=manifest.at,
        rows=sum(manifest.rows.values()),
        bytes=manifest.size,
        sha256=manifest.sha256,
        audit_seq=manifest.audit_seq,
        audit_head=manifest.audit_head,
        problems=manifest.problems,
        removed=removed,
    )


def _rotate(folder: Path, made: Manifest, keep: int) -> tuple[str, ...]:
    """Remove all but the newest `keep` finished backups of the same store from a folder."""
    from memberctl.store.manifest import manifest_path

    own = [each for each in backups_in(str(folder)) if each.store == made.store]
    removed = []
    for old in own[keep:]:
        path = folder / old.file
        # First what makes it a backup: whatever happens next, no manifest stands alone.
        manifest_path(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        removed.append(old.file)
    return tuple(removed)


def backups_in(folder: str) -> list[BackupLine]:
    """Return the backups in a folder, the newest first; unfinished ones come last."""
    from memberctl.store.manifest import SUFFIX

    refuse_nameless(folder, "the folder's name")
    path = Path(folder)
    if not is_folder(folder):
        raise NotFound(
            "there is no such folder", hint="name the folder that memberctl backup create writes to"
        )
    names = {
        each.name.removesuffix(SUFFIX)
        for each in path.iterdir()
        if each.name.endswith((ENDING, SUFFIX))
    }
    lines = [_line(path / name) for name in sorted(names)]
    return sorted(
        lines, key=lambda each: (each.at is not None, each.at, each.file), reverse=True
    )  # fmt: skip


def _line(path: Path) -> BackupLine:
    from memberctl.store.manifest import read_manifest

    try:
        manifest = read_manifest(path)
    except MemberctlError as problem:
        return BackupLine(path.name, problem.message)
    size = path.stat().st_size
    return BackupLine(
        path.name,
        "complete" if size == manifest.size else "the size is not the manifest's",
        manifest.at,
        manifest.store,
        manifest.schema,
        sum(manifest.rows.values()),
        size,
        manifest.audit_seq,
    )


def check_backup(run: Run, file: str) -> BackupChecked:
    """Restore a backup to a place of its own and check it as deeply as a store can be checked.

    Raises IntegrityFailure for a file that is not the one of its manifest, KeyProblem without
    the key file, NoStore for a backup of a newer schema.
    """
    from memberctl.store.manifest import read_manifest, refuse_damaged, refuse_forged

    path = Path(file)
    manifest = read_manifest(path)
    refuse_damaged(path, manifest)
    with unpacked(run, path, manifest) as location:
        keys = keys_for(location, run.settings.key_dir)
        refuse_forged(manifest, keys)
        found = differences(location, manifest)
        bring_up_to_date(location)
        checked = soundness(location, keys, deep=True)
    return BackupChecked(
        checked.checked,
        (*found, *checked.problems),
        file,
        manifest.store,
        manifest.schema,
        manifest.at,
        manifest.audit_seq,
        manifest.audit_head,
    )


@contextmanager
def unpacked(run: Run, backup: Path, manifest: Manifest) -> Iterator[str]:
    """Give the place of a store that a backup was restored to for the time being."""
    from memberctl.store import backup as sqlite
    from memberctl.store import pgdump
    from memberctl.store.unfinished import new_folder

    if manifest.engine == "sqlite":
        with new_folder(Path(tempfile.gettempdir())) as folder:
            target = folder / "store.db"
            sqlite.copy_file(backup, target)
            yield str(target)
        return
    with pgdump.opened_copy(run.store(), backup) as location:
        yield location


def keys_for(location: str, key_dir: Path) -> Keys:
    """Return the keys of a store, whatever its schema is. Raises KeyProblem without them."""
    from sqlalchemy import text

    from memberctl.store.engine import Store
    from memberctl.store.keys import load_keys

    with Store(location).reading() as session:
        row = session.connection().execute(text("SELECT store_id, key_check FROM store_info")).one()
    return load_keys(key_dir, row.store_id, row.key_check)


def bring_up_to_date(location: str) -> None:
    """Upgrade a copied store that has an older schema. Raises NoStore for a newer one."""
    from memberctl.store.engine import Store
    from memberctl.store.guard import SCHEMA, refuse_newer, schema_of
    from memberctl.store.migrate import upgrade_in

    with Store(location).writing() as session:
        refuse_newer(schema_of(session))
        if schema_of(session) != SCHEMA:
            upgrade_in(session)
            session.commit()
