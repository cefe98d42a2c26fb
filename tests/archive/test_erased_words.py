"""What people typed about somebody goes with them: rules G2, G3; reliability.md R21.

A reason may hold a name, an illness, a quarrel. The amounts and days that the law wants stay.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from memberctl.archive.personal import WHERE_SAID
from memberctl.store.engine import Store
from memberctl.store.schema import metadata
from tests import histories
from tests.program import Program

NAME = "金丝雀"
SAID = f"{NAME}病了"
WHY = ("--reason", "asked by letter", "--yes", "--force")


def a_service(memberctl: Program, member: str, amount: str = "100.00") -> str:
    """Return a confirmed order of this member on which the amount is due."""
    line = ("order", "file", member, "--kind", "service", "--line", f"course:1:{amount}")
    order = str(memberctl.ok(*line, as_="sun")["number"])
    histories.confirm(memberctl, order)
    return order


def talked_about(memberctl: Program) -> str:
    """Return a member of whom something was said wherever money or a term changed."""
    member = histories.a_member(memberctl, NAME)
    order = histories.a_join_order(memberctl, member)
    histories.confirm(memberctl, order)
    histories.pay(memberctl, order, "3700.00")
    said = ("--reason", SAID)
    span = ("--from", "2026-07-01", "--until", "2026-07-30")
    memberctl.ok("term", "freeze", member, *span, *said, as_="sun")
    asked = memberctl.ok("credit", "payout", member, "--method", "bank", *said, as_="qian")
    memberctl.ok("credit", "refuse", asked["number"], *said, as_="zhao")
    _cards_and_orders(memberctl, member)
    _refunds(memberctl, order)
    _debts(memberctl, member)
    _documents(memberctl, member)
    return member


def _cards_and_orders(memberctl: Program, member: str) -> None:
    said = ("--reason", SAID)
    card = memberctl.ok("card", "issue", member, as_="sun")["number"]
    memberctl.ok("card", "block", card, *said, as_="sun")
    assert SAID in memberctl.ok("card", "show", card, as_="sun")["reason"]
    line = ("order", "file", member, "--kind", "service", "--line", "course:1:5.00")
    gone, refused, late = (str(memberctl.ok(*line, as_="sun")["number"]) for _ in range(3))
    memberctl.ok("order", "withdraw", gone, *said, "--yes", as_="sun")
    assert memberctl.ok("order", "show", gone)["reason"] == SAID
    memberctl.ok("review", "extend", late, "--days", "2", *said, as_="wang")
    memberctl.ok("review", "advance", late, "--return", SAID, as_="li")
    memberctl.ok("review", "advance", refused, "--reject", SAID, as_="li")
    assert memberctl.ok("order", "show", refused)["reason"] == SAID


def _refunds(memberctl: Program, order: str) -> None:
    line = ("refund", "request", order, "--amount", "10.00", "--reason", SAID)
    refused, failed, gone = (memberctl.ok(*line, as_="sun")["number"] for _ in range(3))
    memberctl.ok("refund", "review", refused, "--reject", SAID, as_="wang")
    memberctl.ok("refund", "review", failed, "--approve", "--reason", SAID, as_="wang")
    memberctl.ok("refund", "pay", failed, "--yes", as_="qian")
    memberctl.ok("refund", "fail", failed, "--reason", SAID, "--yes", as_="qian")
    memberctl.ok("refund", "withdraw", gone, "--reason", SAID, "--yes", as_="sun")


def _debts(memberctl: Program, member: str) -> None:
    order = a_service(memberctl, member)
    asked = memberctl.ok("debt", "write-off", order, "--reason", SAID, as_="qian")
    memberctl.ok("debt", "refuse", asked["number"], "--reason", SAID, as_="zhao")
    wrong, back = (
        memberctl.ok(
            "payment", "record", order, amount, "--method", "wechat", "--reference", amount,
            as_="qian",
        )["number"]
        for amount in ("20.00", "30.00")
    )  # fmt: skip
    memberctl.ok("payment", "void", wrong, "--reason", SAID, "--yes", as_="qian")
    memberctl.ok("payment", "chargeback", back, "--reason", SAID, "--yes", as_="qian")


def _documents(memberctl: Program, member: str) -> None:
    first, second = (a_service(memberctl, member) for _ in range(2))
    issued = [
        memberctl.ok("invoice", "issue", each, as_="qian")["number"] for each in (first, second)
    ]
    line = ("invoice", "credit", issued[0], "--amount", "5.00", "--reason", SAID)
    memberctl.ok(*line, "--yes", as_="qian")
    memberctl.ok("invoice", "void", issued[1], "--reason", SAID, "--yes", as_="qian")


def words_in(memberctl: Program) -> dict[str, list[Any]]:
    """Return what stands in every column of words of the store, by table and column.

    The rows come in the order of their keys: PostgreSQL shows a changed one elsewhere.
    """
    tables = metadata.tables
    with Store(memberctl.location).reading() as session:
        return {
            f"{table}.{column}": list(
                session.scalars(
                    select(tables[table].c[column]).order_by(*tables[table].primary_key.columns)
                )
            )
            for table, columns in WHERE_SAID.items()
            for column in columns
        }


def test_what_was_said_of_somebody_goes_with_them_and_the_books_stay(
    memberctl: Program, tmp_path: Path
) -> None:
    member = talked_about(memberctl)
    before, balance = words_in(memberctl), memberctl.ok("ledger", "balance")
    said = {place for place, words in before.items() if SAID in words}
    assert said >= {
        "payment.void_reason", "refund.reason", "refund.decision_reason", "refund.stopped_because",
        "invoice.reason", "invoice.void_reason", "write_off.reason", "write_off.decision",
        "chargeback.reason", "credit_request.reason", "credit_request.decision",
        "term_change.reason", "orders.ended_because", "card.ended_because",
    }  # fmt: skip
    memberctl.ok("member", "erase", member, *WHY)
    after = words_in(memberctl)
    assert not [place for place, words in after.items() if SAID in words]
    before.pop("outbox.reason")  # What still waited was stopped.
    for place, words in before.items():
        assert [bool(each) for each in after[place]] == [bool(each) for each in words], place
    assert memberctl.ok("ledger", "balance") == balance
    assert memberctl.ok("ledger", "check")["problems"] == []
    assert memberctl.ok("db", "check", "--deep")["problems"] == []
    if "://" not in memberctl.location:
        memberctl.ok("backup", "create", str(tmp_path / "new.backup"))
        assert left_in(Path(memberctl.location).parent, tmp_path) == []


def left_in(*folders: Path) -> list[Path]:
    """Return the files in which the name still stands."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if NAME.encode() in path.read_bytes()]


