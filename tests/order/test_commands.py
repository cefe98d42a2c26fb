"""`order`, `quote` and `application` as people and scripts use them, on both engines."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.histories import a_confirmed_order, a_join_order, a_member, a_paid_member, pay
from tests.program import Program

KEYS = [
    "number", "kind", "member", "plan", "state", "stage", "total", "paid", "open", "due_on",
    "quote", "dunning",
]  # fmt: skip
HEADER = "external_ref,name,phone,plan,agreed_on,branch\n"


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def a_file(memberctl: Program, *rows: str, header: str = HEADER, name: str = "a.csv") -> str:
    path = memberctl.folder / name
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return str(path)


def rejects(memberctl: Program) -> list[dict[str, str]]:
    text = (memberctl.folder / "a.rejects.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_a_filed_order_has_the_keys_that_scripts_rely_on(memberctl: Program) -> None:
    member = a_member(memberctl)
    filed = memberctl.ok("order", "file", member, "--plan", "year", "--agreed", as_="sun")
    assert list(filed) == KEYS
    assert filed["kind"] == "join"
    assert (filed["member"], filed["plan"]) == (member, "YEAR")
    assert (filed["state"], filed["stage"], filed["due_on"]) == (
        "submitted", "initial", "2026-03-09",
    )  # fmt: skip
    assert (filed["total"], filed["paid"], filed["open"]) == (
        money("3650.00"), money("0.00"), money("0.00"),
    )  # fmt: skip
    assert filed["quote"] is None
    shown = memberctl.ok("order", "show", filed["number"])
    assert list(shown)[: len(KEYS) - 1] == KEYS[:-1]
    assert {key: shown[key] for key in KEYS} == filed
    assert memberctl.ok("order", "list") == [filed]


def test_an_order_says_one_line_with_its_number(memberctl: Program) -> None:
    member = a_member(memberctl)
    result = memberctl("order", "file", member, "--plan", "YEAR", "--agreed", as_="sun")
    assert result.exit == 0
    number = memberctl("order", "list", "--format", "ids").out.strip()
    assert result.out == (f"Filed {number} for {member}: 3650.00 CNY, submitted, due 2026-03-09.\n")


def test_an_order_without_consent_is_returned_and_resubmitted_with_it(memberctl: Program) -> None:
    member = a_member(memberctl)
    filed = memberctl("order", "file", member, "--plan", "YEAR", "--format", "json", as_="sun")
    assert filed.exit == 0
    assert "agreement" in filed.err
    assert (filed.json["state"], filed.json["due_on"]) == ("returned", None)
    number = filed.json["number"]
    refused = memberctl("order", "resubmit", number, as_="sun")
    assert (refused.exit, "lacks: agreement" in refused.err) == (6, True)
    assert f"order resubmit {number} --agreed" in refused.err
    done = memberctl.ok("order", "resubmit", number, "--agreed", as_="sun")
    assert (done["state"], done["due_on"]) == ("submitted", "2026-03-09")


def test_the_same_wish_again_is_a_probable_duplicate_and_the_same_reference_is_not(
    memberctl: Program,
) -> None:
    member = a_member(memberctl)
    line = ("order", "file", member, "--plan", "YEAR", "--agreed")
    named = (*line, "--source", "web", "--external-ref", "W-1")
    first = memberctl.ok(*named, as_="sun")
    again = memberctl(*line, as_="sun")
    assert again.exit == 7
    assert first["number"] in again.err
    repeat = memberctl(*named, as_="sun")
    assert (repeat.exit, "was filed before" in repeat.out) == (0, True)
    other = memberctl(*line, "--source", "web", "--external-ref", "W-2", as_="sun")
    assert other.exit == 7
    assert len(memberctl.ok("order", "list")) == 1


def test_a_former_member_joins_the_same_plan_again_and_slips_are_still_told(
    memberctl: Program,
) -> None:
    member, first = a_paid_member(memberctl)
    line = ("order", "file", member, "--plan", "YEAR", "--agreed")
    memberctl.now = "2026-06-01T10:00:00+08:00"
    told = memberctl(*line, as_="sun")
    assert (told.exit, f"{first} of the same member and plan is fulfilled" in told.err) == (7, True)
    assert f"order file {member} --kind renewal --plan YEAR --agreed" in told.err
    memberctl.now = "2027-06-01T10:00:00+08:00"
    memberctl.ok("calendar", "add", "2027")
    again = memberctl.ok(*line, as_="sun")
    assert (again["number"] != first, again["state"]) == (True, "submitted")
    assert again["number"] in memberctl(*line, as_="sun").err


def test_an_external_reference_needs_a_source(memberctl: Program) -> None:
    member = a_member(memberctl)
    result = memberctl("order", "file", member, "--plan", "YEAR", "--external-ref", "1", as_="sun")
    assert (result.exit, "--source" in result.err) == (6, True)


def test_a_service_order_has_lines_whose_arithmetic_is_checked(memberctl: Program) -> None:
    member = a_member(memberctl)
    line = (
        "order", "file", member, "--kind", "service", "--line", "拳击课:2:150.00",
        "--line", "毛巾:1:20.00", "--total",
    )  # fmt: skip
    wrong = memberctl(*line, "300.00", as_="sun")
    assert wrong.exit == 6
    assert "320.00 CNY" in wrong.err
    filed = memberctl.ok(*line, "320.00", as_="sun")
    assert (filed["kind"], filed["plan"], filed["total"]) == ("service", None, money("320.00"))


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("--plan", "NOPE", "--agreed"), 4),
        (("--agreed",), 6),
        (("--plan", "YEAR", "--kind", "upgrade", "--agreed"), 6),
        (("--plan", "YEAR", "--kind", "renewal", "--agreed"), 6),
        (("--plan", "YEAR", "--agreed", "--branch", "XX"), 4),
        (("--plan", "YEAR", "--agreed", "--total", "1.00"), 6),
        (("--plan", "YEAR", "--agreed", "--channel", "a\x1b[2J"), 6),
    ],
)
def test_a_wrong_order_is_refused_and_nothing_is_written(
    memberctl: Program, argv: tuple[str, ...], code: int
) -> None:
    member = a_member(memberctl)
    assert memberctl("order", "file", member, *argv, as_="sun").exit == code
    assert memberctl.ok("order", "list") == []


def test_an_order_is_its_members_branchs_unless_it_says_another(memberctl: Program) -> None:
    phone = iter(range(13_900_000_001, 13_900_000_009))

    def branch_of(member: str, *more: str, as_: str = "sun") -> str | None:
        made = memberctl.ok("order", "file", member, "--plan", "YEAR", "--agreed", *more, as_=as_)
        return str(memberctl.ok("order", "show", made["number"])["branch"])

    def somebody(*more: str) -> str:
        return str(memberctl.ok("member", "register", "--name", "李四", "--phone",
                                str(next(phone)), *more, as_="li")["number"])  # fmt: skip

    memberctl.ok("staff", "add", "mei", "--name", "梅", "--role", "reception", "--branch", "BJ01")
    assert branch_of(somebody("--branch", "SH01")) == "SH01"
    assert branch_of(somebody("--branch", "SH01"), "--branch", "BJ01") == "BJ01"
    assert branch_of(somebody(), as_="mei") == "BJ01", "a member of none: the clerk's"
    assert branch_of(somebody()) == "None"


def test_the_invoice_and_the_till_of_an_order_are_its_members_branchs(memberctl: Program) -> None:
    order = a_confirmed_order(memberctl)
    pay(memberctl, order, "3650.00")
    invoice = memberctl.ok("invoice", "issue", order, as_="qian")
    assert invoice["number"] == "IN-SH01-2026-000001"
    tills = memberctl.ok("till", "list", "--open", as_="qian")
    assert [(each["branch"], each["expected"]["amount"]) for each in tills] == [
        ("SH01", "3650.00")
    ]  # fmt: skip


def test_the_void_of_an_order_counts_the_terms_and_cards_that_end_with_it(
    memberctl: Program,
) -> None:
    member, order = a_paid_member(memberctl)
    memberctl.ok("card", "issue", member, as_="sun")
    void = ("order", "void", order, "--reason", "entered twice")
    asked = memberctl(*void, as_="zhao")
    assert asked.exit == 2
    assert f"Void {order}? Terms ending: 1, cards blocked: 1. 3650.00 CNY, which" in asked.err
    assert memberctl.ok(*void, "--yes", "--dry-run", as_="zhao")["cards"] == 1
    done = memberctl(*void, "--yes", as_="zhao")
    assert done.out == (
        f"Voided {order}, terms ended: 1, cards blocked: 1; 3650.00 CNY is the member's credit.\n"
    )
    assert memberctl.ok("card", "list")[0]["state"] == "blocked"


def test_orders_are_listed_by_state_kind_member_and_stage(memberctl: Program) -> None:
    first, second = a_member(memberctl), a_member(memberctl)
    one, two = a_join_order(memberctl, first), a_join_order(memberctl, second)
    memberctl.ok("review", "advance", two, "--approve", as_="li")

    def numbers(*argv: str) -> list[str]:
        return memberctl("order", "list", *argv, "--format", "ids").out.split()

    assert numbers() == [two, one]
    assert numbers("--state", "submitted") == [one]
    assert numbers("--stage", "second") == [two]
    assert numbers("--member", first) == [one]
    assert numbers("--kind", "service") == []
    assert memberctl("application", "list", "--format", "ids").out.split() == [two, one]


def test_an_order_is_found_however_its_number_is_typed(memberctl: Program) -> None:
    number = a_join_order(memberctl, a_member(memberctl))
    typed = number.replace("0", "o").replace("-", " ").lower()
    assert memberctl.ok("order", "show", typed)["number"] == number
    wrong = number[:-1] + ("A" if number[-1] != "A" else "B")
    result = memberctl("order", "show", wrong)
    assert (result.exit, "check character" in result.err) == (6, True)


def test_withdrawing_and_voiding_need_a_yes_and_end_the_order(memberctl: Program) -> None:
    one = a_join_order(memberctl, a_member(memberctl))
    two = a_join_order(memberctl, a_member(memberctl))
    assert memberctl("order", "withdraw", one, "--reason", "moved", as_="sun").exit == 2
    withdrawn = memberctl.ok("order", "withdraw", one, "--reason", "moved", "--yes", as_="sun")
    assert (withdrawn["state"], withdrawn["credit"]) == ("withdrawn", money("0.00"))
    assert memberctl("order", "void", two, "--reason", "twice", "--yes", as_="sun").exit == 5
    assert (
        memberctl.ok("order", "void", two, "--reason", "twice", "--yes", as_="zhao")["state"]
        == "voided"
    )
    again = memberctl("order", "void", two, "--reason", "twice", "--yes", as_="zhao")
    assert (again.exit, "it is voided" in again.err) == (6, True)


def test_a_dry_run_says_the_same_and_writes_nothing(memberctl: Program) -> None:
    member = a_member(memberctl)
    line = ("order", "file", member, "--plan", "YEAR", "--agreed")
    tried = memberctl(*line, "--dry-run", as_="sun")
    assert memberctl.ok("order", "list") == []
    assert tried.out == memberctl(*line, as_="sun").out


def test_a_quote_is_shown_revised_and_accepted(memberctl: Program) -> None:
    order = a_join_order(memberctl, a_member(memberctl))
    assert memberctl("quote", "accept", order, as_="li").exit == 4
    memberctl.ok("review", "advance", order, "--approve", as_="li")
    (quote,) = memberctl.ok("quote", "show", order)
    assert list(quote) == ["order", "version", "state", "plan", "total", "valid_until"]
    assert (quote["state"], quote["valid_until"]) == ("sent", "2026-03-16")
    revised = memberctl.ok("quote", "revise", order, "--price", "3500.00", as_="li")
    assert (revised["version"], revised["total"]) == (2, money("3500.00"))
    assert memberctl.ok("quote", "accept", order, as_="li")["state"] == "accepted"
    assert [each["state"] for each in memberctl.ok("quote", "list")] == ["accepted", "superseded"]
    assert memberctl.ok("order", "show", order)["quote"] == "accepted"


def test_an_expired_quote_is_accepted_only_with_a_manager_beside(memberctl: Program) -> None:
    order = a_join_order(memberctl, a_member(memberctl))
    memberctl.ok("review", "advance", order, "--approve", as_="li")
    late = ("quote", "accept", order, "--as-of", "2026-03-17")
    refused = memberctl(*late, as_="li")
    assert (refused.exit, "valid until 2026-03-16" in refused.err) == (6, True)
    assert memberctl(*late, "--honour-expired", "wang", as_="li").exit == 5
    assert memberctl(*late, "--honour-expired", "nobody", as_="li").exit == 4
    assert memberctl.ok(*late, "--honour-expired", "zhao", as_="li")["state"] == "accepted"


def test_a_file_of_applications_becomes_members_and_join_orders(memberctl: Program) -> None:
    path = a_file(
        memberctl,
        "A1,张伟,13800138000,YEAR,2026-03-01,SH01",
        "A2,李四,13900139000,month,,",
    )
    imported = memberctl.ok("application", "import", path, as_="sun")
    assert imported == {
        "read": 2, "created": 2, "updated": 0, "unchanged": 0, "duplicate": 0, "rejected": 0,
        "rejects_file": None,
    }  # fmt: skip
    waiting, joined = memberctl.ok("application", "list")
    assert (joined["plan"], joined["state"]) == ("YEAR", "submitted")
    assert (waiting["plan"], waiting["state"]) == ("MONTH", "returned")
    shown = memberctl.ok("order", "show", joined["number"])
    assert (shown["source"], shown["external_ref"]) == ("import", "A1")
    assert [each["agreed_on"] for each in shown["consents"]] == ["2026-03-01"]


def test_the_same_file_twice_changes_nothing(memberctl: Program) -> None:
    rows = ("A1,张伟,13800138000,YEAR,2026-03-01,SH01", ",李四,13900139000,MONTH,,")
    path = a_file(memberctl, *rows)
    memberctl.ok("application", "import", path, as_="sun")
    before = memberctl.ok("order", "list"), memberctl.ok("audit", "log", "--limit", "99")
    again = memberctl.ok("application", "import", path, as_="sun")
    assert (again["created"], again["unchanged"]) == (0, 2)
    assert (memberctl.ok("order", "list"), memberctl.ok("audit", "log", "--limit", "99")) == before


def test_good_rows_are_written_and_bad_ones_given_back_with_every_reason(
    memberctl: Program,
) -> None:
    path = a_file(
        memberctl,
        "A1,张伟,13800138000,YEAR,2026-03-01,",
        "A2,,110,NOPE,2027-01-01,",
        "A3,王五,13700137000,YEAR,2026-03-01,XX",
        "A4,赵六,13600136000,YEAR,01/03/2026,",
        "A5,钱七,13500135000,,2023-12-31,",
    )
    result = memberctl("application", "import", path, "--format", "json", as_="sun")
    assert result.exit == 3
    assert (result.json["created"], result.json["rejected"]) == (1, 4)
    first, branch, form, early = rejects(memberctl)
    assert first["_field"] == "name;phone;plan;agreed_on"
    assert first["_row"] == "3"
    assert branch["_code"] == "unknown_branch"
    assert form["_code"] == "date_form"
    assert early["_code"] == "text_empty;no_agreement"
    assert len(memberctl.ok("member", "list")) == 1
    assert "13700137000" not in result.err


def test_all_or_nothing_writes_nothing_when_one_row_is_bad(memberctl: Program) -> None:
    path = a_file(memberctl, "A1,张伟,13800138000,YEAR,2026-03-01,", "A2,李四,13900139000,NOPE,,")
    result = memberctl("application", "import", path, "--all-or-nothing", as_="sun")
    assert result.exit == 6
    assert memberctl.ok("member", "list") == []
    assert memberctl.ok("order", "list") == []


def test_a_dry_run_of_an_import_counts_the_same_and_leaves_no_trace(memberctl: Program) -> None:
    path = a_file(memberctl, "A1,张伟,13800138000,YEAR,2026-03-01,", "A2,李四,13900139000,NOPE,,")
    tried = memberctl("application", "import", path, "--dry-run", "--format", "json", as_="sun")
    assert not Path(memberctl.folder / "a.rejects.csv").exists()
    assert memberctl.ok("order", "list") == []
    real = memberctl("application", "import", path, "--format", "json", as_="sun")
    assert tried.exit == real.exit == 3
    assert {**tried.json, "rejects_file": None} == {**real.json, "rejects_file": None}


def test_the_same_person_twice_in_a_file_is_refused_with_both_lines(memberctl: Program) -> None:
    path = a_file(
        memberctl,
        "A1,张伟,13800138000,YEAR,2026-03-01,",
        "A2,张伟,138-0013-8000,YEAR,2026-03-01,",
    )
    result = memberctl("application", "import", path, as_="sun")
    assert result.exit == 3
    (twin,) = rejects(memberctl)
    assert (twin["_row"], "line 2" in twin["_message"]) == ("3", True)
    assert len(memberctl.ok("order", "list")) == 1


def test_a_member_who_is_there_already_gets_the_order(memberctl: Program) -> None:
    memberctl.ok("member", "register", "--name", "张伟", "--phone", "13800138000", as_="li")
    path = a_file(memberctl, ",张伟,13800138000,YEAR,2026-03-01,")
    assert memberctl.ok("application", "import", path, as_="sun")["created"] == 1
    assert len(memberctl.ok("member", "list")) == 1


def test_an_imported_order_without_a_branch_is_that_of_the_member_who_is_there(
    memberctl: Program,
) -> None:
    memberctl.ok("member", "register", "--name", "张伟", "--phone", "13800138000",
                 "--branch", "SH01", as_="li")  # fmt: skip
    path = a_file(
        memberctl,
        ",张伟,13800138000,YEAR,2026-03-01,",
        "A2,李四,13900139000,YEAR,2026-03-01,BJ01",
        "A3,王五,13700137000,YEAR,2026-03-01,",
    )
    memberctl.ok("application", "import", path, as_="sun")
    orders = memberctl("order", "list", "--format", "ids").out.split()
    branches = {each["member"]: each["branch"]
                for each in (memberctl.ok("order", "show", order) for order in orders)}  # fmt: skip
    assert branches == {"M-000001": "SH01", "M-000002": "BJ01", "M-000003": None}


def test_new_contact_data_under_a_known_reference_is_an_update_and_no_second_order(
    memberctl: Program,
) -> None:
    memberctl.ok(
        "application",
        "import",
        a_file(memberctl, "A1,张伟,13800138000,YEAR,2026-03-01,"),
        as_="sun",
    )
    changed = a_file(memberctl, "A1,张伟,13900139000,YEAR,2026-03-01,")
    imported = memberctl.ok("application", "import", changed, as_="sun")
    assert (imported["updated"], imported["created"]) == (1, 0)
    assert len(memberctl.ok("order", "list")) == 1


def test_a_known_reference_that_asks_for_another_plan_is_rejected(memberctl: Program) -> None:
    memberctl.ok(
        "application",
        "import",
        a_file(memberctl, "A1,张伟,13800138000,YEAR,2026-03-01,"),
        as_="sun",
    )
    other = a_file(memberctl, "A1,张伟,13800138000,MONTH,2026-03-01,")
    assert memberctl("application", "import", other, as_="sun").exit == 3
    (refused,) = rejects(memberctl)
    assert refused["_code"] == "conflict"


def test_an_import_reads_chinese_headers_and_json_lines_from_stdin(memberctl: Program) -> None:
    row: dict[str, Any] = {"姓名": "张伟", "手机号": "13800138000", "套餐": "YEAR"}
    text = json.dumps(row, ensure_ascii=False) + "\n"
    imported = memberctl.ok("application", "import", "-", as_="sun", stdin=text)
    assert imported["created"] == 1


def test_a_file_of_more_than_one_batch_files_every_row(memberctl: Program) -> None:
    rows = [f"A{n},会员{n},138{n:08},YEAR,2026-03-01," for n in range(5_003)]
    imported = memberctl.ok("application", "import", a_file(memberctl, *rows), as_="sun")
    assert imported["created"] == 5_003
    assert memberctl("order", "list", "--format", "count").out.strip() == "5003"
    numbers = memberctl("order", "list", "--format", "ids", "--limit", "9999").out.split()
    assert len(set(numbers)) == 5_003
