"""Rules G2, G6: each kind of personal field has a right of its own, denied unless it is listed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from memberctl.archive import personal
from memberctl.archive.dossier import marked
from memberctl.cli.revealing import look_through
from memberctl.core.text import Kind, Personal
from memberctl.office import rights
from memberctl.office.rights import may_reveal
from memberctl.office.rules import Role
from tests.program import Program

PHONE, EMAIL, RESIDENT_ID = "+8613912345678", "canary.bird@example.com", "11010519491231002X"
BUSINESS_CODE = "91110000600037341L"
WHY = ("--reveal", "called back")


def a_person(memberctl: Program) -> str:
    """Register somebody with a phone, an address for mail and an identity card."""
    made = memberctl.ok(
        "member", "register", "金丝雀", "--phone", "13912345678", "--email", EMAIL,
        "--id-number", RESIDENT_ID, "--branch", "SH01", as_="sun",
    )  # fmt: skip
    return str(made["number"])


def logged(memberctl: Program, event: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (object, staff, facts) of each entry of an event, the newest first."""
    rows = memberctl.ok("audit", "log", "--event", event)
    return [(row["object"], row["staff"], json.loads(row["facts"])) for row in rows]


def refusals(memberctl: Program) -> list[tuple[str, str]]:
    """Return (staff, right) of each refusal, the newest first."""
    return [(who, facts["right"]) for _, who, facts in logged(memberctl, "right.refused")]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_field_has_a_right_that_somebody_holds_and_nobody_holds_by_the_way(
    kind: Kind,
) -> None:
    holders = rights.RIGHTS[rights.reveal_right(kind)]
    assert Role.PRIVACY in holders
    assert not holders & {Role.RECEPTION, Role.REVIEWER, Role.AUDITOR}
    assert [kind in may_reveal({role}) for role in Role] == [
        role in holders or role is Role.OWNER for role in Role
    ]


def test_a_kind_whose_right_is_not_listed_is_hidden_from_everybody_but_the_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = {name: held for name, held in rights.RIGHTS.items() if name != "reveal.phone"}
    monkeypatch.setattr(rights, "RIGHTS", listed)
    assert may_reveal(set(Role) - {Role.OWNER}) == frozenset(Kind) - {Kind.PHONE}
    assert may_reveal({Role.OWNER}) == frozenset(Kind)


def test_a_personal_column_that_nobody_knows_takes_the_right_to_everything_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = {**personal.PERSONAL["member"], "shoe_size": None}
    monkeypatch.setitem(personal.PERSONAL, "member", columns)  # type: ignore[arg-type]
    row = marked("member", {"id": 1, "shoe_size": 43})
    assert row["shoe_size"] == Personal(Kind.TEXT, "43")
    assert Kind.TEXT not in may_reveal(set(Role) - {Role.PRIVACY, Role.MANAGER, Role.OWNER})


def test_only_what_is_shown_counts_and_empty_fields_hide_nothing() -> None:
    rows = [
        {"number": "M-000001", "phone": Personal(Kind.PHONE, PHONE)},
        {"number": "M-000002", "phone": Personal(Kind.PHONE, ""), "email": None},
        {"number": "M-000003", "email": Personal(Kind.EMAIL, EMAIL)},
    ]
    seen = look_through(rows, frozenset({Kind.PHONE}))
    assert (seen.shown, seen.masked, list(seen.persons)) == (
        {Kind.PHONE}, {Kind.EMAIL}, ["M-000001"],
    )  # fmt: skip
    unseen = look_through(rows, frozenset({Kind.PHONE}), ["number"])
    assert (unseen.shown, unseen.masked, list(unseen.persons)) == (set(), set(), [])


def test_whoever_may_see_some_kinds_sees_those_and_the_rest_stays_masked_and_is_logged(
    memberctl: Program,
) -> None:
    number = a_person(memberctl)
    done = memberctl("member", "show", number, *WHY, "--format", "json", as_="li")
    assert done.exit == 0
    shown = done.json
    assert (shown["phone"], shown["email"]) == (PHONE, EMAIL)
    assert shown["id_number"] == "110105********002X"
    refused = "li has no right to reveal.id_number: it stays masked"
    assert done.envelope["messages"] == [{"level": "warning", "message": refused}]
    table = memberctl("member", "show", number, *WHY, "--format", "table", as_="li")
    assert PHONE in table.out and RESIDENT_ID not in table.out + table.err
    assert refused in table.err
    assert refusals(memberctl) == [("li", "reveal.id_number")] * 2
    facts = {"reason": "called back", "fields": "email,phone"}
    assert logged(memberctl, "personal.revealed") == [(number, "li", facts)] * 2


