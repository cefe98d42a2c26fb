"""Acting for somebody else with their PIN: asked for, checked, and not to be guessed."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pexpect
import pytest

from memberctl.core.errors import Invalid
from memberctl.office.pins import MEMORY, WrongPin, checked_pin, refuse_guessing
from tests.program import PYTHON, Program

NOT_PERMITTED, USAGE, REFUSED = 5, 2, 6
PIN = "7q4-青山"
CLOCK = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    ["", "12345", "111111", "123456", "654321", "a" * 65, " 12a456", "12\x1b456", "1\n2345"],
)
def test_a_pin_that_could_be_guessed_or_not_typed_is_refused(wrong: str) -> None:
    with pytest.raises(Invalid):
        checked_pin(wrong)


@pytest.mark.parametrize("good", ["192837", "-q72ab", PIN, "1" + "2" * 63])
def test_any_other_pin_is_taken_as_it_is(good: str) -> None:
    assert checked_pin(good) == good


def test_after_five_wrong_pins_the_next_is_heard_when_the_first_is_a_quarter_old() -> None:
    wrong = [CLOCK + timedelta(minutes=n) for n in range(5)]
    refuse_guessing("li", wrong[:4], wrong[4])
    with pytest.raises(WrongPin, match="04:15 UTC"):
        refuse_guessing("li", wrong, wrong[4])
    refuse_guessing("li", wrong, wrong[0] + MEMORY)


def pin_file(memberctl: Program, pin: str, name: str = "pin") -> str:
    """Write a PIN into a file that nobody else can read."""
    path = memberctl.folder / name
    path.write_text(pin + "\n")
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def desk(memberctl: Program) -> Program:
    """A shared desk at which acting takes PINs; li has one."""
    memberctl.ok("staff", "pin", "li", "--pin-file", pin_file(memberctl, PIN))
    memberctl.ok("policy", "set", "acting", "pin")
    return memberctl


def test_acting_takes_the_pin_and_nothing_else_is_asked_for_it(desk: Program) -> None:
    good, wrong = pin_file(desk, PIN), pin_file(desk, "192837", "wrong")
    without = desk("member", "list", as_="li")
    assert without.exit == NOT_PERMITTED and "--pin-file" in without.err
    refused = desk("member", "list", "--pin-file", wrong, as_="li")
    assert refused.exit == NOT_PERMITTED and "192837" not in refused.err
    assert desk("member", "list", "--pin-file", good, as_="li").exit == 0
    assert desk("member", "list", "--pin-file", "-", as_="li", stdin=PIN + "\n").exit == 0
    assert desk("member", "list").exit == 0, "who acts for nobody needs none"
    nobody = desk("member", "list", "--pin-file", good, as_="wang")
    assert nobody.exit == NOT_PERMITTED and "memberctl staff pin wang" in nobody.err


def test_guessing_ends_after_five_and_neither_dry_run_nor_another_day_helps(desk: Program) -> None:
    wrong = pin_file(desk, "192837", "wrong")
    for more in ((), ("--dry-run",), ("--as-of", "2020-01-01"), (), ("--dry-run",)):
        line = ("branch", "add", "QQ01", "--name", "x", "--pin-file", wrong, *more)
        assert desk(*line, as_="li").exit == NOT_PERMITTED
    locked = desk("member", "list", "--pin-file", pin_file(desk, PIN), as_="li")
    assert locked.exit == NOT_PERMITTED and "5 wrong PINs" in locked.err
    log = desk.ok("audit", "log", "--event", "pin.wrong")
    assert {row["object"] for row in log} == {"li"} and len(log) >= 5


def test_a_pin_is_kept_as_argon2id_and_stands_nowhere_in_the_clear(shop: Program) -> None:
    shop.ok("staff", "pin", "li", "--pin-file", pin_file(shop, PIN))
    kept = b"".join(path.read_bytes() for path in Path(shop.location).parent.glob("store.db*"))
    assert b"$argon2id$" in kept
    assert PIN.encode() not in kept


def test_a_pin_is_set_by_oneself_or_the_owner_and_taken_away_again(desk: Program) -> None:
    desk.ok("policy", "set", "acting", "trusted")
    other = pin_file(desk, "827364", "other")
    assert desk("staff", "pin", "wang", "--pin-file", other, as_="li").exit == NOT_PERMITTED
    assert desk.ok("staff", "pin", "li", "--remove")["outcome"] == "updated"
    assert desk.ok("staff", "pin", "li", "--remove")["outcome"] == "unchanged"


def test_a_pin_file_that_others_can_read_or_that_is_none_is_refused(desk: Program) -> None:
    path = Path(pin_file(desk, PIN))
    path.chmod(0o644)
    assert desk("member", "list", "--pin-file", str(path), as_="li").exit == USAGE
    assert desk("member", "list", "--pin-file", "/nowhere", as_="li").exit == USAGE
    assert desk("member", "list", "--pin-file", str(desk.folder), as_="li").exit == USAGE
    empty = desk("member", "list", "--pin-file", pin_file(desk, "", "empty"), as_="li")
    assert empty.exit == REFUSED


def test_on_a_terminal_the_pin_is_asked_for_and_not_shown(shop: Program) -> None:
    shop.ok("staff", "pin", "li", "--pin-file", pin_file(shop, PIN))
    shop.ok("policy", "set", "acting", "pin")
    child = pexpect.spawn(
        PYTHON, ["-m", "memberctl", "branch", "list", "--as", "li"],
        env=shop.environment(), encoding="utf-8", timeout=30,
    )  # fmt: skip
    child.expect("PIN of li: ")
    time.sleep(0.2)
    child.sendline(PIN)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert PIN not in str(child.before) and "SH01" in str(child.before)


def test_no_variable_makes_somebody_another_person(shop: Program) -> None:
    """LOGNAME and its like are never asked; who a process runs as is (bad inputs 85)."""
    shop.ok("policy", "set", "acting", "off")
    pretended = dict.fromkeys(("LOGNAME", "USER", "USERNAME", "SUDO_USER", "UID"), "zhao")
    done = subprocess.run(
        [PYTHON, "-m", "memberctl", "policy", "set", "review_days", "6"],
        env={**shop.environment(), **pretended}, capture_output=True, check=True,
    )  # fmt: skip
    assert done.returncode == 0
    (newest, *_) = shop.ok("audit", "log", "--event", "policy.set", "--limit", "1")
    assert (newest["login"], newest["staff"]) == ("owner", "owner")
    assert shop("policy", "set", "review_days", "7", as_="zhao").exit == NOT_PERMITTED
