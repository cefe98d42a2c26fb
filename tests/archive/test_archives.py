"""Rules G4, mission S3.12: orders leave a sealed file by quarter; looking takes two people."""

from __future__ import annotations

import hashlib
import json
import stat
from datetime import date
from pathlib import Path

import pytest

from memberctl.archive.access import parse_quarter, quarter_ends
from memberctl.core.errors import Invalid, RuleRefused
from tests import histories
from tests.program import Program

PHONE = "13912345678"


@pytest.mark.parametrize(
    ("quarter", "ends"),
    [("2026Q1", date(2026, 3, 31)), ("2026Q4", date(2026, 12, 31)), ("2024Q2", date(2024, 6, 30))],
)
def test_a_quarter_ends_with_its_third_month(quarter: str, ends: date) -> None:
    assert quarter_ends(quarter) == ends


def test_only_a_quarter_that_is_over_is_archived() -> None:
    assert parse_quarter(" 2026-q1 ", today=date(2026, 4, 1)) == "2026Q1"
    with pytest.raises(RuleRefused):
        parse_quarter("2026Q1", today=date(2026, 3, 31))
    for wrong in ("2026Q5", "2026", "Q1", "２０２６Q1", "", "9" * 5000):
        with pytest.raises(Invalid):
            parse_quarter(wrong, today=date(2026, 4, 1))


def archived(memberctl: Program, folder: Path) -> tuple[str, str]:
    """Let an order of somebody known be archived; return its number and the member's."""
    member = memberctl.ok(
        "member", "register", "金丝雀", "--phone", PHONE, "--address", "长乐路4711弄", as_="li"
    )["number"]
    order = histories.a_join_order(memberctl, member)
    histories.confirm(memberctl, order)
    histories.pay(memberctl, order, "3650.00")
    histories.a_join_order(memberctl, histories.a_member(memberctl))
    memberctl.now = "2026-04-01T10:00:00+08:00"
    folder.mkdir()
    made = memberctl.ok("archive", "create", "--quarter", "2026Q1", "--to", str(folder))
    assert (made["orders"], made["left"]) == (1, 1)
    return order, member


def test_an_archive_is_read_only_indexed_and_says_nothing_by_itself(
    memberctl: Program, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    order, member = archived(memberctl, folder)
    files = {path.suffix: path for path in folder.iterdir()}
    assert {path.name for path in folder.iterdir()} == {
        "archive-2026Q1.jsonl", "archive-2026Q1.index.csv", "archive-2026Q1.sha256",
    }  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o400}
    everything = b"".join(path.read_bytes() for path in files.values())
    for secret in (PHONE, "金丝雀", "4711"):
        assert secret.encode() not in everything
    assert order in files[".csv"].read_text() and member in files[".csv"].read_text()
    digest = hashlib.sha256(files[".jsonl"].read_bytes()).hexdigest()
    assert f"{digest}  archive-2026Q1.jsonl" in files[".sha256"].read_text()
    assert memberctl.ok("archive", "verify", "2026Q1")["problems"] == []
    again = memberctl("archive", "create", "--quarter", "2026Q1", "--to", str(folder))
    assert again.exit == 7
    assert memberctl.ok("db", "check", "--deep")["problems"] == []


def test_looking_takes_a_request_another_person_and_time_and_is_recorded(
    memberctl: Program, tmp_path: Path
) -> None:
    order, _ = archived(memberctl, tmp_path / "archive")
    why = ("--reason", "dispute")
    assert memberctl.ok("archive", "request", order, *why, as_="zhao")["number"] == "AR-000001"
    assert memberctl("archive", "request", order, *why, as_="zhao").exit == 7
    assert memberctl("archive", "view", "AR-000001", as_="zhao").exit == 6
    assert memberctl("archive", "approve", "AR-000001", as_="zhao").exit == 5
    assert memberctl("archive", "approve", "AR-000001", as_="sun").exit == 5
    approved = memberctl.ok("archive", "approve", "AR-000001")
    assert approved["until_on"] == "2026-04-08"
    assert memberctl("archive", "view", "AR-000001", as_="li").exit == 5
    shown = memberctl("archive", "view", "AR-000001", "--format", "json", as_="zhao")
    assert shown.json["orders"][0]["number"] == order
    assert shown.json["payment"][0]["amount_minor"] == 365000
    assert PHONE not in shown.out
    clear = memberctl("archive", "view", "AR-000001", "--reveal", "called", "--format", "json",
                      as_="zhao")  # fmt: skip
    assert PHONE in clear.out
    (line,) = memberctl.ok("archive", "requests")
    assert (line["views"], line["state"]) == (2, "approved")
    viewed = memberctl.ok("audit", "log", "--event", "archive.viewed")
    assert [each["object"] for each in viewed] == [order, order]
    memberctl.now = "2026-04-09T10:00:00+08:00"
    late = memberctl("archive", "view", "AR-000001", as_="zhao")
    assert (late.exit, "ended on 2026-04-08" in late.err) == (6, True)
    assert memberctl("archive", "approve", "AR-000001").exit == 6


