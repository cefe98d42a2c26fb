"""The promises' long figures: the same functions as at the gate, with bigger numbers."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from memberctl.store.engine import Store
from tests.daily.test_year import live_a_year
from tests.message.mailserver import MailServer
from tests.message.test_sending import send_until_it_goes_away
from tests.program import Program
from tests.reliability import test_r07_readers as readers
from tests.reliability.money_actions import wander
from tests.reliability.money_desk import Ground
from tests.reliability.money_machine import MoneyMachine
from tests.reliability.promises import assert_sound
from tests.reliability.terminals import terminal
from tests.reliability.test_r01_kill import kill_writers
from tests.reliability.test_r03_keys import send_keys
from tests.reliability.test_r04_races import AMOUNT, TILLS, race
from tests.reliability.test_r05_money import ground
from tests.reliability.test_r06_many_terminals import FAIREST, SLOWEST, write_together
from tests.reliability.test_r09_dry_runs import random_files, run_dry_and_really
from tests.reliability.test_r09_dry_runs import told as said
from tests.reliability.test_r15_damage import a_copy, checked, flip_values, named, strike_file
from tests.reliability.test_r15_damage import ground as damaged
from tests.reliability.test_r18_signals import CODES, interrupt
from tests.reliability.test_r23_engines import assert_equal, live, shops
from tests.soak.conftest import Report
from tests.warm import WarmProgram

__all__ = ["damaged", "ground", "shops"]

MONEY_STEPS = 60
MONEY_PARTS: dict[str, tuple[int, tuple[str, ...]]] = {  # How many, and to whom people come.
    "everything": (1_000, ()),
    "terms": (300, ("AtTerms", "AtPayments", "AtRefunds", "MoneyMachine")),
    "merges": (300, ("AtMerges", "AtTerms", "AtCredit", "AtPayments")),
    "statements": (300, ("AtBank", "AtTerms", "AtRefunds", "AtPayments")),
}
CLUB = 5_000
MESSAGES, BEFORE_DOWN = 2_000, 500

NARROW = "UPDATE counter SET value = value + 1 WHERE name = 'branch'"


def test_a_thousand_kills(shop: Program, tmp_path: Path, dice: random.Random, told: Report) -> None:
    acknowledged, lost = kill_writers(shop, tmp_path, dice, 1_000)
    told("R1", f"1000 kills, {acknowledged} acknowledged", f"{lost} lost")
    assert lost == 0
    assert_sound(shop)


def test_many_keys_from_many_terminals(memberctl: Program, told: Report) -> None:
    send_keys(memberctl, 32, 200)
    payments = len(memberctl.ok("payment", "list"))
    told("R3", "32 terminals, 200 keys", f"{payments} payments")
    assert payments == 200
    assert_sound(memberctl)


def test_long_races_for_money(memberctl: Program, told: Report) -> None:
    failures, sums = race(memberctl, "guarded", each=100)
    told("R4", f"{TILLS} tills, {TILLS * 100} payments", f"{len(failures)} failures, {sums}")
    assert failures == []
    assert sums["applied"] == sums["credit"] == TILLS * 100 * AMOUNT // 2
    assert_sound(memberctl)


@pytest.mark.parametrize("thinking", [0.25, 0.0])
def test_a_crowd_that_writes_without_a_pause(
    memberctl: Program, thinking: float, told: Report
) -> None:
    took, counts, failures = write_together(memberctl, "guarded", 32, 60.0, thinking)
    slow = took[len(took) * 99 // 100]
    told(
        "R6", f"32 terminals, pause {thinking} s, {len(took)} writes",
        f"p99 {slow:.3f} s, least/most {counts[0] / counts[-1]:.2f}, {len(failures)} failures",
    )  # fmt: skip
    assert failures == []
    if thinking:  # Without a pause the figures are for reading: nobody works like that.
        assert slow <= SLOWEST
        assert counts[0] / counts[-1] >= FAIREST
    assert_sound(memberctl)


def test_a_lock_that_is_never_given_back_ends_in_11_and_changes_nothing(
    shop: Program, tmp_path: Path, told: Report
) -> None:
    with Store(shop.location).writing() as session:
        session.connection()
        began = time.monotonic()
        waiting = terminal(shop, "branch", "add", "B1", "--name", "x", folder=tmp_path / "w")
        code = waiting.end()
        assert 29 <= time.monotonic() - began <= 45
    told("R6", "a lock held for longer than 30 s", f"exit {code}")
    assert code == 11
    assert "nothing was done" in waiting.err
    assert [row["code"] for row in shop.ok("branch", "list")] == ["BJ01", "SH01"]


def test_twenty_thousand_writes_beside_a_stopped_pager(shop: Program, told: Report) -> None:
    lines = "".join(f"policy set review_days {5 + n % 2}\n" for n in range(600))
    assert shop("batch", stdin=lines).exit == 0
    listing = shop.start("audit", "log", "--format", "json")
    assert listing.stdout is not None
    assert listing.stdout.read(1) == b"{"
    longest = readers.write_and_watch(shop, 20_000, NARROW)
    listing.stdout.read()
    assert listing.wait(timeout=30) == 0
    told("R7", "20000 writes beside a stopped pager", f"WAL at most {longest / 2**20:.1f} MB")
    assert longest <= readers.WAL_LIMIT


def test_a_thousand_random_files(
    memberctl: Program, tmp_path: Path, dice: random.Random, told: Report
) -> None:
    paths = random_files(tmp_path, dice, 1_000)
    pairs = run_dry_and_really(memberctl, paths)
    unlike = [
        path for path, (dry, real) in zip(paths, pairs, strict=True) if said(dry) != said(real)
    ]
    told("R9", "1000 random files, dry and really", f"{len(unlike)} unlike")
    assert unlike == []


def test_four_thousand_flipped_bits(
    damaged: Program, tmp_path: Path, dice: random.Random, told: Report
) -> None:
    missed = 0
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        program = a_copy(damaged, folder)
        flips = flip_values(program.location, dice, 400)
        _, problems = checked(program)
        missed += len({(table, row) for table, row, _ in flips} - set(named(problems)))
    told("R15", "4000 flipped values", f"{missed} rows not named")
    (tmp_path / "file").mkdir()
    changed, unseen = strike_file(damaged, tmp_path / "file", dice, 300)
    told("R15", f"300 flipped bits of the file, {changed} of them felt", f"{unseen} not found")
    assert (missed, unseen) == (0, 0)


def test_five_hundred_signals(
    shop: Program, tmp_path: Path, dice: random.Random, told: Report
) -> None:
    ended = interrupt(shop, tmp_path, dice, 500)
    stored = {row["code"] for row in shop.ok("branch", "list")}
    wrong = [
        code
        for code, (command, sent, exit_code) in ended.items()
        if exit_code not in {0, 14, CODES[sent], -sent}
        or (code in stored) != (exit_code in {0, 14})
        or "Traceback" in command.err
    ]
    told("R18", "500 signals at random times", f"{len(wrong)} wrong")
    assert wrong == []


def test_two_thousand_histories_on_both_engines(
    shops: dict[str, WarmProgram], dice: random.Random, told: Report
) -> None:
    succeeded = live(shops, dice, 2_000)
    assert_equal(shops)
    told("R23", f"2000 random histories, {succeeded} lines done", "equal answers and stores")


@pytest.mark.parametrize("engine_kind", ["sqlite"])
@pytest.mark.parametrize("what", MONEY_PARTS)
def test_money_is_what_the_model_says_in_long_histories(
    ground: Ground, what: str, dice: random.Random, told: Report
) -> None:
    histories, parts = MONEY_PARTS[what]
    for _ in range(histories):
        wander(MoneyMachine(ground), random.Random(dice.randrange(2**32)), MONEY_STEPS, parts)
    left = ground.session.scalar(text("SELECT COUNT(*) FROM payment"))
    assert left == 0, "a history was not forgotten, so the next one began elsewhere"
    told("R5", f"{histories} histories of {MONEY_STEPS} steps, {what}", "0 contradictions")


def test_a_year_of_daily_runs_over_a_big_club(
    shop: Program, dice: random.Random, told: Report
) -> None:
    began = time.monotonic()
    said = live_a_year(shop, CLUB, dice)
    took = time.monotonic() - began
    told("N1-N4", f"{CLUB} members, a year, {len(said)} reminders", f"each once, {took:.0f} s")
    assert len(said) > 2 * CLUB


def test_77_a_server_down_after_500_of_2000_leaves_1500_and_repeats_none(
    club: WarmProgram, server: MailServer, told: Report
) -> None:
    send_until_it_goes_away(club, server, MESSAGES, BEFORE_DOWN)
    assert len(server.received) == MESSAGES
    told("77", f"{MESSAGES} messages, down after {BEFORE_DOWN}", "each once")
