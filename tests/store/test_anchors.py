"""Anchors: how they are written, kept and read again, and what becomes of wrong ones."""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from memberctl.core.errors import OutsideUnclear
from memberctl.store.anchors import parse_anchors, send_to_system_log
from tests.histories import a_paid_member
from tests.program import Program


def verified(memberctl: Program, kept: Path, stdin: str = "") -> tuple[int, Any]:
    """Return the exit code and the result of a check against anchors."""
    named = "-" if stdin else str(kept)
    result = memberctl("audit", "verify", "--anchors", named, "--format", "json", stdin=stdin)
    return result.exit, result.json if result.out else json.loads(result.err)


def test_anchors_gather_in_a_file_for_their_owner_alone(memberctl: Program, tmp_path: Path) -> None:
    kept = tmp_path / "anchors"
    for number in range(3):
        memberctl.ok("branch", "add", f"B{number}", "--name", "x")
        assert memberctl("audit", "anchor", "-o", str(kept)).exit == 0
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [anchor.seq for anchor in parse_anchors(kept.read_text().splitlines())] == [1, 2, 3]
    code, found = verified(memberctl, kept)
    assert (code, found["anchors"], found["problems"]) == (0, 3, [])
    assert found["window"].startswith("no row was added since the anchor")


def test_an_anchor_is_found_in_whatever_it_was_kept(memberctl: Program, tmp_path: Path) -> None:
    """In a system log, and in the JSON of the command itself."""
    memberctl.ok("branch", "add", "B1", "--name", "x")
    line = memberctl("audit", "anchor").out
    told = memberctl("audit", "anchor", "--format", "json").out
    for text in (f"Mar  2 10:00:00 host memberctl: {line}", f"noise\n{line}noise\n", told):
        code, found = verified(memberctl, tmp_path, text)
        assert (code, found["anchors"]) == (0, 1)


def test_a_forged_anchor_is_told_and_counts_for_nothing(memberctl: Program, tmp_path: Path) -> None:
    memberctl.ok("branch", "add", "B1", "--name", "x")
    kept = tmp_path / "anchors"
    memberctl("audit", "anchor", "-o", str(kept))
    kept.write_text(kept.read_text().replace("seq=1 ", "seq=9 "))
    code, found = verified(memberctl, kept)
    assert code == 8
    assert [problem["rule"] for problem in found["problems"]] == ["anchor.forged"]
    assert found["window"] == "rows 1 to 1 could have been cut off unseen: no anchor is genuine"


def test_what_holds_no_anchor_of_this_store_is_refused(memberctl: Program, tmp_path: Path) -> None:
    kept = tmp_path / "anchors"
    kept.write_text("nothing\n")
    assert verified(memberctl, kept)[0] == 6
    kept.unlink()
    memberctl("audit", "anchor", "-o", str(kept))
    kept.write_text(kept.read_text().replace("test-store", "other-store"))
    assert verified(memberctl, kept)[0] == 6
    assert verified(memberctl, tmp_path / "absent")[0] == 4


def test_an_anchor_is_not_written_through_a_link_or_into_a_folder(shop: Program) -> None:
    target = shop.folder / "precious"
    target.write_text("mine\n")
    (shop.folder / "link").symlink_to(target)
    os.mkfifo(shop.folder / "pipe")
    for name, code in (("link", 6), (".", 6), ("pipe", 6), ("nowhere/x", 4)):
        assert shop("audit", "anchor", "-o", str(shop.folder / name)).exit == code, name
    assert target.read_text() == "mine\n"


@pytest.mark.parametrize("content", ["members\n", "\n\nx", "{anchor}and a remark\n", "x" * 9_000])
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_a_file_that_is_no_list_of_anchors_does_not_grow(
    shop: Program, content: str, dry: tuple[str, ...]
) -> None:
    kept = shop.folder / "members.csv"
    kept.write_text(content.replace("{anchor}", shop("audit", "anchor").out))
    before = kept.read_bytes()
    refused = shop("audit", "anchor", "-o", str(kept), *dry)
    assert refused.exit == 6
    assert "is not a list of anchors" in refused.err
    assert kept.read_bytes() == before


def test_each_anchor_that_is_added_is_said_with_how_many_there_are(shop: Program) -> None:
    kept = shop.folder / "anchors"
    kept.touch()
    said = [shop("audit", "anchor", "-o", str(kept)).err for _ in range(2)]
    assert said == [f"added 1 anchor to {kept}, which holds {n}\n" for n in (1, 2)]
    assert shop("audit", "anchor", "-o", str(kept), "--quiet").err == ""


def test_a_dry_run_keeps_no_anchor(shop: Program) -> None:
    assert shop("audit", "anchor", "-o", str(shop.folder / "a"), "--dry-run").exit == 0
    assert not (shop.folder / "a").exists()


def test_the_system_log_gets_the_anchor_or_it_is_said(shop: Program, tmp_path: Path) -> None:
    (anchor,) = parse_anchors([shop("audit", "anchor").out])
    log = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(log)
        send_to_system_log(anchor, log)
        assert parse_anchors([listener.recv(4096).decode()]) == [anchor]
    with pytest.raises(OutsideUnclear):
        send_to_system_log(anchor, str(tmp_path / "nobody"))


def test_who_may_not_read_the_log_takes_no_anchor(shop: Program) -> None:
    assert shop("audit", "anchor", as_="sun").exit == 5


def test_the_log_of_a_member_tells_of_their_orders_payments_and_cards(memberctl: Program) -> None:
    a_paid_member(memberctl)
    member, order = a_paid_member(memberctl)
    memberctl.ok("card", "issue", member, as_="sun")
    found = memberctl.ok("audit", "log", "--member", member)
    assert {line["event"] for line in found} >= {
        "member.registered", "order.filed", "review.approved", "payment.recorded", "card.issued",
    }  # fmt: skip
    told = {line["object"] for line in found} | {
        value for line in found for value in json.loads(line["facts"]).values()
    }
    assert {member, order} <= told
    assert "M-000001" not in told


def test_the_log_is_cut_by_time_and_by_whoever_had_a_part(memberctl: Program) -> None:
    for day in ("2026-03-01", "2026-03-02", "2026-03-03"):
        memberctl.now = f"{day}T10:00:00+08:00"
        memberctl.ok("branch", "add", f"B{day[-1]}", "--name", "x")

    def objects(*options: str) -> list[str]:
        return [line["object"] for line in memberctl.ok("audit", "log", *options)]

    assert objects("--since", "2026-03-02", "--until", "2026-03-02") == ["B2"]
    assert objects("--until", "2026-03-02 10:00") == ["B1"]
    assert objects("--since", "2026-03-02T10:00:00+08:00") == ["B3", "B2"]
    assert memberctl("policy", "set", "review_days", "7", as_="li").exit == 5
    assert objects("--staff", "li") == ["policy set"]
    assert len(objects("--staff", "owner")) == 4


def test_a_link_says_the_account_the_person_and_who_was_acted_for(memberctl: Program) -> None:
    memberctl("policy", "set", "review_days", "7", as_="li")
    (line,) = memberctl.ok("audit", "log")
    sqlite = memberctl.location.endswith("store.db")
    assert line["account"] == (f"uid {os.getuid()}" if sqlite else "user postgres")
    assert (line["login"], line["staff"]) == ("owner", "li")
