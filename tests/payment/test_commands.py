"""`payment`, `receipt`, `credit`, `ledger` and `message` as people and scripts use them."""

from __future__ import annotations

import pytest

from memberctl.ledger.tables import Posting
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.store.engine import Store
from tests.payment.ground import NAME, PHONE, add_member, add_order
from tests.program import Program

RECORDED_KEYS = [
    "number", "order", "amount", "method", "receipt", "order_state", "open", "credit", "already",
]  # fmt: skip


@pytest.fixture
def order(memberctl: Program) -> str:
    """The number of a confirmed order of 3650.00 CNY."""
    with Store(memberctl.location).writing() as session:
        number = add_order(session).number
        session.commit()
    return number


def record(
    memberctl: Program, order: str, *more: str, amount: str = "3650.00"
) -> dict[str, object]:
    found = memberctl.ok("payment", "record", order, amount, "--method", "wechat", *more, as_="sun")
    assert isinstance(found, dict)
    return found


def test_recording_answers_with_the_keys_that_scripts_rely_on(
    memberctl: Program, order: str
) -> None:
    paid = record(memberctl, order, "--reference", "TX1")
    assert list(paid) == RECORDED_KEYS
    assert paid == {
        "number": "P-000001",
        "order": order,
        "amount": {"amount": "3650.00", "currency": "CNY"},
        "method": "wechat",
        "receipt": "RC-2026-000001",
        "order_state": "fulfilled",
        "open": {"amount": "0.00", "currency": "CNY"},
        "credit": {"amount": "0.00", "currency": "CNY"},
        "already": False,
    }


def test_recording_says_one_line_and_names_its_key_on_stderr(
    memberctl: Program, order: str
) -> None:
    done = memberctl("payment", "record", order, "100", "--method", "cash", as_="sun")
    assert done.exit == 0
    assert done.out == (
        f"Recorded P-000001, 100.00 CNY for {order} (receipt RC-2026-000001);"
        " 3550.00 CNY is open, the order is confirmed.\n"
    )
    assert "--key auto-" in done.err


def test_the_same_transaction_again_is_already_recorded_with_exit_0(
    memberctl: Program, order: str
) -> None:
    record(memberctl, order, "--reference", "TX1")
    again = memberctl(
        "payment", "record", order, "3650.00", "--method", "wechat", "--reference", "TX1", as_="sun"
    )
    assert (again.exit, again.out) == (
        0,
        f"Already recorded: P-000001, 3650.00 CNY for {order} (receipt RC-2026-000001).\n",
    )
    assert memberctl("payment", "list", "--format", "count", as_="sun").out == "1\n"


def test_an_equal_payment_at_once_is_exit_7_until_again(memberctl: Program, order: str) -> None:
    pay = ("payment", "record", order, "100.00", "--method", "cash")
    assert memberctl(*pay, as_="sun").exit == 0
    refused = memberctl(*pay, as_="qian")
    assert refused.exit == 7 and "probable duplicate" in refused.err and "--again" in refused.err
    assert memberctl(*pay, "--again", as_="qian").exit == 0


@pytest.mark.parametrize(
    "amount",
    [
        "NaN", "inf", "1e400", "1_000", "１００", "٣", "0", "0.00", "0.005", "1,234.50",
        "1.234,50", "¥100", "12345678901234567.89", "9223372036854775808", "", "3650.",
    ],
)  # fmt: skip
def test_an_amount_that_is_not_plain_is_refused_and_nothing_written(
    memberctl: Program, order: str, amount: str
) -> None:
    refused = memberctl("payment", "record", order, amount, "--method", "cash", as_="sun")
    assert refused.exit == 6 and refused.out == ""
    assert memberctl("payment", "list", "--format", "count", as_="sun").out == "0\n"


def test_a_negative_amount_is_refused(memberctl: Program, order: str) -> None:
    refused = memberctl("payment", "record", "--method", "cash", "--", order, "-5", as_="sun")
    assert (refused.exit, "negative" in refused.err) == (6, True)


def test_a_dry_run_says_the_same_and_writes_nothing(memberctl: Program, order: str) -> None:
    pay = ("payment", "record", order, "3650.00", "--method", "cash")
    tried = memberctl(*pay, "--dry-run", as_="sun")
    assert memberctl("payment", "list", "--format", "count", as_="sun").out == "0\n"
    assert memberctl(*pay, as_="sun").out == tried.out


def test_money_may_be_entered_later_with_the_time_it_came(memberctl: Program, order: str) -> None:
    memberctl.now = "2026-03-10T09:00:00+08:00"
    late = record(memberctl, order, "--received", "2026-03-10", amount="1")
    assert late["credit"] == {"amount": "1.00", "currency": "CNY"}
    in_time = record(memberctl, order, "--received", "2026-03-09 23:59")
    assert in_time["order_state"] == "fulfilled"
    future = memberctl(
        "payment", "record", order, "1", "--method", "cash", "--received", "2026-03-11", as_="sun"
    )
    assert future.exit == 6


