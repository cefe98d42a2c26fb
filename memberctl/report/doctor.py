"""What is wrong with this installation and its store, and how to mend it.

Works when the store is missing, locked, foreign or damaged: every check that cannot be made says
so and the others go on. Nothing is changed.
Source: cli.md `doctor`; reliability.md R7, R12, R13, R22.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from memberctl import __version__
from memberctl.core.dates import local_date, zone
from memberctl.core.errors import MemberctlError
from memberctl.report.rules import Check, Finding

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.engine import Store

OK, WARN, WRONG = Finding.OK, Finding.WARN, Finding.WRONG
MEBIBYTE = 1024 * 1024
LITTLE_ROOM = 1024 * MEBIBYTE
NO_ROOM = 100 * MEBIBYTE
LONG_WAL = 64 * MEBIBYTE
STRICT_SQLITE = (3, 37)
CLOCK_SLACK = timedelta(minutes=5)
LATE_IN_THE_YEAR = 11
KERNEL_LOCKS = Path("/proc/locks")


@dataclass(frozen=True, slots=True)
class Place:
    """What is examined: a store, where its key file should be, and what time it is.

    mail, sms -- how messages leave, as the tables of the configuration file say it
    """

    store: Store
    key_dir: Path
    now: datetime
    mail: Mapping[str, object] = field(default_factory=dict)
    sms: Mapping[str, object] = field(default_factory=dict)


def examine(place: Place) -> list[Check]:
    """Return every check, in an order in which the first that is wrong is to be mended first."""
    checks = [*_versions(place)]
    if place.store.path is not None:
        checks += _files(place.store.path)
    return [*checks, *_content(place)]


def _versions(place: Place) -> Iterator[Check]:
    yield Check("memberctl", OK, f"{__version__} on Python {platform.python_version()}")
    if place.store.kind != "sqlite":
        return
    if sqlite3.sqlite_version_info < STRICT_SQLITE:
        yield Check("sqlite", WRONG, sqlite3.sqlite_version, "install SQLite 3.37 or newer")
    else:
        yield Check("sqlite", OK, sqlite3.sqlite_version)


def _files(path: Path) -> Iterator[Check]:
    """Look at the store's files without opening a database."""
    yield _free_disk(path)
    if not path.exists():
        return
    yield _mode("store file", path)
    wal = path.with_name(path.name + "-wal")
    if wal.exists():
        yield _wal(wal)
    lock = path.with_name(path.name + ".lock")
    if lock.exists():
        yield _mode("lock file", lock)
        yield _lock_holder(lock)


def _free_disk(path: Path) -> Check:
    folder = next((each for each in path.absolute().parents if each.is_dir()), Path("/"))
    free = shutil.disk_usage(folder).free
    state = WRONG if free < NO_ROOM else WARN if free < LITTLE_ROOM else OK
    mend = "" if state is OK else f"make room on the disk that holds {folder}"
    return Check("free disk", state, f"{free // MEBIBYTE} MiB", mend)


def _mode(what: str, path: Path) -> Check:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Check(what, WARN, f"others may open it (mode {mode:04o})", f"chmod 600 {path}")
    if not os.access(path, os.R_OK | os.W_OK):
        return Check(what, WRONG, f"you may not read and write {path}", f"chown or chmod {path}")
    return Check(what, OK, f"{path} (mode {mode:04o})")


def _wal(wal: Path) -> Check:
    size = wal.stat().st_size
    said = f"{size // MEBIBYTE} MiB wait to be moved into the store"
    if size > LONG_WAL:
        return Check("wal", WARN, said, "end the command that has been reading for long")
    return Check("wal", OK, said)


