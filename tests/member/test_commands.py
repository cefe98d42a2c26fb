"""Members on the command line, on both engines."""

from __future__ import annotations

import json
from pathlib import Path

import pexpect
import pytest

from tests.program import PYTHON, Program

ID_NUMBER = "11010519491231002X"


def registered(program: Program, name: str = "张伟", phone: str = "13800138000") -> str:
    """Register somebody and return their number."""
    data = program.ok("member", "register", name, "--phone", phone, as_="sun")
    return str(data["number"])


def test_registering_says_the_number_and_masks_the_phone(memberctl: Program) -> None:
    data = memberctl.ok(
        "member", "register", "张伟", "--phone", "138-0013-8000", "--branch", "sh01", as_="sun"
    )
    assert data == {
        "number": "M-000001",
        "name": "张伟",
        "status": "applicant",
        "phone": "138****8000",
        "email": None,
        "branch": "SH01",
        "tier": "regular",
        "member_since": None,
    }
    assert memberctl.ok("member", "list", as_="sun") == [data]


def test_a_sentence_says_who_was_registered(memberctl: Program) -> None:
    done = memberctl("member", "register", "--name", "张伟", "--phone", "13800138000", as_="sun")
    assert done.out == "Registered M-000001 (张伟).\n"


def test_a_line_of_json_keeps_personal_data_off_the_command_line(memberctl: Program) -> None:
    line = json.dumps({"name": "张伟", "phone": "13800138000", "id_number": ID_NUMBER})
    data = memberctl.ok("member", "register", "-", as_="sun", stdin=line)
    assert data["number"] == "M-000001"


def test_a_file_with_one_row_is_taken_and_one_with_two_is_not(shop: Program) -> None:
    path = shop.folder / "one.csv"
    path.write_text("姓名,手机号\n张伟,13800138000\n")
    assert shop.ok("member", "register", "--from", str(path), as_="sun")["name"] == "张伟"
    path.write_text("姓名,手机号\n张伟,13800138000\n李娜,13800138001\n")
    assert shop("member", "register", "--from", str(path), as_="sun").exit == 2


@pytest.mark.parametrize(
    ("more", "exit_code"),
    [
        (("张伟", "--phone", "13800138000"), 6),
        (("张伟", "--phone", "13800138000", "--address", "北京"), 6),
        (("李娜", "--phone", "13900139000", "--id-number", ID_NUMBER), 6),
        (("张伟", "--phone", "13900139000", "--birth-date", "1949-12-31"), 7),
    ],
)
def test_who_is_here_already_is_refused_by_number_only(
    memberctl: Program, more: tuple[str, ...], exit_code: int
) -> None:
    memberctl.ok(
        "member", "register", "张伟", "--phone", "13800138000", "--id-number", ID_NUMBER,
        as_="sun",
    )  # fmt: skip
    refused = memberctl("member", "register", *more, as_="sun")
    assert refused.exit == exit_code
    assert "M-000001" in refused.err
    assert "张伟" not in refused.err


def test_an_override_with_a_reason_registers_another_person(memberctl: Program) -> None:
    registered(memberctl)
    again = ("member", "register", "张伟", "--phone", "13800138000", "--address", "北京")
    done = memberctl(*again, "--override", "father and son", as_="sun")
    assert (done.exit, done.out) == (0, "Registered M-000002 (张伟).\n")


def test_an_import_with_a_reason_takes_in_who_looks_like_a_duplicate_and_logs_whom(
    memberctl: Program, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "name,phone,birth_date\n王芳,13900139000,1990-03-07\n王芳,13900139001,1990-03-07\n"
        "王芳,13900139001,1990-03-08\n",
        encoding="utf-8",
    )
    line = ("member", "import", str(path))
    refused = memberctl(*line, "--dry-run", as_="sun")
    assert "2 created, 1 duplicate" in refused.out
    done = memberctl(*line, "--override", "looked at", as_="sun")
    assert (done.exit, "3 created" in done.out) == (0, True)
    again = memberctl(*line, "--override", "looked at", as_="sun")
    assert (again.exit, "3 unchanged" in again.out) == (0, True)
    logged = memberctl.ok("audit", "log", "--event", "member.registered")
    said = str(logged)
    assert ("same_name_birth_date" in said, "same_phone_name" in said) == (True, True)
    assert "looked at" in said