def test_late_money_is_said_plainly(memberctl: Program, order: str) -> None:
    memberctl.now = "2026-03-10T09:00:00+08:00"
    late = memberctl("payment", "record", order, "3650.00", "--method", "cash", as_="sun")
    assert "as the member's credit" in late.out and "nothing was activated" in late.out
    credits = memberctl.ok("credit", "list", as_="sun")
    assert credits == [
        {
            "member": "M-000001",
            "name": NAME,
            "credit": {"amount": "3650.00", "currency": "CNY"},
            "since": "2026-03-10",
        }
    ]


def test_only_reception_and_finance_record_and_only_finance_verifies(
    memberctl: Program, order: str
) -> None:
    refused = memberctl("payment", "record", order, "1", "--method", "cash", as_="wang")
    assert refused.exit == 5
    record(memberctl, order)
    assert memberctl("payment", "verify", "P-000001", as_="sun").exit == 5
    verified = memberctl("payment", "verify", "P-000001", as_="qian")
    assert verified.out == f"Verified P-000001, 3650.00 CNY by wechat for {order}.\n"


def test_finance_does_not_verify_its_own_entry(memberctl: Program, order: str) -> None:
    memberctl.ok("payment", "record", order, "1", "--method", "cash", as_="qian")
    own = memberctl("payment", "verify", "P-000001", as_="qian")
    assert own.exit == 5 and "somebody else has to verify it" in own.err
    assert memberctl("payment", "verify", "P-000001", as_="feng").exit == 0


def test_a_void_needs_yes_where_nobody_can_be_asked(memberctl: Program, order: str) -> None:
    record(memberctl, order)
    void = ("payment", "void", "P-000001", "--reason", "wrong order")
    asked = memberctl(*void, as_="qian")
    assert asked.exit == 2 and "--yes" in asked.err
    assert memberctl.ok("payment", "show", "P-000001", as_="qian")["state"] == "recorded"
    done = memberctl(*void, "--yes", as_="qian")
    assert done.exit == 0
    assert done.out == (
        f"Voided P-000001, 3650.00 CNY (receipt RC-2026-000001); {order} is confirmed with"
        " 3650.00 CNY open, terms ended: 1, cards blocked: 0.\n"
    )
    again = memberctl(*void, "--yes", as_="qian")
    assert again.exit == 6 and "it is voided" in again.err


def test_a_receipt_is_text_for_people_and_a_record_for_scripts(
    memberctl: Program, order: str
) -> None:
    record(memberctl, order)
    text = memberctl("receipt", "show", "rc-2026-000001", as_="sun").out
    assert "收据 RC-2026-000001\n" in text and f"会员：{NAME}（M-000001）\n" in text
    found = memberctl.ok("receipt", "show", "RC-2026-000001", as_="sun")
    assert (found["payment"], found["state"]) == ("P-000001", "issued")
    listed = memberctl.ok("receipt", "list", "--state", "issued", as_="sun")
    assert [line["number"] for line in listed] == ["RC-2026-000001"]


def test_the_receipt_of_a_voided_payment_keeps_its_number_and_says_void(
    memberctl: Program, order: str
) -> None:
    record(memberctl, order)
    memberctl("payment", "void", "P-000001", "--reason", "error", "--yes", as_="qian")
    assert "已作废" in memberctl("receipt", "show", "RC-2026-000001", as_="sun").out
    assert record(memberctl, order)["receipt"] == "RC-2026-000002"


def test_lists_have_stable_columns(memberctl: Program, order: str) -> None:
    record(memberctl, order, "--reference", "TX1")
    payments = memberctl("payment", "list", as_="sun").out.splitlines()
    assert payments[0].split("\t") == [
        "number", "order", "member", "amount", "method", "reference", "state", "received_at",
        "receipt",
    ]  # fmt: skip
    assert payments[1].split("\t")[:6] == [
        "P-000001", order, "M-000001", "3650.00", "wechat", "TX1",
    ]  # fmt: skip
    journal = memberctl("ledger", "journal", "--account", "wechat", as_="sun").out.splitlines()
    assert journal[0].split("\t") == [
        "entry", "at", "value_on", "event", "about", "account", "party", "amount",
    ]  # fmt: skip
    assert journal[1].endswith("\twechat\t\t3650.00")


