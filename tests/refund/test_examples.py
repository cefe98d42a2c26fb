"""M6 to M10 as people meet them: by commands, on both engines."""

from __future__ import annotations

from collections.abc import Callable

from tests.refund.conftest import approve, ask, cny, on, pay_out, refunded, shares
from tests.reliability.promises import assert_sound
from tests.warm import WarmProgram

Join = Callable[..., str]


def test_m6_unused_days_are_counted_from_dates_and_rounded_once(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    on(club, "2026-04-10")
    found = club.ok("refund", "preview", order, "--on", "2026-04-10")
    assert (found["used_days"], found["term_days"]) == (100, 365)
    assert (found["paid"], found["refundable"]) == (cny("1000.00"), cny("1000.00"))
    assert (found["fee"], found["amount"]) == (cny("0.00"), cny("726.03"))
    assert refunded(club, order)["amount"] == cny("726.03")
    assert_sound(club)


def test_m8_the_newest_payment_goes_back_first_by_its_own_method(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year(("300.00", "cash"), ("700.00", "wechat"))
    on(club, "2026-04-10")
    asked = ask(club, order)
    assert asked["amount"] == cny("726.03")
    assert shares(asked) == [("wechat", "700.00"), ("cash", "26.03")]
    approve(club, asked["number"])
    assert shares(pay_out(club, asked["number"])) == [("wechat", "700.00"), ("cash", "26.03")]
    assert_sound(club)