def test_a_shared_phone_is_a_warning(memberctl: Program) -> None:
    registered(memberctl)
    done = memberctl("member", "register", "张小明", "--phone", "13800138000", as_="sun")
    assert done.exit == 0
    assert "M-000001 has the same phone number" in done.err


def test_the_same_reference_again_is_nothing_to_do(memberctl: Program) -> None:
    line = ("member", "register", "张伟", "--phone", "13800138000", "--external-ref", "7")
    memberctl.ok(*line, as_="sun")
    done = memberctl(*line, as_="sun")
    assert (done.exit, done.out) == (
        0,
        "M-000001 (张伟) is registered already; nothing to do.\n",
    )
    moved = memberctl.ok(*line[:4], "13900139000", *line[5:], as_="sun")
    assert moved["phone"] == "139****9000"
    assert memberctl("member", "register", "王五", *line[3:], as_="sun").exit == 7


def test_everything_wrong_with_a_person_is_said_at_once_and_without_data(
    memberctl: Program,
) -> None:
    refused = memberctl(
        "member", "register", "张伟", "--phone", "110", "--id-number", "110105194912310021",
        as_="sun",
    )  # fmt: skip
    assert refused.exit == 6
    assert "phone number" in refused.err and "check character" in refused.err
    assert "110105194912310021" not in refused.err


def test_an_unknown_branch_is_not_found_and_the_known_are_named(memberctl: Program) -> None:
    refused = memberctl(
        "member", "register", "Li", "--phone", "13800138000", "--branch", "XX99", as_="sun"
    )
    assert refused.exit == 4
    assert "SH01" in refused.err


def test_the_name_comes_once(shop: Program) -> None:
    assert shop("member", "register", "Li", "--name", "Wu", as_="sun").exit == 2


def test_reviewers_register_nobody(shop: Program) -> None:
    refused = shop("member", "register", "Li", "--phone", "13800138000", as_="wang")
    assert refused.exit == 5


def test_a_dry_run_registers_nobody(memberctl: Program) -> None:
    memberctl.ok("member", "register", "Li", "--phone", "13800138000", "--dry-run", as_="sun")
    assert memberctl.ok("member", "list", as_="sun") == []


def test_a_member_is_shown_by_every_name_they_have(memberctl: Program) -> None:
    number = registered(memberctl)
    for text in (number, "m1", "phone:138 0013 8000", "name:张伟"):
        shown = memberctl.ok("member", "show", text, as_="sun")
        assert (shown["number"], shown["terms"], shown["cards"]) == (number, [], [])
    assert memberctl("member", "show", "M-000099", as_="sun").exit == 4


def test_contact_data_are_updated_at_once_and_identity_by_request(memberctl: Program) -> None:
    number = registered(memberctl)
    done = memberctl.ok(
        "member", "update", number, "--email", "wei@example.com", "--name", "张玮",
        "--reason", "misspelt", as_="sun",
    )  # fmt: skip
    assert (done["fields"], done["requests"]) == (["email"], ["CR-000001"])
    shown = memberctl.ok("member", "show", number, as_="sun")
    assert (shown["name"], shown["email"]) == ("张伟", "w***@example.com")

    waiting = memberctl.ok("member", "changes", as_="wang")
    assert [(each["number"], each["field"]) for each in waiting] == [("CR-000001", "name")]
    assert memberctl("member", "approve-change", "CR-000001", as_="zhou").exit == 5
    approved = memberctl("member", "approve-change", "cr1", as_="wang")
    assert approved.out == "Approved CR-000001: name of M-000001 is changed.\n"
    assert memberctl.ok("member", "show", number, as_="sun")["name"] == "张玮"
    assert memberctl.ok("member", "changes", as_="wang") == []


def test_a_change_is_rejected_with_a_reason_that_is_kept(memberctl: Program) -> None:
    number = registered(memberctl)
    memberctl.ok(
        "member", "update", number, "--birth-date", "1990-03-07", "--reason", "new", as_="sun"
    )
    memberctl.ok("member", "reject-change", "CR-000001", "--reason", "no document", as_="wang")
    (line,) = memberctl.ok("member", "changes", "--all", as_="wang")
    assert (line["state"], line["answer"], line["decided_by"]) == (
        "rejected",
        "no document",
        "wang",
    )


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [
        ((), 2),
        (("--email", ""), 0),
        (("--phone", ""), 6),
        (("--name", "Wei"), 6),
        (("--phone", "110"), 6),
        (("--branch", "XX99"), 4),
        (("--seen", "9", "--email", "a@example.com"), 7),
    ],
)
def test_an_update_ends_with_the_code_that_says_why(
    memberctl: Program, options: tuple[str, ...], exit_code: int
) -> None:
    number = registered(memberctl)
    assert memberctl("member", "update", number, *options, as_="sun").exit == exit_code