def test_the_journal_is_narrowed_by_numbers_as_people_type_them(
    memberctl: Program, order: str
) -> None:
    record(memberctl, order, amount="3660.00")
    by_member = memberctl.ok("ledger", "journal", "--party", "m 1", as_="sun")
    assert [line["account"] for line in by_member] == ["member_credit"]
    by_order = memberctl.ok("ledger", "journal", "--about", order.lower(), as_="sun")
    assert len(by_order) == 5
    assert memberctl("ledger", "journal", "--about", "JN-2026-00000", as_="sun").exit == 6


def test_the_balances_add_up_to_nothing(memberctl: Program, order: str) -> None:
    record(memberctl, order, amount="1000.00")
    found = memberctl.ok("ledger", "balance", as_="sun")
    figures = {line["account"]: line["balance"]["amount"] for line in found}
    assert figures == {
        "wechat": "1000.00", "receivable": "2650.00", "unearned_fees": "-3650.00",
    }  # fmt: skip


def test_the_check_ends_with_8_when_a_figure_is_wrong(memberctl: Program, order: str) -> None:
    record(memberctl, order)
    clean = memberctl("ledger", "check", "--format", "json", as_="sun")
    assert clean.exit == 0 and list(clean.json) == ["checked", "problems"]
    assert clean.json["problems"] == []
    with Store(memberctl.location).writing() as session:
        session.add(Posting(entry_id=1, line=9, account="cash", amount_minor=1, currency="CNY"))
        session.commit()
    wrong = memberctl("ledger", "check", "--format", "json", as_="sun")
    assert wrong.exit == 8
    assert wrong.json["problems"] == [
        {
            "rule": "entry_balances",
            "object": "entry 1",
            "expected": "0.00 CNY",
            "found": "0.01 CNY",
        }
    ]


def test_a_message_is_previewed_with_the_name_of_now_and_a_masked_address(
    memberctl: Program, order: str
) -> None:
    record(memberctl, order)
    listed = memberctl.ok("message", "list", "--purpose", "welcome", as_="sun")
    (welcome,) = listed
    assert list(welcome)[:8] == [
        "number", "member", "purpose", "cause", "channel", "language", "state", "created_at",
    ]  # fmt: skip
    shown = memberctl.ok("message", "preview", welcome["number"], as_="sun")
    assert shown["to"] == "138****8000"
    assert f"{NAME}，您好" in shown["body"] and "2027-03-01" in shown["body"]
    text = memberctl("message", "preview", welcome["number"], as_="sun").out
    assert text.startswith("sms to 138****8000\n") and "\n\n王小明" in text


def test_no_personal_data_leaves_its_place(memberctl: Program, order: str) -> None:
    """R20: a canary phone through every command here, failing ones too."""
    runs = [
        ("payment", "record", order, "1", "--method", "cash"),
        ("payment", "record", order, "1", "--method", "cash"),
        ("payment", "record", "JN-2026-00000", "1", "--method", "cash"),
        ("payment", "list", "--member", f"phone:{PHONE}"),
        ("payment", "show", "P-000001"),
        ("payment", "verify", "P-000001"),
        ("receipt", "show", "RC-2026-000001"),
        ("message", "list"),
        ("message", "preview", "MS-000001"),
        ("credit", "list"),
        ("ledger", "journal"),
        ("payment", "void", "P-000001", "--reason", "error", "--yes"),
    ]
    for argv in runs:
        for format_ in ("json", "tsv"):
            done = memberctl(*argv, "--format", format_, as_="qian")
            assert PHONE[3:] not in done.out + done.err, argv


def test_a_wrong_number_is_told_from_an_unknown_one(memberctl: Program, order: str) -> None:
    assert memberctl("payment", "show", "P-000009", as_="sun").exit == 4
    assert memberctl("payment", "show", "X-1", as_="sun").exit == 6
    assert memberctl("receipt", "show", "RC-2026-000009", as_="sun").exit == 4
    assert memberctl("message", "preview", "MS-000009", as_="sun").exit == 4


def test_payments_are_found_by_whatever_names_their_member(memberctl: Program, order: str) -> None:
    with Store(memberctl.location).writing() as session:
        add_member(session, name="李娜")
        session.commit()
    record(memberctl, order)
    assert len(memberctl.ok("payment", "list", "--member", f"name:{NAME}", as_="sun")) == 1
    assert memberctl.ok("payment", "list", "--member", "name:李娜", as_="sun") == []


def test_an_order_that_ended_is_paid_into_credit(memberctl: Program, order: str) -> None:
    with Store(memberctl.location).writing() as session:
        withdrawn = add_order(session, state=OrderState.WITHDRAWN)
        number = withdrawn.number
        session.commit()
    done = memberctl("payment", "record", number, "5", "--method", "bank", as_="qian")
    assert done.exit == 0 and f"{number} is withdrawn and takes no more money" in done.out
    with Store(memberctl.location).reading() as session:
        assert session.get_one(Order, 2).state is OrderState.WITHDRAWN