def test_fields_that_are_not_asked_for_are_neither_shown_nor_refused(memberctl: Program) -> None:
    number = a_person(memberctl)
    line = ("member", "list", *WHY, "--format", "csv", "--fields", "number,phone")
    done = memberctl(*line, as_="li")
    assert (done.exit, done.out, done.err) == (0, f"number,phone\n{number},{PHONE}\n", "")
    assert refusals(memberctl) == []
    assert logged(memberctl, "personal.revealed") == [
        (number, "li", {"reason": "called back", "fields": "phone"})
    ]


@pytest.mark.parametrize(("who", "right"), [("sun", "--reveal"), ("qian", "reveal.phone")])
def test_whoever_may_see_none_of_it_is_refused_and_logged_and_nothing_is_shown(
    memberctl: Program, who: str, right: str
) -> None:
    a_person(memberctl)
    done = memberctl("member", "list", *WHY, "--fields", "number,phone", as_=who)
    assert (done.exit, done.out) == (5, "")
    assert f"{who} has no right to" in done.err and PHONE not in done.err
    assert refusals(memberctl) == [(who, right)]
    assert logged(memberctl, "personal.revealed") == []


def test_a_document_is_shown_by_the_right_to_its_own_kind(memberctl: Program) -> None:
    person = a_person(memberctl)
    firm = memberctl.ok(
        "member", "register", "长风", "--phone", "13900139000", "--id-number", BUSINESS_CODE,
        as_="sun",
    )  # fmt: skip
    line = (*WHY, "--fields", "id_number")
    assert memberctl.ok("member", "show", firm["number"], *line, as_="qian") == {
        "id_number": BUSINESS_CODE
    }
    assert memberctl("member", "show", person, *line, as_="qian").exit == 5
    assert memberctl.ok("member", "show", person, *line, as_="zhao") == {"id_number": RESIDENT_ID}


def test_an_account_is_shown_to_finance_and_not_to_the_manager(memberctl: Program) -> None:
    account = ("ICBC", "--method", "bank", "--number", "6222020200011112222")
    memberctl.ok("bank", "account", "add", *account, as_="qian")
    line = ("bank", "account", "list", *WHY, "--fields", "code,number")
    assert {"code": "ICBC", "number": account[-1]} in memberctl.ok(*line, as_="qian")
    assert memberctl("bank", "account", "list", *WHY, as_="zhao").exit == 5
    assert refusals(memberctl) == [("zhao", "reveal.account")]


def test_letters_take_the_right_to_addresses_before_any_is_counted_as_sent(
    memberctl: Program,
) -> None:
    refused = memberctl("message", "print", *WHY, as_="qian")
    assert refused.exit == 5 and "reveal.address" in refused.err
    assert refusals(memberctl) == [("qian", "reveal.address")]
    assert memberctl("message", "print", *WHY, "--format", "count", as_="li").out == "0\n"


def test_somebody_of_one_branch_reveals_nobody_of_another(memberctl: Program) -> None:
    theirs = a_person(memberctl)
    roles = ("--role", "privacy", "--role", "service", "--branch", "BJ01")
    memberctl.ok("staff", "add", "mei", "--name", "梅", *roles)
    own = memberctl.ok(
        "member", "register", "王芳", "--phone", "13512340001", as_="mei"
    )["number"]  # fmt: skip
    assert memberctl("member", "show", theirs, *WHY, as_="mei").exit == 4
    assert memberctl("member", "dossier", theirs, *WHY, as_="mei").exit == 4
    (shown,) = memberctl.ok("member", "list", *WHY, as_="mei")
    assert (shown["number"], shown["phone"]) == (own, "+8613512340001")
    assert [each for each, _, _ in logged(memberctl, "personal.revealed")] == [own]


def test_the_rights_of_a_role_name_the_kinds_that_it_sees(memberctl: Program) -> None:
    listed = memberctl.ok("staff", "rights", "service")
    kinds = [row["right"] for row in listed if row["right"].startswith("reveal.")]
    assert kinds == ["reveal.address", "reveal.email", "reveal.phone"]
    table = memberctl("staff", "rights", "finance", "--format", "table").out
    assert "reveal.account" in table and "reveal.phone" not in table
    assert not [r for r in memberctl.ok("staff", "rights", "reception") if "reveal" in r["right"]]
