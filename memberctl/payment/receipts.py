"""The text of a receipt, in the member's language.

Source: mission S0.9; rules M13.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from memberctl.message.rules import Language
from memberctl.payment.results import ReceiptRecord
from memberctl.payment.rules import Method

LABELS: Mapping[Language, Mapping[str, str]] = {
    Language.CHINESE: {
        "title": "收据 {number}",
        "order": "订单：{order}",
        "member": "会员：{name}（{member}）",
        "amount": "金额：{amount}",
        "method": "支付方式：{method}",
        "received": "收款时间：{received}",
        "issued": "开具时间：{issued}",
        "voided": "已作废：{voided}",
    },
    Language.ENGLISH: {
        "title": "Receipt {number}",
        "order": "Order: {order}",
        "member": "Member: {name} ({member})",
        "amount": "Amount: {amount}",
        "method": "Paid by: {method}",
        "received": "Received: {received}",
        "issued": "Issued: {issued}",
        "voided": "VOID since: {voided}",
    },
}
METHODS: Mapping[Language, Mapping[Method, str]] = {
    Language.CHINESE: {
        Method.CASH: "现金",
        Method.BANK: "银行转账",
        Method.WECHAT: "微信支付",
        Method.ALIPAY: "支付宝",
        Method.CARD: "银行卡",
        Method.CHEQUE: "支票",
        Method.ONLINE: "网上支付",
        Method.MEMBER_CREDIT: "会员余额",
    },
    Language.ENGLISH: {
        Method.CASH: "cash",
        Method.BANK: "bank transfer",
        Method.WECHAT: "WeChat Pay",
        Method.ALIPAY: "Alipay",
        Method.CARD: "bank card",
        Method.CHEQUE: "cheque",
        Method.ONLINE: "online payment",
        Method.MEMBER_CREDIT: "member's credit",
    },
}


def receipt_text(
    receipt: ReceiptRecord, organisation: str, language: Language, zone: tzinfo
) -> str:
    """Return a receipt as lines of text; a voided one says so above everything else.

    zone -- in which its times are shown
    """
    facts = {
        "number": receipt.number,
        "order": receipt.order,
        "name": receipt.name,
        "member": receipt.member,
        "amount": str(receipt.amount),
        "method": METHODS[language][receipt.method],
        "received": f"{receipt.received_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "issued": f"{receipt.issued_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "voided": f"{receipt.voided_at.astimezone(zone):%Y-%m-%d %H:%M}"
        if receipt.voided_at
        else "",
    }
    labels = LABELS[language]
    wanted = [name for name in labels if name != "voided"]
    if receipt.voided_at:
        wanted.insert(0, "voided")
    # Labels are ours and facts are values: a name full of braces is never a template.
    lines = [labels[name].format_map(facts) for name in wanted]
    return "".join(f"{line}\n" for line in (organisation, *lines))
