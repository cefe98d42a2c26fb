"""Rules A4: two numbers of one person become one, and two again, by commands on both engines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, text

from memberctl.archive.pointing import HISTORY, names_member, pointers
from memberctl.member.sealed import SEALED_COLUMNS
from memberctl.store.engine import Store
from memberctl.store.schema import metadata
from tests import histories
from tests.program import Program

RESIDENT_ID, OTHER_ID = "11010519491231002X", "110105194912310038"
WHY = ("--reason", "same card shown", "--yes")


def merge(memberctl: Program, one: str, other: str) -> Any:
    """Merge the second into the first."""
    return memberctl.ok("member", "merge", one, other, *WHY, as_="zhao")


def pair(memberctl: Program) -> tuple[str, str, str, str]:
    """Return two members with a paid term and a card each, and their orders."""
    one, its_order = histories.a_paid_member(memberctl)
    other, other_order = histories.a_paid_member(memberctl)
    for member in (one, other):
        memberctl.ok("card", "issue", member, as_="sun")
    return one, other, its_order, other_order


def sound(memberctl: Program) -> None:
    """Fail unless nothing in the store contradicts itself."""
    assert memberctl.ok("db", "check", "--deep")["problems"] == []


def test_the_survivor_keeps_its_number_and_has_everything(memberctl: Program) -> None:
    one, other, its_order, other_order = pair(memberctl)
    done = merge(memberctl, one, other)
    assert (done["number"], done["survivor"], done["merged"]) == ("MG-000001", one, other)
    shown = memberctl.ok("member", "show", one)
    assert {each["number"] for each in shown["orders"]} == {its_order, other_order}
    assert len(shown["terms"]) == 2
    assert [card["state"] for card in shown["cards"]] == ["active", "replaced"]
    sound(memberctl)


def test_the_merged_number_still_finds_the_survivor_and_says_so(shop: Program) -> None:
    one, other, *_ = pair(shop)
    merge(shop, one, other)
    found = shop("member", "show", other, "--format", "json")
    assert found.json["number"] == one
    assert f"{other} was merged into {one}" in found.err
    assert other not in shop("member", "list").out
    again = shop("member", "merge", one, other, *WHY, as_="zhao")
    assert again.exit == 6


def test_overlapping_terms_are_kept_and_wait_for_a_decision(shop: Program) -> None:
    one, other, its_order, other_order = pair(shop)
    done = merge(shop, one, other)
    (overlap,) = done["overlaps"]
    assert {overlap["one"], overlap["other"]} == {its_order, other_order}
    (line,) = shop.ok("member", "merges")
    assert line["overlaps"] == 1
    shop.ok("order", "void", other_order, "--reason", "paid twice", "--yes", as_="zhao")
    assert shop.ok("member", "merges")[0]["overlaps"] == 0
    sound(shop)


def test_what_the_survivor_lacks_is_taken_over_and_unmerge_gives_it_back(
    memberctl: Program,
) -> None:
    one = histories.a_member(memberctl)
    other = histories.a_member(
        memberctl, "张伟明", "--id-number", RESIDENT_ID, "--email", "zw@example.com",
        "--address", "长乐路900弄",
    )  # fmt: skip
    before = memberctl.ok("member", "show", other, "--reveal", "test")
    memberctl.ok("member", "update", other, "--name", "张卫明", "--reason", "typo", as_="sun")
    done = merge(memberctl, one, other)
    assert {each["field"] for each in done["fields"]} >= {"name", "phone", "email", "address"}
    shown = memberctl.ok("member", "show", one, "--reveal", "test")
    assert (shown["id_number"], shown["email"]) == (RESIDENT_ID, "zw@example.com")
    sound(memberctl)
    memberctl.ok("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    after = memberctl.ok("member", "show", other, "--reveal", "test")
    changing = {"history"}
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    assert memberctl.ok("member", "show", one)["email"] is None
    memberctl.ok("member", "approve-change", "CR-000001", as_="wang")
    assert memberctl.ok("member", "show", other)["name"] == "张卫明"
    sound(memberctl)


def test_a_merge_whose_survivor_was_erased_stays_and_is_no_damage(memberctl: Program) -> None:
    one, other = histories.a_member(memberctl), histories.a_member(memberctl)
    merge(memberctl, one, other)
    memberctl.ok("member", "erase", one, *WHY)
    refused = memberctl("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    assert refused.exit == 6
    assert f"{one} was erased" in refused.err
    sound(memberctl)


def test_unmerge_brings_back_orders_terms_and_cards(memberctl: Program) -> None:
    one, other, _, other_order = pair(memberctl)
    before = memberctl.ok("member", "show", other)
    merge(memberctl, one, other)
    parted = memberctl.ok("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    assert parted["merged"] == other
    after = memberctl.ok("member", "show", other)
    for key in ("name", "phone", "status", "terms", "cards", "orders", "balance", "member_since"):
        assert after[key] == before[key], key
    assert memberctl.ok("order", "show", other_order)["member"] == other
    assert memberctl("member", "unmerge", "MG-000001", *WHY, as_="zhao").exit == 6
    sound(memberctl)


def test_credit_moves_by_an_entry_and_comes_back(memberctl: Program) -> None:
    one = histories.a_member(memberctl)
    order = histories.a_confirmed_order(memberctl)
    histories.pay(memberctl, order, "4000.00")
    other = memberctl.ok("order", "show", order)["member"]
    done = merge(memberctl, one, other)
    assert done["credit"]["amount"] == "350.00"
    assert memberctl.ok("member", "show", one)["balance"]["amount"] == "350.00"
    sound(memberctl)
    memberctl.ok("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    assert memberctl.ok("member", "show", other)["balance"]["amount"] == "350.00"
    assert memberctl.ok("member", "show", one)["balance"]["amount"] == "0.00"
    sound(memberctl)


def test_a_payment_that_is_voided_after_the_merge_takes_the_survivors_credit(
    shop: Program,
) -> None:
    one = histories.a_member(shop)
    order = histories.a_confirmed_order(shop)
    payment = histories.pay(shop, order, "4000.00")["number"]
    other = shop.ok("order", "show", order)["member"]
    merge(shop, one, other)
    shop.ok("payment", "void", payment, "--reason", "wrong order", "--yes", as_="qian")
    assert shop.ok("credit", "list") == []
    sound(shop)


def test_unmerge_is_refused_when_later_money_touches_it_and_says_which(memberctl: Program) -> None:
    one = histories.a_member(memberctl)
    order = histories.a_confirmed_order(memberctl)
    other = memberctl.ok("order", "show", order)["member"]
    merge(memberctl, one, other)
    histories.pay(memberctl, order, "600.00")
    refused = memberctl("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    assert refused.exit == 6
    assert f"payment.recorded of {order}" in refused.err
    sound(memberctl)


def test_money_of_the_survivors_own_orders_is_in_nobodys_way(shop: Program) -> None:
    order = histories.a_confirmed_order(shop)
    one = shop.ok("order", "show", order)["member"]
    merge(shop, one, histories.a_member(shop))
    histories.pay(shop, order, "600.00")
    shop.ok("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    assert shop.ok("order", "show", order)["member"] == one
    sound(shop)


def test_a_fee_that_was_earned_meanwhile_is_no_money_and_in_nobodys_way(shop: Program) -> None:
    one, other, _, other_order = pair(shop)
    merge(shop, one, other)
    shop.ok("ledger", "recognise", "--through", "2026-03-02", as_="qian")
    journal = shop.ok("ledger", "journal", "--about", other_order)
    assert "fees.earned" in {row["event"] for row in journal}
    shop.ok("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    assert shop.ok("order", "show", other_order)["member"] == other
    sound(shop)


def test_credit_that_was_decided_about_since_keeps_the_two_together(shop: Program) -> None:
    one = histories.a_member(shop)
    order = histories.a_confirmed_order(shop)
    histories.pay(shop, order, "4000.00")
    other = shop.ok("order", "show", order)["member"]
    shop.ok("credit", "payout", other, "--method", "cash", "--reason", "x", as_="qian")
    merge(shop, one, other)
    shop.ok("credit", "refuse", "CP-000001", "--reason", "no", as_="zhao")
    refused = shop("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    assert (refused.exit, "credit.given_back" in refused.err) == (6, True), refused.err
    sound(shop)


def test_an_upgrade_filed_since_of_a_term_that_moved_is_void_first(shop: Program) -> None:
    shop.ok("plan", "add", "TOP", "--name", "金卡", "--term", "12m", "--price", "9000.00")
    one, (other, other_order) = histories.a_member(shop), histories.a_paid_member(shop)
    merge(shop, one, other)
    upgrade = ("order", "file", one, "--kind", "upgrade", "--plan", "TOP", "--of", other_order)
    later = shop.ok(*upgrade, as_="sun")["number"]
    refused = shop("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    assert (refused.exit, f"{later} changes a term" in refused.err) == (6, True), refused.err
    shop.ok("order", "void", later, "--reason", "x", "--yes", as_="zhao")
    shop.ok("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    sound(shop)


def test_merges_are_taken_back_in_their_order(shop: Program) -> None:
    one, two, three = (histories.a_member(shop, name) for name in ("王芳", "王方", "汪芳"))
    merge(shop, two, three)
    merge(shop, one, two)
    assert shop.ok("member", "show", three)["number"] == one
    refused = shop("member", "unmerge", "MG-000001", *WHY, as_="zhao")
    assert refused.exit == 6
    assert "MG-000002" in refused.err
    for number in ("MG-000002", "MG-000001"):
        shop.ok("member", "unmerge", number, *WHY, as_="zhao")
    assert shop.ok("member", "show", three)["number"] == three
    sound(shop)


def test_two_resident_ids_are_two_people(shop: Program) -> None:
    one = histories.a_member(shop, "王芳", "--id-number", RESIDENT_ID)
    other = histories.a_member(shop, "王芳", "--id-number", OTHER_ID)
    refused = shop("member", "merge", one, other, *WHY, as_="zhao")
    assert refused.exit == 6
    assert "two resident IDs" in refused.err


def test_it_takes_the_right_a_reason_and_another_person_than_the_member(
    shop: Program,
) -> None:
    one, other = histories.a_member(shop), histories.a_member(shop, "张维")
    assert shop("member", "merge", one, other, *WHY, as_="sun").exit == 5
    assert shop("member", "merge", one, other, "--yes", as_="zhao").exit == 2
    asked = shop("member", "merge", one, other, "--reason", "x", as_="zhao")
    assert asked.exit == 2
    assert f"{one} keeps its number" in asked.err and "tier regular" in asked.err
    shop.ok("member", "update", other, "--staff", "zhao", as_="sun")
    assert shop("member", "merge", one, other, *WHY, as_="zhao").exit == 5
    assert shop.ok("member", "merges") == []


def test_a_dry_run_says_the_same_and_leaves_nothing(shop: Program) -> None:
    one, other, *_ = pair(shop)
    line = ("member", "merge", one, other, *WHY, "--format", "json")
    rehearsed = shop(*line, "--dry-run", as_="zhao")
    assert shop.ok("member", "merges") == []
    assert shop(*line, as_="zhao").json == rehearsed.json
    assert rehearsed.envelope["status"] == "dry-run"


def test_an_import_finds_the_survivor_by_the_merged_numbers_reference_and_document(
    memberctl: Program, tmp_path: Path
) -> None:
    one = histories.a_member(memberctl, "王芳", "--external-ref", "A1")
    other = histories.a_member(
        memberctl, "王方", "--external-ref", "A2", "--id-number", RESIDENT_ID
    )
    merge(memberctl, one, other)
    rows = f"external_ref,name,phone,id_number\nA3,王芳,13912345678,{RESIDENT_ID}\n"
    file = tmp_path / "people.csv"
    file.write_text(rows)
    done = memberctl("member", "import", str(file), "--format", "json", as_="sun")
    assert done.json["duplicate"] == 1
    assert one in done.err and other not in done.err
    renamed = "external_ref,name,phone\nA2,王芳,13912345678\n"
    assert memberctl.ok("member", "import", "-", stdin=renamed, as_="sun")["updated"] == 1


def test_nothing_personal_is_in_the_trail_or_the_snapshot(shop: Program) -> None:
    one = histories.a_member(shop)
    other = histories.a_member(shop, "王芳", "--email", "canary.bird@example.com")
    done = merge(shop, one, other)
    assert "canary" not in json.dumps(done["fields"])
    assert "canary" not in json.dumps(shop.ok("audit", "log"))
    with Store(shop.location).reading() as session:
        (sealed,) = session.connection().execute(text("SELECT sealed FROM member_merge")).one()
    assert b"canary" not in bytes(sealed)


def test_every_table_that_names_a_member_follows_a_merge() -> None:
    """A new table is followed by itself; one that names members otherwise fails here."""
    followed = {(pointer.table.name, pointer.column.name) for pointer in pointers()}
    named = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        if table.name not in HISTORY
        for column in table.c
        if names_member(column) or column.name in {"member", "payer_id", "person_id"}
    }
    assert followed == named
    assert ("orders", "member_id") in followed and ("outbox", "member_id") in followed
    assert ("member", "merged_into") in followed


def test_every_sealed_column_is_sealed_anew_or_stays_where_it_was_made() -> None:
    sealed = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, LargeBinary) and "sealed" in column.name
    }
    # A statement is sealed for the store, whoever paid.
    assert sealed == SEALED_COLUMNS | {"member_merge.sealed", "bank_reading.sealed"}


@pytest.mark.parametrize("number", ["MG-000009", "mg 9", "M-000001", "x", "", "9" * 400])
def test_a_merge_that_is_none_is_said(shop: Program, number: str) -> None:
    done = shop("member", "unmerge", number, *WHY, as_="zhao")
    assert done.exit in {4, 6}