def _lock_holder(lock: Path) -> Check:
    """Say who is writing. The shared lock is held for an instant and stops nobody."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as problem:
        return Check("lock", WRONG, f"cannot be opened: {problem.strerror}", f"look at {lock}")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holding_process(os.fstat(descriptor).st_ino)
        return Check("lock", WARN, f"a command is writing{holder}", "wait for it, or run ps")
    else:
        return Check("lock", OK, "nobody is writing")
    finally:
        os.close(descriptor)


def _holding_process(inode: int) -> str:
    """Return ", process N" where the kernel tells, else nothing."""
    try:
        lines = KERNEL_LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return ""
    for line in lines:
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
            return f", process {fields[4]}"
    return ""


def _content(place: Place) -> list[Check]:
    """Look into the store as any command would; what refuses a command is what is wrong."""
    checks: list[Check] = []
    try:
        with place.store.reading() as session:
            checks += _engine(place.store, session)
            checks += _identity(place, session)
            checks += [_clock(place, session), *_calendar(place, session)]
            checks += _ways_out(place, session)
    except MemberctlError as problem:
        checks.append(_said("store", problem))
    return checks


def _said(check: str, problem: MemberctlError) -> Check:
    return Check(check, WRONG, problem.message, problem.hint or "memberctl db check")


def _engine(store: Store, session: Session) -> Iterator[Check]:
    connection = session.connection()
    if store.kind == "sqlite":
        yield _setting(session, "journal_mode", "wal", "sqlite3 STORE 'PRAGMA journal_mode=WAL'")
        yield _setting(session, "foreign_keys", "1", "report this as a bug")
        return
    version = connection.exec_driver_sql("SHOW server_version").scalar_one()
    yield Check("postgresql", OK, str(version))
    durable = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    if durable == "off":
        yield Check(
            "synchronous_commit", WRONG, "off: the server may lose acknowledged payments",
            "ALTER DATABASE ... SET synchronous_commit = on",
        )  # fmt: skip
    else:
        yield Check("synchronous_commit", OK, str(durable))


def _setting(session: Session, name: str, wanted: str, mend: str) -> Check:
    found = str(session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one())
    if found == wanted:
        return Check(name, OK, found)
    return Check(name, WRONG, f"{found}, not {wanted}", mend)


def _identity(place: Place, session: Session) -> Iterator[Check]:
    """Look at schema and key file; raises NoStore and IntegrityFailure as every command does."""
    from memberctl.store.guard import SCHEMA, store_info
    from memberctl.store.keys import key_path, load_keys

    info = store_info(session)
    yield Check("schema", OK, SCHEMA)
    try:
        load_keys(place.key_dir, info.store_id, info.key_check)
    except MemberctlError as problem:
        yield _said("key file", problem)
    else:
        yield Check("key file", OK, str(key_path(place.key_dir, info.store_id)))


def _clock(place: Place, session: Session) -> Check:
    """Compare the clock with the newest thing that was done: it may not lie in the future."""
    from sqlmodel import col, func, select

    from memberctl.store.tables import AuditRow

    newest = session.exec(select(func.max(col(AuditRow.at)))).one()
    shown = f"{place.now:%Y-%m-%d %H:%M} UTC"
    if newest is not None and newest > place.now + CLOCK_SLACK:
        last = f"{newest:%Y-%m-%d %H:%M} UTC"
        return Check("clock", WARN, f"{shown}, but something was done at {last}", "set the clock")
    return Check("clock", OK, shown)


def _calendar(place: Place, session: Session) -> Iterator[Check]:
    """Deadlines need this year's working days, and from November on next year's."""
    from sqlmodel import select

    from memberctl.office.queries import organisation
    from memberctl.office.tables import CalendarYear

    today = local_date(place.now, zone(organisation(session).zone))
    known = set(session.exec(select(CalendarYear.year)))
    needed = {today.year: WRONG}
    if today.month >= LATE_IN_THE_YEAR:
        needed[today.year + 1] = WARN
    for year, gravity in needed.items():
        if year in known:
            yield Check("calendar", OK, f"{year} is there")
        else:
            yield Check("calendar", gravity, f"{year} is missing", f"memberctl calendar add {year}")


def _ways_out(place: Place, session: Session) -> Iterator[Check]:
    """Say of each service that sends messages whether it can, and how many wait for it."""
    from memberctl.message.rules import Channel
    from memberctl.message.sending import count_left
    from memberctl.message.settings import HINT as HELP

    for channel, way in ((Channel.EMAIL, _mail_way), (Channel.SMS, _sms_way)):
        waiting = count_left(session, channels=(channel,))
        waits = f"{waiting} message{' waits' if waiting == 1 else 's wait'}"
        try:
            named, missing = way(place)
        except MemberctlError as problem:
            yield Check(channel, WRONG, f"{problem.message}; {waits}", problem.hint or HELP)
            continue
        if named:
            yield Check(channel, OK, f"{named}; {waits}")
        elif waiting:
            yield Check(channel, WARN, f"{missing}; {waits}", HELP)
        else:
            yield Check(channel, OK, f"not used: {missing}; {waits}")


def _mail_way(place: Place) -> tuple[str, str]:
    """Return what sends e-mail, or "" and which settings are missing. Raises UsageProblem."""
    from memberctl.message.settings import mail_settings, read_secret

    found = mail_settings(place.mail)
    if found is None:
        return "", "[mail] host and sender are missing"
    if found.password_file is not None:
        read_secret(found.password_file)
    return f"{found.host}, port {found.port}", ""


def _sms_way(place: Place) -> tuple[str, str]:
    """Return what sends SMS, or "" and which settings are missing. Raises UsageProblem."""
    from memberctl.message.settings import read_secret, sms_settings

    found = sms_settings(place.sms)
    if found is None:
        return "", "[sms] command or webhook is missing"
    if found.token_file is not None:
        read_secret(found.token_file)
    # Neither the words of a command nor an address are shown: both may hold a token.
    return "a command" if found.command else "a webhook", ""
