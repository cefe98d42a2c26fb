"""What is done wrongly rather than typed wrongly: 84 to 88 of the list."""

from __future__ import annotations

import pytest

from tests import histories
from tests.program import Program


@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
def test_a_configuration_that_others_can_write_is_not_read(shop: Program, mode: int) -> None:
    config = shop.folder / "shared.toml"
    config.write_text('as = "zhao"\n')
    config.chmod(mode)
    refused = shop("plan", "list", "--config", str(config))
    assert (refused.exit, refused.out) == (2, "")
    assert "chmod go-w" in refused.err


@pytest.mark.parametrize("variable", ["LOGNAME", "USER", "USERNAME", "LNAME", "SUDO_USER"])
def test_no_variable_makes_somebody_else_of_who_is_there(shop: Program, variable: str) -> None:
    shop("branch", "add", "QQ01", "--name", "x", environ={variable: "zhao"})
    (done,) = shop.ok("audit", "log", "--event", "branch.added")
    assert (done["staff"], done["login"]) == ("owner", "owner")


def test_the_same_money_twice_in_a_moment_is_a_probable_duplicate(memberctl: Program) -> None:
    order = histories.a_confirmed_order(memberctl)
    line = ("payment", "record", order, "600.00", "--method", "cash")
    assert memberctl(*line, as_="qian").exit == 0
    assert memberctl(*line, as_="qian").exit == 7
    assert memberctl(*line, "--again", as_="qian").exit == 0
    assert memberctl.ok("order", "show", order)["paid"]["amount"] == "1200.00"


def test_nobody_decides_twice_or_what_they_filed_themselves(memberctl: Program) -> None:
    member = histories.a_member(memberctl)
    filed = memberctl.ok("order", "file", member, "--plan", "YEAR", "--agreed", as_="li")
    own = memberctl("review", "advance", filed["number"], "--approve", as_="li")
    assert own.exit == 5
    approve = ("review", "advance", filed["number"], "--approve")
    assert memberctl(*approve, as_="zhou").exit == 0
    assert memberctl(*approve, as_="zhou").exit == 5
    assert memberctl(*approve, as_="li").exit == 5
    assert memberctl.ok("order", "show", filed["number"])["stage"] == "second"


def test_what_is_over_stays_over(memberctl: Program) -> None:
    order = histories.a_confirmed_order(memberctl)
    paid = histories.pay(memberctl, order, "3650.00")
    void = ("payment", "void", paid["number"], "--reason", "wrong", "--yes")
    assert memberctl(*void, as_="qian").exit == 0
    assert memberctl(*void, as_="qian").exit == 6
    assert memberctl("payment", "verify", paid["number"], as_="feng").exit == 6
    receipt = memberctl.ok("receipt", "show", paid["receipt"])
    assert receipt["state"] == "voided"
    gone = ("order", "withdraw", order, "--reason", "x", "--yes")
    assert memberctl(*gone, as_="sun").exit == 0
    for verb in (gone, ("review", "advance", order, "--approve")):
        assert memberctl(*verb, as_="wu" if verb[0] == "review" else "sun").exit == 6


def test_two_hundred_and_fifty_six_failures_are_not_success(shop: Program) -> None:
    assert shop("batch", stdin="order show nothing\n" * 256).exit == 3
    assert shop("plan", "list", "--limit", "256").exit == 0
