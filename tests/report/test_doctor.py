"""What doctor sees, on stores that are well and on stores that are not. Source: R7, R12, R13."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memberctl.message.rules import Channel
from memberctl.report.doctor import Place, examine
from memberctl.report.rules import Check, Finding
from memberctl.store.engine import Store
from tests.message.queueing import queue, receipt, with_members
from tests.program import Program
from tests.stores import Grounds

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
Examine = Callable[..., dict[str, Check]]


@pytest.fixture
def store_file(grounds: Grounds, tmp_path: Path) -> Path:
    path = Path(grounds.sqlite_copy(tmp_path / "club.db"))
    path.chmod(0o600)
    return path


@pytest.fixture
def look_at(grounds: Grounds) -> Examine:
    def run(path: Path, *, key_dir: Path | None = None, now: datetime = NOW) -> dict[str, Check]:
        place = Place(Store(str(path)), key_dir or grounds.key_dir / "sqlite", now)
        return {check.check: check for check in examine(place)}

    return run


def test_a_store_that_is_well_has_nothing_to_mend(memberctl: Program) -> None:
    if not memberctl.location.startswith("postgresql"):
        Path(memberctl.location).chmod(0o600)
    result = memberctl("doctor", "--format", "json")
    assert result.exit == 0, result.out
    assert {check["state"] for check in result.json} == {"ok"}
    assert {"schema", "key file", "clock", "calendar"} <= {check["check"] for check in result.json}


def test_a_missing_store_is_wrong_and_the_command_that_makes_one_is_named(
    look_at: Examine, tmp_path: Path
) -> None:
    found = look_at(tmp_path / "none" / "club.db")
    assert (found["store"].state, found["store"].mend) == (Finding.WRONG, "memberctl init")
    assert found["sqlite"].state is Finding.OK


def test_doctor_ends_with_8_without_a_store_and_writes_none(shop: Program) -> None:
    missing = shop.folder / "missing.db"
    assert shop("doctor", "--db", str(missing)).exit == 8
    assert not missing.exists()


def test_another_programs_database_is_wrong_and_stays_as_it_is(
    look_at: Examine, tmp_path: Path
) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    before = path.read_bytes()
    assert look_at(path)["store"].state is Finding.WRONG
    assert path.read_bytes() == before


def test_files_that_others_may_open_are_named_with_the_command_that_closes_them(
    look_at: Examine, store_file: Path
) -> None:
    store_file.chmod(0o644)
    lock = store_file.with_name("club.db.lock")
    lock.touch(mode=0o666)
    lock.chmod(0o666)
    found = look_at(store_file)
    assert found["store file"].mend == f"chmod 600 {store_file}"
    assert found["lock file"].state is Finding.WARN


def test_a_missing_and_an_open_key_file_are_wrong(
    look_at: Examine, store_file: Path, tmp_path: Path
) -> None:
    missing = look_at(store_file, key_dir=tmp_path / "nowhere")["key file"]
    assert (missing.state, "restore" in missing.mend) == (Finding.WRONG, True)


def test_a_command_that_is_writing_is_named_by_its_process(
    look_at: Examine, store_file: Path
) -> None:
    lock = store_file.with_name("club.db.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        held = look_at(store_file)
    finally:
        os.close(descriptor)
    assert held["lock"].state is Finding.WARN
    assert "writing" in held["lock"].what
    assert held["schema"].state is Finding.OK
    assert look_at(store_file)["lock"].state is Finding.OK


def test_a_store_that_lost_its_wal_mode_is_wrong(look_at: Examine, store_file: Path) -> None:
    with sqlite3.connect(store_file) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    assert look_at(store_file)["journal_mode"].state is Finding.WRONG


def test_an_older_schema_is_wrong_and_upgrade_is_named(look_at: Examine, store_file: Path) -> None:
    with sqlite3.connect(store_file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    assert look_at(store_file)["store"].mend == "memberctl db upgrade"


def test_a_clock_behind_the_newest_entry_is_a_warning(shop: Program, look_at: Examine) -> None:
    shop.ok("card", "stock", "SH01", "--add", "5")
    found = look_at(Path(shop.location), now=datetime(2019, 1, 1, tzinfo=UTC))
    assert found["clock"].state is Finding.WARN


def test_a_missing_year_is_wrong_now_and_a_warning_late_in_the_year_before(
    look_at: Examine, store_file: Path
) -> None:
    def years(now: datetime) -> Check:
        return look_at(store_file, now=now)["calendar"]

    assert years(datetime(2027, 10, 31, tzinfo=UTC)).state is Finding.OK
    late = years(datetime(2027, 11, 2, tzinfo=UTC))
    assert (late.state, late.mend) == (Finding.WARN, "memberctl calendar add 2028")
    assert years(datetime(2028, 1, 2, tzinfo=UTC)).state is Finding.WRONG


def test_a_damaged_file_is_reported_and_not_a_crash(look_at: Examine, store_file: Path) -> None:
    content = bytearray(store_file.read_bytes())
    content[100:4096] = b"\xff" * 3996
    store_file.write_bytes(bytes(content))
    assert look_at(store_file)["store"].state is Finding.WRONG


MAIL = '[mail]\nhost = "mail.example.org"\nsender = "club@example.org"\n'


def ways(memberctl: Program, tables: str = "") -> dict[str, tuple[str, str, str]]:
    """Return what doctor says of e-mail and of SMS when the configuration file has `tables`."""
    config = memberctl.folder / "config.toml"
    config.write_text(f'key_dir = "{memberctl.key_dir}"\n{tables}')
    checks = memberctl("doctor", "--format", "json").json
    found = {check["check"]: (check["state"], check["what"], check["mend"]) for check in checks}
    return {channel: found[channel] for channel in ("email", "sms")}


def test_a_service_that_is_not_set_up_is_fine_while_nothing_waits_for_it(
    memberctl: Program,
) -> None:
    assert ways(memberctl) == {
        "email": ("ok", "not used: [mail] host and sender are missing; 0 messages wait", ""),
        "sms": ("ok", "not used: [sms] command or webhook is missing; 0 messages wait", ""),
    }


def test_what_waits_is_counted_with_the_setting_that_is_missing_and_the_next_command(
    memberctl: Program,
) -> None:
    with_members(memberctl, 2)
    queue(memberctl, receipt(1), receipt(2, n=2), receipt(1, channel=Channel.SMS))
    hint = "memberctl help messages"
    missing = ways(memberctl)
    assert missing["email"] == (
        "warn", "[mail] host and sender are missing; 2 messages wait", hint,
    )  # fmt: skip
    assert missing["sms"] == ("warn", "[sms] command or webhook is missing; 1 message waits", hint)
    assert memberctl("doctor").exit == 3
    half = ways(memberctl, '[mail]\nhost = "mail.example.org"\n')["email"]
    assert half == (
        "wrong", "configuration file, [mail]: sender is missing; 2 messages wait", hint,
    )  # fmt: skip
    assert ways(memberctl, MAIL)["email"] == (
        "ok", "mail.example.org, port 587; 2 messages wait", "",
    )  # fmt: skip


def test_a_password_file_that_others_can_read_is_wrong_and_no_token_is_shown(
    memberctl: Program, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim\n")
    secret.chmod(0o644)
    found = ways(
        memberctl,
        f'{MAIL}user = "club"\npassword_file = "{secret}"\n'
        '[sms]\nwebhook = "https://sms.example.org/token/9f3c"\n',
    )
    assert (found["email"][0], found["email"][2]) == ("wrong", f"chmod 600 {secret}")
    assert "can be read by others" in found["email"][1]
    assert found["sms"] == ("ok", "a webhook; 0 messages wait", "")
