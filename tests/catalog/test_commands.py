"""plan, tier and agreement as people and scripts use them."""

from __future__ import annotations

from pathlib import Path

from tests.office.bad_values import (
    ACCEPTED_NAMES,
    REFUSED_AMOUNTS,
    REFUSED_CODES,
    REFUSED_COUNTS,
    REFUSED_DATES,
    REFUSED_NAMES,
)
from tests.office.test_commands import assert_refused, typeable
from tests.program import Program

WEEK = ["plan", "add", "WEEK", "--name", "周卡", "--term", "1w"]


def test_a_plan_is_added_listed_and_shown(memberctl: Program) -> None:
    added = memberctl(*WEEK, "--price", "99.00", as_="zhao")
    assert added.out == "Added plan WEEK (周卡), 99.00 CNY for 1w, from 2026-03-02.\n"
    again = memberctl(*WEEK, "--price", "99", as_="zhao")
    assert (again.exit, again.out) == (
        0,
        "Plan WEEK is so already, from 2026-03-02; nothing was changed.\n",
    )
    other = memberctl(*WEEK, "--price", "98.00", as_="zhao")
    assert (other.exit, other.out) == (7, "")
    rows = memberctl.ok("plan", "list", as_="sun")
    assert [row["code"] for row in rows] == ["MONTH", "WEEK", "YEAR"]
    assert rows[1] == {
        "code": "WEEK",
        "name": "周卡",
        "term": "1w",
        "price": {"amount": "99.00", "currency": "CNY"},
        "joining_fee": {"amount": "0.00", "currency": "CNY"},
        "payment_timing": "after_approval",
        "product": "membership",
        "version": 1,
        "valid_from": "2026-03-02",
        "state": "offered",
        "visits": None,
        "hours": "",
        "branches": [],
        "season": "",
    }


def test_a_pack_is_a_product_of_its_own_with_visits_hours_and_branches(memberctl: Program) -> None:
    pack = ["plan", "add", "TEN", "--name", "十次卡", "--term", "6m", "--price", "500", "--visits"]
    limits = ["--hours", "Mon-Fri 09:00-16:00", "--branches", "sh01, bj01"]
    added = memberctl.ok(*pack, "10", *limits, as_="zhao")
    assert (added["product"], added["visits"]) == ("pack", 10)
    again = memberctl(*pack, "10", *limits, as_="zhao")
    assert again.out.startswith("Plan TEN is so already")
    later = ["plan", "revise", "TEN", "--from", "2026-04-01"]
    memberctl.ok(*later, "--visits", "12", "--branches", "BJ01", "--hours", "all", as_="zhao")
    versions = memberctl.ok("plan", "show", "TEN")["versions"]
    assert [(each["visits"], each["hours"], each["branches"]) for each in versions] == [
        (10, "mon-fri 09:00-16:00", ["BJ01", "SH01"]),
        (12, "", ["BJ01"]),
    ]
    assert memberctl.ok("plan", "list")[1]["branches"] == ["BJ01", "SH01"]


def test_a_membership_never_becomes_a_pack_and_a_plan_names_branches_that_exist(
    memberctl: Program,
) -> None:
    turned = memberctl("plan", "revise", "MONTH", "--visits", "10", as_="zhao")
    assert (turned.exit, turned.out) == (7, "")
    assert "plan MONTH is no pack of visits" in turned.err
    nowhere = memberctl(*WEEK, "--price", "99.00", "--branches", "SH1", as_="zhao")
    assert_refused(nowhere)
    assert "did you mean SH01?" in nowhere.err
    for visits in ("0", "-1", "1.5", "１０", "10001"):
        assert memberctl(*WEEK, "--price", "9", "--visits", visits, as_="zhao").exit in {2, 6}


def test_a_plan_is_revised_from_a_day_on(memberctl: Program) -> None:
    revise = ["plan", "revise", "month", "--price", "450.00", "--from", "2026-04-01"]
    done = memberctl(*revise, as_="zhao")
    assert done.out == "Plan MONTH (月卡): 450.00 CNY for 1m from 2026-04-01 (v2).\n"
    assert memberctl(*revise, as_="zhao").out.startswith("Plan MONTH is so already")
    shown = memberctl.ok("plan", "show", "MONTH")
    assert [version["valid_from"] for version in shown["versions"]] == ["2024-01-01", "2026-04-01"]
    assert shown["versions"][1]["published_by"] == "zhao"
    early = memberctl("plan", "revise", "YEAR", "--price", "1", "--from", "2026-06-01")
    assert early.exit == 6
    assert "has a version from 2027-01-01" in early.err


def test_as_of_a_day_the_list_shows_what_was_offered_then(memberctl: Program) -> None:
    rows = memberctl.ok("plan", "list", "--as-of", "2027-01-01")
    assert {row["code"]: row["price"]["amount"] for row in rows}["YEAR"] == "3980.00"


