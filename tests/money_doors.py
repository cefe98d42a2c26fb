"""The places at which values come in about credits, invoices, debts, tills, statements, refunds."""

from __future__ import annotations

from tests.bad_values import TAKEN, Kind
from tests.door import Door, doors, kept

MONEY_DOORS = (
    kept(
        "payment chargeback {payment} --yes --reason {value}", "payment show {payment}", "qian"
    ),
    kept("credit payout {rich} --method cash --reason {value}", "credit requests", "qian"),
    kept(
        "credit stale {rich} --as-of 2029-12-01 --reason {value}", "credit requests", "qian"
    ),
    kept("credit refuse {payout} --reason {value}", "credit requests", "feng"),
    kept("invoice void {invoice} --yes --reason {value}", "invoice show {invoice}", "qian"),
    kept(
        "invoice credit {invoice} --amount 1.00 --reason {value}",
        "invoice show CN-SH01-2026-000001", "qian",
    ),
    kept("debt write-off {owed} --reason {value}", "debt list", "qian"),
    kept("debt refuse {off} --reason {value}", "", "zhao"),
    Door(
        Kind.TEXT, "till close --method card --counted 1.00 --remark {value}", "sun",
        "till show TC-000002", answers={"16c": TAKEN},
    ),
    kept("bank match --ignore {line} --reason {value}", "bank show {line}", "qian"),
    *doors(
        Kind.NUMBER, "qian",
        "credit payout --method cash --reason x -- {value}",
        "credit stale --reason x -- {value}",
        "credit apply {rich} --order {value}",
        "credit refuse --reason x -- {value}",
        "debt refuse --reason x -- {value}",
        "bank show -- {value}",
        "bank match --accept {line} {value}",
        "bank match --accept {value} {owed}",
        "bank match --reason x --ignore {value}",
        "bank match --fee {value}",
        "bank match --reopen {value}",
    ),
    *doors(
        Kind.AMOUNT, "qian",
        "credit apply {rich} --amount {value}",
        "credit payout {rich} --method cash --reason x --amount {value}",
        "invoice credit {invoice} --reason x --amount {value}",
    ),
    *doors(
        Kind.DATE, "qian",
        "bank import {people} --account BANK --until {value}",
        "bank map check {people} --map {map} --until {value}",
    ),
    *doors(Kind.COUNT, "qian", "debt instalments {owed} --first 2026-04-01 --count {value}"),
    *doors(
        Kind.PERIOD, "qian", "debt instalments {owed} --first 2026-04-01 --count 3 --every {value}"
    ),
    *doors(
        Kind.SEARCH, "qian",
        "credit requests --member {value}",
        "invoice list --member {value}",
        "invoice list --order {value}",
        "debt list --member {value}",
    ),
    *doors(
        Kind.CODE, "qian",
        "till close --method card --counted 1.00 --branch {value}",
        "till list --branch {value}",
        "bank lines --account {value}",
        "bank match --account {value}",
        "bank report --from 2026-03-01 --to 2026-03-31 --account {value}",
        "bank import {people} --account BANK --encoding {value}",
        "bank map check {people} --map {map} --encoding {value}",
        "bank map check {people} --map {map} --currency {value}",
    ),
    # A bank may name an account in any words.
    *doors(
        Kind.CODE, "qian", "bank account add QQ --method bank --number {value}",
        _1=TAKEN, _20=TAKEN, _21=TAKEN, _22=TAKEN, _52=TAKEN, _78a=TAKEN, _78b=TAKEN,
    ),
    *doors(
        Kind.CODE, "wang",
        "refund review {asked} --approve --reason x --override {value}",
    ),
    *doors(Kind.CODE, "qian", "refund pay {approved} --yes --reason x --override {value}"),
)  # fmt: skip
