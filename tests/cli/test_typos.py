"""A word that names nothing is an error, never an empty list."""

from __future__ import annotations

import pytest

from tests.program import Program


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("order", "list", "--stage", "finel"), "did you mean final?"),
        (("application", "list", "--stage", "x"), "there are final, initial, second"),
        (("member", "list", "--branch", "SH1"), "did you mean SH01?"),
        (("audit", "log", "--staff", "lii"), "did you mean li?"),
        (("policy", "show", "review_day"), "did you mean review_days?"),
        (("policy", "set", "nothing_days", "5"), "there is no such policy"),
    ],
)
def test_a_name_that_nothing_has_is_exit_4_with_the_near_ones(
    shop: Program, argv: tuple[str, ...], said: str
) -> None:
    refused = shop(*argv)
    assert (refused.exit, refused.out) == (4, "")
    assert said in refused.err


def test_staff_are_found_in_the_audit_log_however_their_code_is_typed(shop: Program) -> None:
    shop.ok("policy", "set", "review_days", "7")
    assert shop.ok("audit", "log", "--staff", "OWNER")[0]["event"] == "policy.set"


def test_a_month_that_does_not_exist_and_a_version_too_many_are_said_as_such(
    shop: Program,
) -> None:
    month = shop("calendar", "show", "2026-13")
    assert (month.exit, "a month is 01 to 12" in month.err) == (6, True)
    wording = shop("agreement", "show", "--wording", "9")
    assert (wording.exit, "MEMBERSHIP has no version of that number" in wording.err) == (4, True)


def test_a_text_in_no_known_encoding_is_to_be_saved_as_utf_8(shop: Program) -> None:
    text = shop.folder / "agreement.txt"
    text.write_bytes(b"membership \x81\x20\xff")
    refused = shop("agreement", "publish", str(text))
    assert (refused.exit, "save it as UTF-8" in refused.err) == (6, True)


def test_an_option_that_is_missing_is_said_on_one_line_with_its_choices(shop: Program) -> None:
    refused = shop("payment", "record", "JN-2026-XXXXX", "12.00")
    assert refused.exit == 2
    said, hint, *others = refused.err.splitlines()
    assert said.startswith("memberctl: Missing option '--method'. Choose from: cash, bank, ")
    assert hint == "hint: memberctl payment record --help"
    assert others == []