def test_a_refused_request_opens_nothing(shop: Program, tmp_path: Path) -> None:
    order, _ = archived(shop, tmp_path / "archive")
    shop.ok("archive", "request", order, "--reason", "curious", as_="zhao")
    shop.ok("archive", "refuse", "AR-000001")
    assert shop("archive", "view", "AR-000001", as_="zhao").exit == 6
    waiting = histories.a_join_order(shop, histories.a_member(shop))
    assert shop("archive", "request", waiting, "--reason", "x", as_="zhao").exit == 4


def test_whoever_is_erased_is_erased_in_the_archive(shop: Program, tmp_path: Path) -> None:
    order, member = archived(shop, tmp_path / "archive")
    shop.ok("archive", "request", order, "--reason", "dispute", as_="zhao")
    shop.ok("archive", "approve", "AR-000001")
    shop.ok("member", "erase", member, "--reason", "asked", "--force", "--yes")
    shown = shop.ok("archive", "view", "AR-000001", as_="zhao")
    assert shown == {"order": order, "request": "AR-000001", "erased": True}
    assert shop.ok("archive", "verify", "2026Q1")["problems"] == []


@pytest.mark.parametrize("end", [".jsonl", ".index.csv", ".sha256"])
def test_a_changed_file_is_found(shop: Program, tmp_path: Path, end: str) -> None:
    archived(shop, tmp_path / "archive")
    file = tmp_path / "archive" / f"archive-2026Q1{end}"
    file.chmod(0o600)
    content = file.read_bytes()
    file.write_bytes(content[:20] + bytes([content[20] ^ 1]) + content[21:])
    done = shop("archive", "verify", "2026Q1", "--format", "json")
    assert done.exit == 8
    assert done.json["problems"]


def test_a_missing_file_is_said_and_a_look_at_a_changed_line_is_refused(
    shop: Program, tmp_path: Path
) -> None:
    order, _ = archived(shop, tmp_path / "archive")
    shop.ok("archive", "request", order, "--reason", "dispute", as_="zhao")
    shop.ok("archive", "approve", "AR-000001")
    file = tmp_path / "archive" / "archive-2026Q1.jsonl"
    file.chmod(0o600)
    told = json.loads(file.read_text())
    file.write_text(json.dumps({**told, "sealed": told["sealed"][::-1]}) + "\n")
    assert shop("archive", "view", "AR-000001", as_="zhao").exit == 8
    file.unlink()
    assert shop("archive", "verify", "2026Q1").exit == 8
    assert shop("archive", "view", "AR-000001", as_="zhao").exit == 4


def test_what_was_left_is_in_the_next_quarters_archive_and_a_dry_run_writes_nothing(
    shop: Program, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    archived(shop, folder)
    line = ("archive", "create", "--to", str(folder), "--quarter")
    assert shop(*line, "2026Q2").exit == 6
    shop.now = "2026-07-01T10:00:00+08:00"
    assert shop(*line, "2026Q2").exit == 6, "the order is still under way"
    left = next(o["number"] for o in shop.ok("order", "list") if o["state"] == "submitted")
    shop.ok("order", "withdraw", left, "--reason", "gone", "--yes", as_="sun")
    assert shop.ok(*line, "2026Q2", "--dry-run")["orders"] == 1
    assert len(list(folder.iterdir())) == 3
    assert shop.ok(*line, "2026Q2")["orders"] == 1
    assert shop(*line, "2026Q1", as_="sun").exit == 5
