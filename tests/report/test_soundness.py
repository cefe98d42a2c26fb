"""`db check` finds each planted fault by its own rule, and nothing in a store that is sound."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from memberctl.core.numbering import parse_member_number
from memberctl.report.invariants import INVARIANTS
from memberctl.report.soundness import check_everything
from memberctl.store.engine import Store
from memberctl.store.keys import Keys, derive
from tests.founding import STORE_ID
from tests.histories import a_busy_day
from tests.program import Program
from tests.stores import Grounds, take_guards_off


@dataclass(frozen=True, slots=True)
class Past:
    """A store in which a busy day happened. numbers -- what a_busy_day tells, and ids."""

    store: Store
    keys: Keys
    numbers: dict[str, object]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def past(
    request: pytest.FixtureRequest, grounds: Grounds, tmp_path_factory: pytest.TempPathFactory
) -> Past:
    """A busy day's store on each engine; tests plant their fault and take it back."""
    folder = tmp_path_factory.mktemp("past")
    if request.param == "sqlite":
        location = grounds.sqlite_copy(folder / "store.db")
    else:
        location = grounds.postgres_copy()[1]
    key_dir = grounds.key_dir / request.param
    memberctl = Program(location, key_dir, folder)
    numbers: dict[str, object] = dict(a_busy_day(memberctl))
    secret = bytes.fromhex((key_dir / f"{STORE_ID}.key").read_text().strip())
    with Store(location).reading() as session:
        for name in ("member", "known", "kept", "gone", "erased"):
            numbers[f"{name}_id"] = parse_member_number(str(numbers[name]))
        for name in ("paid", "voided", "over", "returned", "rejected", "withdrawn", "revised"):
            found = session.connection().execute(
                text("SELECT id, member_id FROM orders WHERE number = :number"),
                {"number": numbers[name]},
            )
            numbers[f"{name}_id"], numbers[f"{name}_member"] = found.one()
    return Past(Store(location), derive(secret), numbers)


@pytest.fixture
def planted(past: Past) -> Iterator[tuple[Past, Connection, Callable[..., set[str]]]]:
    """The past, a connection on which nothing is forbidden, and what finds the broken rules."""
    with past.store.writing() as session:
        connection = session.connection()
        take_guards_off(connection)

        def rules(*, deep: bool = False) -> set[str]:
            return {
                problem.rule for problem in check_everything(session, past.keys, deep=deep).problems
            }

        yield past, connection, rules


