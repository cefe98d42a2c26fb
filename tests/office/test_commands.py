"""staff, branch, policy and calendar as people and scripts use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.office.bad_values import (
    ACCEPTED_NAMES,
    REFUSED_CODES,
    REFUSED_COUNTS,
    REFUSED_NAMES,
)
from tests.program import Program, Result


def assert_refused(result: Result) -> None:
    """Assert that nothing went through, without a traceback or an echo of what was typed."""
    assert result.exit in {2, 4, 6}, result
    assert result.out == ""
    assert result.err.startswith("memberctl: ")
    assert not any(dangerous in result.err for dangerous in ("\x1b", "\x9b", "\r", "\u202e"))


def typeable(values: dict[str, str]) -> list[str]:
    """Return what a command line can hold: no NUL, which no system passes on."""
    return [value for value in values.values() if "\0" not in value]


def test_a_new_member_of_staff_is_added_once_and_can_act(memberctl: Program) -> None:
    add = ["staff", "add", "Hu", "--name", "胡", "--role", "service", "--role", "reception"]
    first = memberctl(*add, "--uid", "4711", "--branch", "sh01")
    assert (first.exit, first.out) == (0, "Added hu (胡) as reception, service.\n")
    again = memberctl(*add, "--uid", "4711", "--branch", "sh01")
    assert (again.exit, again.out) == (0, "hu (胡) is there already; nothing was changed.\n")
    shown = memberctl.ok("staff", "show", "hu", as_="hu")
    assert shown == {
        "code": "hu",
        "name": "胡",
        "roles": ["reception", "service"],
        "branch": "SH01",
        "state": "active",
        "uid": 4711,
        "database_user": None,
    }


def test_the_owner_alone_changes_staff_policy_branches_and_calendar(memberctl: Program) -> None:
    for argv in (
        ["staff", "add", "hu", "--name", "胡", "--role", "owner"],
        ["staff", "grant", "zhao", "owner"],
        ["staff", "revoke", "owner", "owner"],
        ["staff", "leave", "owner"],
        ["branch", "add", "GZ01", "--name", "广州"],
        ["policy", "set", "acting", "trusted"],
        ["calendar", "add", "2026"],
    ):
        result = memberctl(*argv, as_="zhao")
        assert (result.exit, result.out) == (5, ""), argv
        assert "zhao has no right to office.change" in result.err


def test_everybody_may_see_staff_branches_policies_and_calendar(memberctl: Program) -> None:
    for noun in ("staff", "branch", "policy", "calendar"):
        assert memberctl(noun, "list", as_="sun").exit == 0


def test_roles_come_and_go_and_who_leaves_may_nothing(memberctl: Program) -> None:
    granted = memberctl("staff", "grant", "li", "reviewer")
    assert granted.out == "li (Li) now has the roles reviewer, service.\n"
    revoked = memberctl("staff", "revoke", "li", "reviewer", "service")
    assert revoked.out == "li (Li) now has the roles none.\n"
    assert memberctl("staff", "leave", "li").out == "li (Li) has left.\n"
    assert memberctl("staff", "list", as_="li").exit == 5
    assert memberctl("staff", "leave", "li").exit == 6


def test_a_role_that_does_not_exist_is_a_usage_error_with_the_roles(memberctl: Program) -> None:
    result = memberctl("staff", "grant", "li", "boss")
    assert result.exit == 2
    assert "reviewer" in result.err


def test_a_dry_run_says_the_same_and_writes_nothing(memberctl: Program) -> None:
    tried = memberctl("branch", "add", "GZ01", "--name", "广州", "--dry-run")
    assert tried.out == "Added branch GZ01 (广州); its cards carry 0003.\n"
    assert memberctl("branch", "show", "GZ01").exit == 4
    done = memberctl("branch", "add", "GZ01", "--name", "广州")
    assert done.out == tried.out


def test_branches_are_listed_with_their_part_of_card_numbers(memberctl: Program) -> None:
    assert memberctl("branch", "list").out == (
        "code\tname\tcard_digits\tzone\thours\tcapacity\n"
        "BJ01\t北京朝阳店\t0002\t\t\t\nSH01\t上海静安店\t0001\t\t\t\n"
    )


def test_a_policy_is_decided_and_shown_with_who_decided(memberctl: Program) -> None:
    assert memberctl("policy", "set", "review_days", "7").out == (
        "Policy review_days is 7 now; it was 5.\n"
    )
    shown = memberctl.ok("policy", "show", "review_days")
    assert (shown["value"], shown["default"], shown["unit"]) == ("7", "5", "working days")
    assert (shown["changed_by"], shown["changed_at"]) == ("owner", "2026-03-02T10:00:00+08:00")
    assert shown["source"] == "mission S4.4"
    assert memberctl("policy", "set", "reviewdays", "7").exit == 4


def test_switching_acting_off_binds_everybody_to_their_own_login(memberctl: Program) -> None:
    memberctl.ok("policy", "set", "acting", "off")
    result = memberctl("staff", "list", as_="li")
    assert (result.exit, result.out) == (5, "")
    assert "switched off" in result.err


def test_a_published_year_is_entered_and_a_later_one_is_said_to_be_provisional(
    memberctl: Program,
) -> None:
    entered = memberctl("calendar", "add", "2026")
    assert entered.out.startswith("Replaced 2026: 19 free days, 6 workdays (holidays ")
    assert entered.err == ""
    assert memberctl("calendar", "add", "2026").out == "2026 was left as it is.\n"
    later = memberctl("calendar", "add", "2031")
    assert later.exit == 0
    assert "2031 is provisional" in later.err
    years = {row["year"]: row["provisional"] for row in memberctl.ok("calendar", "list")}
    assert (years[2026], years[2031]) == (False, True)


def test_a_month_of_the_calendar_has_a_row_for_every_day(memberctl: Program) -> None:
    rows = memberctl.ok("calendar", "show", "2024-10")
    assert len(rows) == 31
    assert rows[11] == {
        "date": "2024-10-12",
        "weekday": "Saturday",
        "working": True,
        "kind": "workday",
        "name": "调休",
    }
    assert memberctl("calendar", "show", "2031-02").exit == 4


def test_a_file_gives_a_year_its_days(memberctl: Program, tmp_path: Path) -> None:
    file = tmp_path / "2028.csv"
    file.write_bytes("\ufeffdate,kind,name\r\n2028-01-03,holiday,元旦\r\n\r\n".encode())
    done = memberctl("calendar", "add", "2028", "--file", str(file))
    assert done.out == "Entered 2028: 1 free days, 0 workdays (given).\n"
    assert "1 blank line skipped" in done.err
    piped = "date,kind,name\n2028-01-03,holiday,元旦\n2028-01-08,workday,调休\n"
    done = memberctl("calendar", "add", "2028", "--file", "-", stdin=piped)
    assert done.out == "Replaced 2028: 1 free days, 1 workdays (given).\n"


@pytest.mark.parametrize("content", ["", "date,kind,name\n"])
def test_a_file_without_rows_changes_nothing_and_says_so(memberctl: Program, content: str) -> None:
    done = memberctl("calendar", "add", "2024", "--file", "-", stdin=content)
    assert (done.exit, done.out) == (0, "2024 was left as it is.\n")
    assert "0 rows" in done.err
    assert len(memberctl.ok("calendar", "show", "2024")) == 7


def test_one_bad_row_and_nothing_of_a_file_is_taken(memberctl: Program) -> None:
    content = "date,kind,name\n2028-01-03,holiday,x\n03/01/2028,holiday,x\n2028-01-04,free,x\n"
    refusal = memberctl("calendar", "add", "2028", "--file", "-", stdin=content)
    assert_refused(refusal)
    assert "line 3" in refusal.err and "line 4" in refusal.err
    assert memberctl("calendar", "show", "2028").exit == 4


def test_a_folder_or_link_is_no_calendar(memberctl: Program, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    for path in (tmp_path, tmp_path / "link"):
        assert_refused(memberctl("calendar", "add", "2028", "--file", str(path)))
    assert memberctl("calendar", "add", "2028", "--file", str(tmp_path / "no")).exit == 4


def test_no_name_that_could_act_on_a_terminal_gets_in(memberctl: Program) -> None:
    for name in typeable(REFUSED_NAMES):
        assert_refused(memberctl("branch", "add", "X1", "--name", name))
        assert_refused(memberctl("staff", "add", "x1", "--name", name, "--role", "service"))
    assert memberctl("branch", "show", "X1").exit == 4


def test_unusual_names_are_kept_and_shown_literally(memberctl: Program) -> None:
    for number, name in ACCEPTED_NAMES.items():
        memberctl.ok("branch", "add", f"B{number}", "--name", name)
        assert memberctl.ok("branch", "show", f"b{number}")["name"] == name


def test_no_code_that_could_be_anything_else_gets_in(memberctl: Program) -> None:
    for code in typeable(REFUSED_CODES):
        assert_refused(memberctl("branch", "add", "--name", "x", "--", code))
        assert_refused(memberctl("staff", "add", "--name", "x", "--role", "service", "--", code))
        assert_refused(memberctl("branch", "show", "--", code))
        assert_refused(memberctl("staff", "show", "--", code))


def test_no_number_that_is_not_plain_gets_in(memberctl: Program) -> None:
    for typed in REFUSED_COUNTS.values():
        assert_refused(memberctl("policy", "set", "review_days", "--", typed))
        assert_refused(memberctl("calendar", "add", "--", typed))
        assert_refused(memberctl("calendar", "show", "--", typed))
    for typed in set(REFUSED_COUNTS.values()) - {"1000000000"}:
        assert_refused(
            memberctl("staff", "add", "x1", "--name", "x", "--role", "owner", f"--uid={typed}")
        )


def test_a_branch_has_a_zone_hours_and_a_capacity_of_its_own(memberctl: Program) -> None:
    change = ["branch", "update", "sh01", "--zone", "Asia/Urumqi", "--capacity", "80", "--hours"]
    changed = memberctl(*change, "Mon-Fri 06:00-22:00")
    assert changed.out == "Changed branch SH01 (上海静安店).\n"
    again = memberctl(*change, "mon-fri 06:00-22:00")
    assert again.out == "Branch SH01 (上海静安店) is so already; nothing was changed.\n"
    shown = memberctl.ok("branch", "show", "SH01")
    assert (shown["zone"], shown["hours"], shown["capacity"]) == (
        "Asia/Urumqi", "mon-fri 06:00-22:00", 80,
    )  # fmt: skip
    lifted = ["--zone", "none", "--hours", "none", "--capacity", "none"]
    memberctl.ok("branch", "update", "SH01", *lifted)
    shown = memberctl.ok("branch", "show", "SH01")
    assert (shown["zone"], shown["hours"], shown["capacity"]) == (None, "", None)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--zone", "Asia/Peking"],
        ["--hours", "9 to 5"],
        ["--capacity", "0"],
        ["--capacity", "1e3"],
    ],
)
def test_what_can_be_no_setting_of_a_branch_is_refused(
    memberctl: Program, wrong: list[str]
) -> None:
    assert_refused(memberctl("branch", "update", "SH01", *wrong))
    assert memberctl("branch", "update", "SH9", "--capacity", "5").exit == 4
    assert memberctl("branch", "update", "SH01", "--capacity", "5", as_="zhao").exit == 5
