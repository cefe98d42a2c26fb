"""The nouns `term` and `card` as people and scripts use them. Source: rules T2, C1-C3, I4, T7."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from memberctl.store.engine import Store
from tests.access.conftest import member_row
from tests.program import Program
from tests.report.test_members import JANUARY, term_row

DESK = "sun"


@pytest.fixture
def club(memberctl: Program) -> Program:
    """Three members: 1 and 2 have paid for 2026, 3 has not; 2 has no address."""
    with Store(memberctl.location).writing() as session:
        session.add_all(
            [
                member_row(1, JANUARY, address="南京西路 1 号"),
                member_row(2, JANUARY),
                member_row(3, JANUARY),
            ]
        )
        session.flush()
        year = (date(2026, 1, 1), date(2026, 12, 31))
        session.add_all([term_row(1, 1, *year), term_row(2, 2, *year)])
        session.commit()
    return memberctl


def test_a_preview_needs_no_store_and_no_staff(memberctl: Program) -> None:
    result = memberctl(
        "term", "preview", "--from", "2024-01-31", "--term", "1m", "--count", "2",
        "--db", "/nowhere/at/all.db",
    )  # fmt: skip
    assert (result.exit, result.err) == (0, "")
    assert result.out.splitlines() == [
        "index\tstart_on\tend_on", "1\t2024-01-31\t2024-02-28", "2\t2024-02-29\t2024-03-30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [
        (("--from", "2024-02-30", "--term", "1m"), 6),
        (("--from", "2024-01-31", "--term", "0m"), 6),
        (("--from", "2024-01-31", "--term", "1m", "--count", "0"), 6),
        (("--from", "2024-01-31", "--term", "100y", "--count", "100"), 6),
    ],
)
def test_a_preview_of_what_cannot_be_is_refused(
    memberctl: Program, options: tuple[str, ...], exit_code: int
) -> None:
    assert memberctl("term", "preview", *options).exit == exit_code


def test_terms_are_listed_with_their_stable_keys_as_of_a_day(club: Program) -> None:
    assert club.ok("term", "list", "M-000001", as_=DESK) == [
        {
            "member": "M-000001", "plan": "YEAR", "start_on": "2026-01-01", "end_on": "2026-12-31",
            "status": "active", "visits": None, "left": None,
        }
    ]  # fmt: skip
    later = club.ok("term", "list", "--as-of", "2027-01-01", as_=DESK)
    assert [line["status"] for line in later] == ["ended", "ended"]


def test_a_card_is_issued_with_its_stable_keys_and_shown(club: Program) -> None:
    issued = club.ok("card", "issue", "m1", as_=DESK)
    assert issued["number"].startswith("8600010000001")
    assert (issued["member"], issued["state"], issued["issued_on"]) == (
        "M-000001", "active", "2026-03-02",
    )  # fmt: skip
    assert club.ok("card", "list", as_=DESK) == [issued]
    assert club.ok("card", "show", issued["number"], as_=DESK)["valid_until"] == "2026-12-31"


def test_a_card_for_who_has_not_paid_is_refused_with_the_next_command(club: Program) -> None:
    result = club("card", "issue", "M-000003", as_=DESK)
    assert result.exit == 6
    assert "full payment" in result.err
    assert "memberctl order list --member M-000003" in result.err


def test_everyone_who_paid_gets_a_card_once(club: Program) -> None:
    first = club.ok("card", "issue", "--all-paid", as_=DESK)
    assert (first["issued"], first["refused"]) == (2, 0)
    assert club.ok("card", "issue", "--all-paid", as_=DESK)["issued"] == 0


def test_a_file_can_be_given_again_and_says_which_lines_were_refused(club: Program) -> None:
    rows = "会员号,备注\nM-000001,a\nM-000003,b\nnobody,c\nM-000099,d\n"
    first = club("card", "issue", "--file", "-", "--format", "json", as_=DESK, stdin=rows)
    assert first.exit == 3
    assert [(each["line"], each["code"]) for each in first.json["problems"]] == [
        (4, "number"), (3, "not_paid"), (5, "not_found"),
    ]  # fmt: skip
    again = club("card", "issue", "--file", "-", "--format", "json", as_=DESK, stdin=rows)
    assert (again.json["issued"], again.json["already"], again.json["refused"]) == (0, 1, 3)


def test_a_dry_run_issues_nothing_and_says_the_same(club: Program) -> None:
    planned = club.ok("card", "issue", "--all-paid", "--dry-run", as_=DESK)
    assert club.ok("card", "list", as_=DESK) == []
    assert club.ok("card", "issue", "--all-paid", as_=DESK) == planned


def test_a_card_goes_by_post_only_to_an_address(club: Program) -> None:
    assert club("card", "issue", "M-000002", "--post", as_=DESK).exit == 6
    number = club.ok("card", "issue", "M-000001", "--post", as_=DESK)["number"]
    assert club.ok("card", "show", number, as_=DESK)["handover"] == "post"


def test_a_lost_card_is_blocked_and_replaced(club: Program) -> None:
    old = club.ok("card", "issue", "M-000001", as_=DESK)["number"]
    spaced = f"{old[:4]} {old[4:]}"
    assert club.ok("card", "block", spaced, as_=DESK)["state"] == "blocked"
    new = club.ok("card", "replace", old, as_=DESK)
    assert (new["state"], new["replaces"]) == ("active", old)
    shown = club.ok("card", "show", old, as_=DESK)
    assert (shown["state"], shown["replaced_by"]) == ("replaced", new["number"])


def test_a_wrong_digit_is_said_to_be_one(club: Program) -> None:
    number = club.ok("card", "issue", "M-000001", as_=DESK)["number"]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    result = club("card", "show", wrong, as_=DESK)
    assert result.exit == 6
    assert "check digit" in result.err
    assert club("card", "show", "86000100001236", as_=DESK).exit == 4


def test_blank_cards_are_counted_where_a_stock_was_set(club: Program) -> None:
    assert club.ok("card", "stock", "SH01", "--counted", "1", as_=DESK)["blanks"] == 1
    result = club("card", "issue", "--all-paid", "--format", "json", as_=DESK)
    assert (result.exit, result.json["issued"], result.json["refused"]) == (3, 1, 1)
    assert club("card", "stock", "SH01", "--add", "-1", as_=DESK).exit == 6


@pytest.mark.parametrize(
    "argv",
    [
        ("card", "issue"),
        ("card", "issue", "M-000001", "--all-paid"),
        ("card", "stock", "SH01"),
        ("card", "stock", "SH01", "--add", "1", "--counted", "1"),
    ],
)
def test_a_command_that_says_too_little_or_too_much_is_a_usage_error(
    memberctl: Program, argv: tuple[str, ...]
) -> None:
    assert memberctl(*argv, as_=DESK).exit == 2


def test_finance_may_look_at_cards_but_not_issue_them(club: Program) -> None:
    assert club("card", "list", as_="qian").exit == 0
    assert club("card", "issue", "M-000001", as_="qian").exit == 5


def test_hostile_reasons_are_refused(club: Program) -> None:
    number = club.ok("card", "issue", "M-000001", as_=DESK)["number"]
    assert club("card", "block", number, "--reason", "a\x1b[2J", as_=DESK).exit == 6
    assert club.ok("card", "show", number, as_=DESK)["state"] == "active"


def test_the_clock_of_a_card_is_the_organisations_day(club: Program) -> None:
    late = datetime(2026, 3, 2, 16, 30, tzinfo=UTC).isoformat()  # 3 March 00:30 in Shanghai
    issued = club.ok("card", "issue", "M-000001", "--as-of", late, as_=DESK)
    assert issued["issued_on"] == "2026-03-03"