def test_a_withdrawn_plan_leaves_the_list(memberctl: Program) -> None:
    assert memberctl("plan", "withdraw", "month", as_="zhao").out == "Withdrew plan MONTH.\n"
    assert [row["code"] for row in memberctl.ok("plan", "list")] == ["YEAR"]
    assert len(memberctl.ok("plan", "list", "--withdrawn")) == 2
    again = memberctl("plan", "withdraw", "month", as_="zhao")
    assert (again.exit, again.out) == (6, "")
    assert "allowed now: nothing" in again.err


def test_managers_change_the_catalog_and_others_only_read_it(memberctl: Program) -> None:
    for argv in (
        [*WEEK, "--price", "1"],
        ["plan", "revise", "YEAR", "--price", "1"],
        ["plan", "withdraw", "YEAR"],
        ["tier", "revise", "gold", "--guests", "9", "--from", "2027-01-01"],
    ):
        result = memberctl(*argv, as_="li")
        assert (result.exit, result.out) == (5, ""), argv
    for noun in ("plan", "tier", "agreement"):
        assert memberctl(noun, "list", as_="li").exit == 0


def test_a_dry_run_of_a_plan_says_the_same_and_writes_nothing(memberctl: Program) -> None:
    tried = memberctl(*WEEK, "--price", "99.00", "--dry-run")
    assert memberctl("plan", "show", "WEEK").exit == 4
    assert memberctl(*WEEK, "--price", "99.00").out == tried.out


def test_a_price_list_is_imported_once(memberctl: Program, tmp_path: Path) -> None:
    file = tmp_path / "plans.toml"
    file.write_text(
        '[[plan]]\ncode = "WEEK"\nname = "周卡"\nterm = "1w"\nprice = 99.50\nfrom = 2026-01-01\n'
        '[[plan]]\ncode = "WEEK"\nprice = "120"\nfrom = 2026-06-01\n'
        '[[tier]]\ncode = "gold"\nguests = 1\n',
        encoding="utf-8",
    )
    first = memberctl.ok("plan", "import", str(file), as_="zhao")
    assert first == {"read": 3, "created": 1, "updated": 1, "unchanged": 1}
    again = memberctl("plan", "import", "-", as_="zhao", stdin=file.read_bytes())
    assert again.out == "Imported 3 plans and tiers: 0 created, 0 updated, 3 unchanged.\n"


def test_a_price_list_with_one_fault_writes_nothing(memberctl: Program) -> None:
    content = (
        '[[plan]]\ncode = "WEEK"\nname = "周卡"\nterm = "1w"\nprice = "99"\n'
        '[[plan]]\ncode = "DAY"\nname = "日卡"\nterm = "1d"\nprice = "0.005"\n'
    )
    result = memberctl("plan", "import", "-", stdin=content)
    assert_refused(result)
    assert "plan 2: the price has 3 decimals" in result.err
    assert memberctl("plan", "show", "WEEK").exit == 4


def test_an_empty_price_list_is_said(memberctl: Program) -> None:
    result = memberctl("plan", "import", "-", stdin="")
    assert (result.exit, "0 rows" in result.err) == (0, True)


def test_a_file_beyond_a_million_characters_is_refused(memberctl: Program) -> None:
    assert_refused(memberctl("plan", "import", "-", stdin="# x\n" * 300_000))


def test_benefits_change_with_notice_and_the_refusal_names_the_first_day(
    memberctl: Program,
) -> None:
    revise = ["tier", "revise", "gold", "--price-percent", "88.5", "--from"]
    early = memberctl(*revise, "2026-03-13", as_="zhao")
    assert (early.exit, early.out) == (6, "")
    assert "the earliest day is --from 2026-03-16" in early.err
    done = memberctl(*revise, "2026-03-16", as_="zhao")
    assert done.out == "Tier gold (金卡) has its new benefits from 2026-03-16 (v2).\n"
    rows = memberctl.ok("tier", "list", "--as-of", "2026-03-16")
    assert [row["price_percent"] for row in rows] == ["100", "95", "88.5", "85"]
    assert [row["price_percent"] for row in memberctl.ok("tier", "list")][2] == "90"
    assert len(memberctl.ok("tier", "show", "GOLD")["versions"]) == 2


def test_an_agreement_is_published_once_listed_and_shown(
    memberctl: Program, tmp_path: Path
) -> None:
    file = tmp_path / "agreement.txt"
    file.write_text("# 会员协议 2026\r\n\r\n第一条 [red]x[/red]\n", encoding="utf-8")
    publish = ["agreement", "publish", str(file), "--from", "2026-04-01"]
    done = memberctl(*publish, as_="zhao")
    assert done.out == "Published MEMBERSHIP: 会员协议 2026 (v2), from 2026-04-01.\n"
    again = memberctl(*publish, as_="zhao")
    assert again.out == "MEMBERSHIP has this text already (v2); nothing was changed.\n"
    assert [row["version"] for row in memberctl.ok("agreement", "list")] == [1, 2]
    assert memberctl("agreement", "show").out == "会员协议 Membership agreement\n"
    later = memberctl("agreement", "show", "--as-of", "2026-04-01")
    assert later.out == "# 会员协议 2026\n\n第一条 [red]x[/red]\n"
    assert memberctl.ok("agreement", "show", "--wording", "2")["title"] == "会员协议 2026"
    assert memberctl("agreement", "show", "--wording", "3").exit == 4


