"""The long figures of what is kept secret, erased, signed and dated: R10, R11, R16, R19 to R22."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from pathlib import Path
from zoneinfo import available_timezones

from hypothesis import given, settings

from tests.archive.test_erasing import WHY, remains
from tests.archive.test_erasing import canary as somebody
from tests.message.mailserver import MailServer
from tests.program import Program
from tests.reliability import test_r19_hostile as hostile
from tests.reliability.test_r10_outbox import all_is_brought, kill_senders, prepare, server
from tests.reliability.test_r11_daily import STARTS, club, end_of_all, start_together
from tests.reliability.test_r16_tampering import anchor_in, tamper
from tests.reliability.test_r20_canary import assert_nothing_is_shown, canary
from tests.reliability.test_r22_clock import last_minute, machine_in
from tests.soak.conftest import Report
from tests.stores import Grounds

__all__ = ["canary", "club", "server"]

SENDERS, EDITS, TEXTS, ERASED, ZONES = 200, 400, 2_000, 40, 60
FORMS = ("json", "table", "csv", "tsv", "md", "html", "plain")
# What may be written into each column of a link; the key's owner alone can sign it.
COLUMNS = {
    "at": "'2020-01-01T00:00:00.000000+00:00'", "login": "'sun'", "staff": "'sun'",
    "command": "'x'", "event": "'x'", "object": "'x'", "facts": "'{}'", "account": "'x'",
    "mac": "randomblob(32)", "prev": "randomblob(32)",
}  # fmt: skip


def test_two_hundred_killed_senders(
    shop: Program, server: MailServer, tmp_path: Path, dice: random.Random, told: Report
) -> None:
    once = prepare(shop, server, SENDERS * 3)
    kill_senders(shop, server, tmp_path, dice, SENDERS)
    all_is_brought(shop, server, once, SENDERS)
    copies = sum(count - 1 for count in Counter(each.id for each in server.received).values())
    told("R10", f"{SENDERS} killed senders, {SENDERS * 3} messages", f"0 lost, {copies} copies")
    assert copies <= SENDERS


def test_daily_runs_that_start_at_once(club: Program, told: Report) -> None:
    codes = end_of_all(club, start_together(club))
    told("R11", f"{STARTS} daily runs at once", f"exits {dict(codes)}")
    assert codes == {0: 1, 75: STARTS - 1}


def test_four_hundred_edits_of_the_audit_log(
    shop: Program, tmp_path: Path, dice: random.Random, told: Report
) -> None:
    _, kept = anchor_in(shop)
    anchored = shop.ok("audit", "verify", "--anchors", str(kept))["checked"] - 3
    with sqlite3.connect(shop.location) as connection:
        there = {row[1] for row in connection.execute("PRAGMA table_info(audit)")}
    connection.close()
    edited = Program(str(tmp_path / "edited.db"), shop.key_dir, shop.folder)
    found = 0
    for _ in range(EDITS):
        shutil.copy(shop.location, edited.location)
        seq, column = dice.randint(1, anchored), dice.choice(sorted(COLUMNS.keys() & there))
        edit = f"UPDATE audit SET {column} = {COLUMNS[column]} WHERE seq = {seq}"
        tamper(edited, [dice.choice((edit, edit, f"DELETE FROM audit WHERE seq = {seq}"))])
        same = rows(edited) == rows(shop)
        found += same or edited("audit", "verify", "--anchors", str(kept)).exit == 8
    told("R16", f"{EDITS} edits before the anchor", f"{found} found")
    assert found == EDITS


def rows(program: Program) -> list[tuple[object, ...]]:
    """Return the whole audit log; an edit may write what was there already."""
    connection = sqlite3.connect(program.location)
    found = connection.execute("SELECT * FROM audit ORDER BY seq").fetchall()
    connection.close()
    return found


def test_a_hundred_thousand_texts(told: Report) -> None:
    judged = Counter[str]()

    @settings(max_examples=TEXTS, deadline=None)
    @given(hostile.TEXTS)
    def judge(texts: list[str]) -> None:
        hostile.assert_kept_or_refused(texts)
        judged["texts"] += len(texts)

    judge()
    told("R19", f"{judged['texts']} texts", "0 acted")
    assert judged["texts"] >= 100_000


def test_the_canary_in_every_format(canary: tuple[Program, dict[str, str]], told: Report) -> None:
    runs = assert_nothing_is_shown(*canary, FORMS)
    told("R20", f"{runs} runs over a canary, {len(FORMS)} formats", "0 times it is seen")


def test_people_are_erased_one_after_the_other(shop: Program, told: Report) -> None:
    left = 0
    for number in range(ERASED):
        shop.ok("member", "erase", somebody(shop, f"E{number}"), *WHY)
        left += len(remains(shop.folder))
    told("R21", f"{ERASED} people erased", f"{left} of their data left in any file")
    assert left == 0


def test_many_zones_of_the_machine(
    grounds: Grounds, tmp_path: Path, dice: random.Random, told: Report
) -> None:
    here = last_minute(grounds, tmp_path / "here")
    unlike = []
    for zone in dice.sample(sorted(available_timezones()), ZONES):
        folder = tmp_path / zone.replace("/", "-")
        with machine_in(zone):
            if last_minute(grounds, folder) != here:
                unlike.append(zone)
        shutil.rmtree(folder)
    told("R22", f"{ZONES} zones of the machine", f"{len(unlike)} unlike")
    assert unlike == []


def test_every_promise_has_a_row() -> None:
    folder = Path(__file__).parent
    words = "".join(path.read_text(encoding="utf-8") for path in folder.glob("test_*.py"))
    assert [n for n in range(1, 26) if f'"R{n}"' not in words] == []