def test_what_was_said_of_somebody_else_stays(memberctl: Program) -> None:
    member, other = histories.a_member(memberctl, NAME), histories.a_paid_member(memberctl)[1]
    line = ("refund", "request", other, "--amount", "10.00", "--reason", "moved away")
    number = memberctl.ok(*line, as_="sun")["number"]
    memberctl.ok("member", "erase", member, *WHY)
    assert memberctl.ok("refund", "show", number)["reason"] == "moved away"


def test_a_change_of_a_term_takes_no_other_change_than_that_erasure(memberctl: Program) -> None:
    member, _ = histories.a_paid_member(memberctl)
    span = ("--from", "2026-07-01", "--until", "2026-07-30")
    memberctl.ok("term", "freeze", member, *span, "--reason", "travel", as_="sun")
    for change in (
        "reason = 'nicer'",
        "reason = 'erased', recorded_by = recorded_by + 1",
        "end_after = end_before",
        "reason = NULL",
    ):
        with Store(memberctl.location).writing() as session, pytest.raises(DatabaseError):
            session.connection().execute(text(f"UPDATE term_change SET {change}"))


def test_the_reason_of_an_erasure_is_its_proof_and_names_nobody(shop: Program) -> None:
    member = histories.a_member(shop, NAME)
    phone = shop.ok("member", "show", member, "--reveal", "test", as_="zhao")["phone"]
    for named in (f"{NAME} asked", f"letter of {phone}"):
        refused = shop("member", "erase", member, "--reason", named, "--yes")
        assert (refused.exit, "names the member" in refused.err) == (6, True)
        assert named not in refused.err
    assert shop.ok("member", "show", member)["status"] != "erased"
    shop.ok("member", "erase", member, *WHY)