CHANGE = (
    "INSERT INTO term_change SELECT {id}, id, 'cancelled', NULL, NULL, start_on, start_on,"
    " '{before}', '{after}', NULL, '', '', granted_at, 1 FROM term WHERE {where}"
)
TAKEN = "UPDATE counter SET value = 99 WHERE name = 'term_change'"
FINAL = "SELECT id FROM review_decision WHERE order_id = {paid_id} AND stage = 'final'"
A_RECEIPT = " id = (SELECT MIN(id) FROM outbox WHERE purpose = 'payment_receipt')"
FAULTS: dict[str, list[str]] = {
    "order_total": [
        "UPDATE order_line SET unit_minor = unit_minor + 1, amount_minor = amount_minor + 1"
        " WHERE order_id = {paid_id}"
    ],
    "quote_total": [
        "UPDATE quote_line SET unit_minor = unit_minor + 1, amount_minor = amount_minor + 1"
        " WHERE quote_id = (SELECT MIN(id) FROM quote)"
    ],
    "quote_open_once": [
        "DROP INDEX uq_quote_open",
        "UPDATE quote SET state = 'sent' WHERE order_id = {revised_id}",
    ],
    "quote_in_time": ["UPDATE quote SET valid_until = '2026-03-01' WHERE order_id = {paid_id}"],
    "order_filed_by_hand": [
        "DELETE FROM order_hand WHERE order_id = {paid_id} AND part = 'filing'"
    ],
    "order_noted": ["UPDATE orders SET number = 'JN-2026-XXXXX' WHERE id = {withdrawn_id}"],
    "order_state": ["UPDATE orders SET state = 'withdrawn' WHERE id = {rejected_id}"],
    "order_step audit.content": [
        'UPDATE audit SET facts = \'{{"state":"closed"}}\''
        " WHERE object = '{paid}' AND event = 'order.confirmed'"
    ],
    "review_complete": [f"DELETE FROM review_decision WHERE id = ({FINAL})"],
    "review_in_order": [
        "UPDATE review_decision SET stage = 'second' WHERE order_id = {rejected_id}"
    ],
    "review_four_eyes": [
        "UPDATE review_decision SET decided_by ="
        f" (SELECT filed_by FROM orders WHERE id = {{paid_id}}) WHERE id = ({FINAL})"
    ],
    "receipts_gapless": ["UPDATE receipt SET serial = 99 WHERE id = (SELECT MAX(id) FROM receipt)"],
    "entry_balances payment_entry": [
        "UPDATE posting SET amount_minor = amount_minor + 1 WHERE account = 'cash'"
        " AND entry_id = (SELECT MIN(entry_id) FROM posting WHERE account = 'cash')"
    ],
    "merged_by_merge": ["UPDATE member_merge SET merged_id = {known_id}"],
    "merged_has_nothing": ["UPDATE orders SET member_id = {gone_id} WHERE id = {withdrawn_id}"],
    "erased_clean": ["UPDATE member SET birth_on = '1990-01-01' WHERE id = {erased_id}"],
    "erased_by_erasure": ["UPDATE erasure SET member_id = {known_id}"],
    "overlap_by_merge": [
        "UPDATE member_merge SET undone_at = merged_at, undone_by = 1, undone_reason = 'x'"
        " WHERE id = 1",
        "UPDATE term SET merge_id = 1 WHERE source = '{over}'",
        "UPDATE member SET merged_into = NULL, phone = '1' WHERE id = {gone_id}",
    ],
    "bank_line_read": ["DELETE FROM bank_reading WHERE line_id = 1"],
    "bank_payment bank_entry": [
        "UPDATE bank_line SET amount_minor = amount_minor + 1 WHERE payment_id IS NOT NULL"
    ],
    "bank_entry": ["UPDATE bank_line SET amount_minor = amount_minor - 1 WHERE fee = 1"],
    "bank_fee": ["UPDATE bank_line SET entry_id = NULL, state = 'open' WHERE fee = 1"],
    "term_overlap": [
        "UPDATE term SET member_id = {member_id}, start_on = '2026-06-01' WHERE source = '{over}'"
    ],
    "term_changes": [
        TAKEN,
        CHANGE.format(id=90, before="2027-03-01", after="2027-03-31", where="source = '{over}'"),
    ],
    "term_change_chain": [
        TAKEN,
        CHANGE.format(id=90, before="2027-03-31", after="2027-03-30", where="source = '{over}'"),
        "INSERT INTO term_change SELECT 91, id, 'cancelled', NULL, NULL, start_on, start_on,"
        " '2028-01-01', end_on, NULL, '', '', granted_at, 1 FROM term WHERE source = '{over}'",
    ],
    "term_paid": ["UPDATE term SET voided_at = NULL WHERE source = '{voided}'"],
    "order_term": ["UPDATE term SET voided_at = granted_at WHERE source = '{over}'"],
    "card_one_active": [
        "DROP INDEX uq_card_one_active",
        "UPDATE card SET state = 'active', ended_at = NULL WHERE number = '{card}'",
    ],
    "card_ended": ["UPDATE card SET ended_at = issued_at WHERE state = 'active'"],
    "card_entitled visit_holder": [
        "UPDATE card SET member_id = {returned_member} WHERE state = 'active'"
    ],
    "pack_used": ["UPDATE term SET visits = 1 WHERE source = '{paid}'"],
    "visit_card": [
        "UPDATE visit SET card_id = (SELECT id FROM card WHERE number = '{card}'), visited_at ="
        " '2026-03-03 10:00:00+00:00' WHERE id = 3"
    ],
    "visit_holder": ["UPDATE visit SET member_id = {returned_member} WHERE id = 2"],
    "visit_term": ["UPDATE visit SET visited_on = '2026-03-01' WHERE id = 3"],
    "visit_frozen": [
        TAKEN,
        "INSERT INTO term_change SELECT 92, id, 'frozen', '2026-03-02', '2026-03-02', start_on,"
        " start_on, end_on, end_on, NULL, '', '', granted_at, 1 FROM term WHERE source = '{paid}'",
    ],
    "visit_noted": [
        "DELETE FROM visit WHERE id = 2",
    ],
    "repeat_answered": ["UPDATE repeat SET result = NULL WHERE key = 'K1'"],
    "outbox_member": ["UPDATE outbox SET member_id = 999 WHERE" + A_RECEIPT],
    "message_erased": ["UPDATE outbox SET member_id = {erased_id} WHERE" + A_RECEIPT],
    "message_retry": ["UPDATE outbox SET state = 'retry' WHERE" + A_RECEIPT],
    "message_handed message_noted": [
        "UPDATE outbox SET state = 'sent', sent_at = created_at WHERE" + A_RECEIPT
    ],
    "message_noted": [
        "UPDATE outbox SET state = 'sent', sent_at = created_at, attempts = 1 WHERE" + A_RECEIPT
    ],
    # As many were sent as were noted, but not the same ones.
    "message_noted audit.content": [
        "UPDATE outbox SET state = 'sent', sent_at = created_at, attempts = 1 WHERE" + A_RECEIPT,
        "UPDATE audit SET event = 'message.sent', object = 'MS-999999' WHERE seq ="
        " (SELECT MIN(seq) FROM audit WHERE event IN ('policy.set', 'branch.added'))",
    ],
    "message_sent_once message_noted audit.content": [
        "UPDATE audit SET event = 'message.sent', object = 'MS-000001'"
        " WHERE event IN ('policy.set', 'branch.added')"
    ],
    "reminder_term": [
        "UPDATE outbox SET purpose = 'renewal_reminder', cause = 'T-999/1m' WHERE" + A_RECEIPT
    ],
    "message_dunned": [
        "UPDATE outbox SET purpose = 'payment_reminder', cause = '{paid}/1' WHERE" + A_RECEIPT
    ],
    "message_quoted": [
        "UPDATE outbox SET purpose = 'quote_sent', cause = '{paid}/9' WHERE" + A_RECEIPT
    ],
    "message_order": [
        "UPDATE outbox SET purpose = 'order_forfeited', cause = 'JN-2026-XXXXX' WHERE" + A_RECEIPT
    ],
    "entry_about": [
        "UPDATE ledger_entry SET about = 'nothing' WHERE id = (SELECT MIN(id) FROM ledger_entry)"
    ],
    "payment_noted audit.content": [
        "UPDATE audit SET event = 'payment.made' WHERE event = 'payment.recorded'"
    ],
    "counter_behind": ["UPDATE counter SET value = 1 WHERE name = 'payment'"],
    "audit.content": ["UPDATE audit SET staff = 'nobody' WHERE seq = 3"],
    "audit.gap": ["DELETE FROM audit WHERE seq = 5"],
}
DEEP_FAULTS: dict[str, list[str]] = {
    "field_opens": [
        "UPDATE identity_document SET sealed = (SELECT MAX(sealed_new) FROM change_request)"
    ],
    "field_index": [
        "UPDATE identity_document SET blind_index = (SELECT MAX(sealed_new) FROM change_request)"
    ],
    "schema_shape": ["CREATE INDEX theirs ON member (name)"],
}


