"""Sets are looked up by one bound value, the same on both engines."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import LargeBinary, cast
from sqlmodel import Session, col, select

from memberctl.office.tables import Branch, CalendarDay
from memberctl.store.among import among, among_bytes, among_pairs


@pytest.mark.parametrize(
    ("codes", "found"),
    [
        (["SH01", "BJ01", "XX"], ["BJ01", "SH01"]),
        (["SH01"] * 2, ["SH01"]),
        (["s'H\"01", "门店", "%", "\\"], []),
        ([], []),
    ],
)
def test_rows_whose_text_is_one_of_many_are_found_whatever_the_text_holds(
    session: Session, codes: list[str], found: list[str]
) -> None:
    wanted = select(Branch.code).where(among(session, col(Branch.code), codes))
    assert sorted(session.exec(wanted)) == found


def test_ten_thousand_numbers_are_one_look_up(session: Session) -> None:
    wanted = select(Branch.id).where(among(session, col(Branch.id), range(2, 10_002)))
    assert list(session.exec(wanted)) == [2]


@pytest.mark.parametrize(
    ("codes", "found"),
    [
        ([b"SH01", b"XX99", b"BJ01", b"SH01"], ["BJ01", "SH01"]),
        # None of them begins where another one ends.
        ([b"01SH", b"01BJ", b"\0\xff'\""], []),
        ([], []),
    ],
)
def test_rows_whose_bytes_are_one_of_many_are_found_whatever_the_bytes_are(
    session: Session, codes: list[bytes], found: list[str]
) -> None:
    as_bytes = cast(col(Branch.code), LargeBinary())
    wanted = select(Branch.code).where(among_bytes(session, as_bytes, codes, 4))
    assert sorted(session.exec(wanted)) == found


def test_pairs_are_found_as_pairs_and_not_by_their_halves(session: Session) -> None:
    holiday, make_up = date(2024, 10, 1), date(2024, 10, 12)
    pairs = [("国庆节", holiday), ("国庆节", make_up), ("'", make_up)]
    wanted = select(CalendarDay.day).where(
        among_pairs(session, col(CalendarDay.name), col(CalendarDay.day), pairs)
    )
    assert list(session.exec(wanted)) == [holiday]
    nothing = among_pairs(session, col(CalendarDay.name), col(CalendarDay.day), [])
    assert list(session.exec(select(CalendarDay.day).where(nothing))) == []
