"""Payments and receipts: allocation, credit, repeats.

Source: rules M2-M5, M13; mission S0.8-S0.10.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Method(StrEnum):
    """How the money came; each has an account of its own in the ledger."""

    CASH = "cash"
    BANK = "bank"
    WECHAT = "wechat"
    ALIPAY = "alipay"
    CARD = "card"
    CHEQUE = "cheque"
    ONLINE = "online"


class PaymentState(StrEnum):
    """Paid and verified are two states (mission S0.9)."""

    RECORDED = "recorded"
    VERIFIED = "verified"
    VOIDED = "voided"


STEPS: Mapping[tuple[PaymentState, str], PaymentState] = {
    (PaymentState.RECORDED, "verify"): PaymentState.VERIFIED,
    (PaymentState.RECORDED, "void"): PaymentState.VOIDED,
    (PaymentState.VERIFIED, "void"): PaymentState.VOIDED,
}