def plant(connection: Connection, past: Past, statements: list[str]) -> None:
    """Break something; numbers of the past stand in braces."""
    for statement in statements:
        done = connection.execute(text(statement.format(**past.numbers).replace(":", "\\:")))
        assert done.rowcount != 0, f"the fault was not planted: {statement}"


def test_a_busy_day_leaves_nothing_to_complain_about(past: Past) -> None:
    with past.store.reading() as session:
        checked = check_everything(session, past.keys, deep=True)
    assert checked.problems == ()
    assert checked.checked > 200


@pytest.mark.parametrize("rules", FAULTS)
def test_a_planted_fault_is_found_by_its_rule(
    rules: str, planted: tuple[Past, Connection, Callable[..., set[str]]]
) -> None:
    past, connection, broken = planted
    plant(connection, past, FAULTS[rules])
    assert broken() == set(rules.split())


@pytest.mark.parametrize("rule", DEEP_FAULTS)
def test_a_fault_in_what_is_sealed_or_in_the_schema_is_found_by_a_deep_look(
    rule: str, past: Past
) -> None:
    with past.store.writing() as session:
        plant(session.connection(), past, DEEP_FAULTS[rule])
        shallow = check_everything(session, past.keys, deep=False)
        deep = check_everything(session, past.keys, deep=True)
    assert shallow.problems == ()
    assert {problem.rule for problem in deep.problems} == {rule}


def test_a_row_without_its_parent_is_found_on_sqlite(
    planted: tuple[Past, Connection, Callable[..., set[str]]],
) -> None:
    past, connection, broken = planted
    plant(connection, past, ["UPDATE orders SET branch_id = 77 WHERE id = {paid_id}"])
    expected = {"row_orphan"} if connection.dialect.name == "sqlite" else set()
    assert broken() == expected, "PostgreSQL keeps its foreign keys by itself"


def test_every_rule_has_a_planted_fault() -> None:
    planted = {rule for rules in FAULTS for rule in rules.split()}
    assert {invariant.rule for invariant in INVARIANTS} <= planted


def test_the_command_ends_with_8_and_names_rule_and_object(shop: Program) -> None:
    assert shop("db", "check", "--deep").exit == 0
    connection = sqlite3.connect(shop.location)
    connection.execute("UPDATE counter SET value = 1 WHERE name = 'branch'")
    connection.commit()
    connection.close()
    result = shop("db", "check", "--format", "json")
    assert result.exit == 8
    (problem,) = result.json["problems"]
    assert (problem["rule"], problem["object"]) == ("counter_behind", "branch")
    assert (problem["expected"], problem["found"]) == ("at least 2", "1")


def test_a_damaged_page_is_found(shop: Program) -> None:
    path = Path(shop.location)
    content = bytearray(path.read_bytes())
    place = content.rindex("北京朝阳店".encode())
    content[place - 60 : place + 4] = bytes(64)
    path.write_bytes(content)
    assert shop("db", "check").exit == 8