def test_a_file_that_is_no_text_is_no_agreement(memberctl: Program, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    (tmp_path / "sheet").write_bytes(b"PK\x03\x04rest")
    (tmp_path / "wide").write_bytes("会员协议".encode("utf-16"))
    (tmp_path / "empty").write_bytes(b" \n")
    for name in (".", "link", "sheet", "wide", "empty"):
        assert_refused(memberctl("agreement", "publish", str(tmp_path / name)))
    assert memberctl("agreement", "publish", str(tmp_path / "none")).exit == 4


def test_an_agreement_in_gb18030_is_read_and_that_is_said(memberctl: Program) -> None:
    text = "会员协议：本协议自签署之日起生效，会员应当按时缴纳会费。" * 3
    done = memberctl("agreement", "publish", "-", "--title", "协议", stdin=text.encode("gb18030"))
    assert done.exit == 0
    assert "read as GB18030" in done.err
    assert memberctl("agreement", "show").out == text + "\n"


def test_no_text_that_could_act_on_a_terminal_becomes_an_agreement(memberctl: Program) -> None:
    within = set(REFUSED_NAMES) - {"16a", "16b", "16c", "17", "18"}
    for number in sorted(within):
        text = f"第一条\n{REFUSED_NAMES[number]}。"
        assert_refused(memberctl("agreement", "publish", "-", "--title", "t", stdin=text))
    assert len(memberctl.ok("agreement", "list")) == 1


def test_no_name_that_could_act_on_a_terminal_names_a_plan_or_tier(memberctl: Program) -> None:
    for name in typeable(REFUSED_NAMES):
        assert_refused(
            memberctl("plan", "add", "X", "--name", name, "--term", "1w", "--price", "1")
        )
        assert_refused(memberctl("plan", "revise", "YEAR", "--name", name))
        assert_refused(memberctl("tier", "revise", "gold", "--name", name, "--from", "2027-01-01"))
        assert_refused(memberctl("agreement", "publish", "-", "--title", name, stdin="text"))
    assert memberctl("plan", "show", "X").exit == 4


def test_unusual_names_of_plans_are_kept_and_shown_literally(memberctl: Program) -> None:
    for number, name in ACCEPTED_NAMES.items():
        memberctl.ok("plan", "add", f"P{number}", "--name", name, "--term", "1w", "--price", "1")
    shown = {row["code"]: row["name"] for row in memberctl.ok("plan", "list")}
    for number, name in ACCEPTED_NAMES.items():
        assert shown[f"P{number}".upper()] == name


def test_no_amount_that_is_not_plain_becomes_a_price(memberctl: Program) -> None:
    for amount in REFUSED_AMOUNTS.values():
        assert_refused(memberctl(*WEEK, f"--price={amount}"))
        assert_refused(memberctl("plan", "revise", "MONTH", f"--price={amount}"))
    for amount in set(REFUSED_AMOUNTS.values()) - {"0"}:
        assert_refused(memberctl(*WEEK, "--price", "1", f"--joining-fee={amount}"))


def test_no_day_that_does_not_exist_begins_a_version(memberctl: Program) -> None:
    for day in REFUSED_DATES.values():
        assert_refused(memberctl(*WEEK, "--price", "1", "--from", day))
        assert_refused(memberctl("plan", "revise", "MONTH", "--price", "1", "--from", day))
        assert_refused(memberctl("tier", "revise", "gold", "--guests", "2", "--from", day))
        assert_refused(memberctl("agreement", "publish", "-", "--from", day, stdin="text"))


def test_no_count_or_share_beyond_its_bounds_becomes_a_benefit(memberctl: Program) -> None:
    revise = ["tier", "revise", "gold", "--from", "2027-01-04"]
    for count in REFUSED_COUNTS.values():
        assert_refused(memberctl(*revise, f"--guests={count}"))
        assert_refused(memberctl(*revise, f"--points-percent={count}"))
        assert_refused(memberctl("agreement", "show", f"--wording={count}"))
    for share in ("100.01", "-1", "NaN", "１０", "12.345"):
        assert_refused(memberctl(*revise, f"--price-percent={share}"))


def test_no_code_that_could_be_anything_else_finds_or_makes_anything(memberctl: Program) -> None:
    for code in typeable(REFUSED_CODES):
        assert_refused(
            memberctl("plan", "add", "--name", "x", "--term", "1w", "--price", "1", "--", code)
        )
        assert_refused(memberctl("plan", "show", "--", code))
        assert_refused(memberctl("tier", "show", "--", code))
        assert_refused(memberctl("agreement", "show", "--", code))