def test_a_document_that_was_seen_verifies_a_member_once(memberctl: Program) -> None:
    number = registered(memberctl)
    line = ("member", "verify", number, "--document-seen", "resident_id")
    assert memberctl(*line, as_="sun").out == "M-000001 is verified.\n"
    assert memberctl(*line, as_="li").out == "M-000001 is verified already, by sun.\n"


def test_possible_duplicates_are_listed_in_pairs(memberctl: Program) -> None:
    registered(memberctl)
    registered(memberctl, "张小明")
    (pair,) = memberctl.ok("member", "duplicates", "--min-score", "1", as_="sun")
    assert (pair["member"], pair["other"], pair["reason"]) == (
        "M-000001",
        "M-000002",
        "same phone; partly name",
    )


def test_a_search_takes_its_signs_literally(memberctl: Program) -> None:
    registered(memberctl, "100%_Li", "13800138001")
    registered(memberctl)
    for text in ("%", "_", "100%_li"):
        found = memberctl.ok("member", "list", "--name", text, as_="sun")
        assert [each["name"] for each in found] == ["100%_Li"]
    assert memberctl.ok("member", "list", "--name", "\\", as_="sun") == []


def test_a_name_that_looks_like_an_option_is_taken_after_two_dashes(shop: Program) -> None:
    line = ("member", "register", "--phone", "13800138000", "--format", "json", "--", "-rf")
    assert shop(*line, as_="sun").json["name"] == "-rf"


def test_a_person_at_a_terminal_is_asked_for_what_is_missing(shop: Program) -> None:
    person = pexpect.spawn(
        PYTHON, ["-m", "memberctl", "member", "register"], env=shop.environment("sun"),
        encoding="utf-8", timeout=60,
    )  # fmt: skip
    person.expect_exact("Name: ")
    person.sendline("张伟")
    person.expect_exact("Phone: ")
    person.sendline("13800138000")
    person.expect_exact("Registered M-000001 (张伟).")
    person.expect(pexpect.EOF)


def test_nobody_approves_or_verifies_the_order_of_the_member_they_are(
    memberctl: Program,
) -> None:
    registered = memberctl.ok("member", "register", "李娜", "--phone", "13800138000", as_="sun")
    number = registered["number"]
    linked = memberctl.ok("member", "update", number, "--staff", "li", as_="zhao")
    assert linked["fields"] == ["staff"]
    order = memberctl.ok("order", "file", number, "--plan", "YEAR", "--agreed", as_="sun")
    refused = memberctl("review", "advance", order["number"], "--approve", as_="li")
    assert refused.exit == 5
    assert memberctl("review", "advance", order["number"], "--approve", as_="zhou").exit == 0


def test_nobody_cuts_the_link_between_themselves_and_their_membership(
    memberctl: Program,
) -> None:
    number = memberctl.ok("member", "register", "李娜", "--phone", "13800138000")["number"]
    memberctl.ok("member", "update", number, "--staff", "li", as_="zhao")
    assert memberctl("member", "update", number, "--staff", "", as_="li").exit == 5
    assert memberctl("member", "update", number, "--staff", "", as_="zhao").exit == 0
    assert memberctl("member", "update", number, "--staff", "nobody", as_="zhao").exit == 4


def test_an_identity_number_is_shown_masked_and_in_the_clear_for_a_reason_alone(
    memberctl: Program,
) -> None:
    memberctl.ok(
        "member", "register", "张伟", "--phone", "13800138000", "--id-number", "11010519491231002X"
    )
    assert memberctl.ok("member", "show", "M-1")["id_number"] == "110105********002X"
    clear = memberctl.ok("member", "show", "M-1", "--reveal", "asked by the member", as_="zhao")
    assert clear["id_number"] == "11010519491231002X"
    assert memberctl("member", "show", "M-1", "--reveal", "curious", as_="sun").exit == 5
