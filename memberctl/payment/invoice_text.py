"""The lines of an invoice or credit note, in the member's language.

Source: rules M12, M13; mission S3.10.
"""

from __future__ import annotations

from collections.abc import Mapping

from memberctl.core.text import Personal
from memberctl.message.rules import Language
from memberctl.payment.invoice_rules import InvoiceKind, InvoiceRecord, TaxMode

LABELS: Mapping[Language, Mapping[str, str]] = {
    Language.CHINESE: {
        "invoice": "账单 {number}",
        "credit_note": "红字账单 {number}",
        "voided": "已作废：{voided}",
        "branch": "门店：{branch}",
        "date": "开具日期：{date}",
        "order": "订单：{order}",
        "corrects": "更正账单：{corrects}",
        "member": "会员：{name}（{member}）",
        "address": "地址：{address}",
        "line": "{what} × {quantity}：{amount}",
        "net": "不含税金额：{net}",
        "tax": "税额（{percent}%）：{tax}",
        "included": "其中含税（{percent}%）：{tax}",
        "total": "合计：{total}",
        "credited": "已红冲：{credited}",
        "open": "未付：{open}，应于 {due} 前付清",
        "reason": "原因：{reason}",
    },
    Language.ENGLISH: {
        "invoice": "Invoice {number}",
        "credit_note": "Credit note {number}",
        "voided": "VOID since: {voided}",
        "branch": "Branch: {branch}",
        "date": "Date: {date}",
        "order": "Order: {order}",
        "corrects": "Corrects invoice: {corrects}",
        "member": "Member: {name} ({member})",
        "address": "Address: {address}",
        "line": "{what} x {quantity}: {amount}",
        "net": "Net: {net}",
        "tax": "Tax ({percent} %): {tax}",
        "included": "Tax included ({percent} %): {tax}",
        "total": "Total: {total}",
        "credited": "Credited: {credited}",
        "open": "Open: {open}, to be paid by {due}",
        "reason": "Reason: {reason}",
    },
}


def invoice_text(
    invoice: InvoiceRecord, organisation: str, language: Language, *, revealed: bool
) -> list[str]:
    """Return the lines of a document; a voided one says so above everything else.

    revealed -- the address is shown in the clear
    The lines are stated with their tax or without it, as the document's tax mode says.
    """
    labels = LABELS[language]
    net = invoice.tax_mode is TaxMode.EXCLUSIVE
    facts = {
        "number": invoice.number,
        "voided": f"{invoice.voided_at:%Y-%m-%d}" if invoice.voided_at else "",
        "branch": invoice.branch or "",
        "date": invoice.issued_on.isoformat(),
        "order": invoice.order,
        "corrects": invoice.corrects or "",
        "name": invoice.name,
        "member": invoice.member,
        "address": _address(invoice.address, revealed),
        "net": str(invoice.net),
        "percent": invoice.tax_percent,
        "tax": str(invoice.tax),
        "total": str(invoice.total),
        "credited": str(invoice.credited),
        "open": str(invoice.open),
        "due": invoice.due_on.isoformat() if invoice.due_on else "",
        "reason": invoice.reason,
    }
    wanted = [
        ("voided", invoice.voided_at is not None),
        (invoice.kind.value, True),
        ("branch", invoice.branch is not None),
        ("date", True),
        ("order", True),
        ("corrects", invoice.corrects is not None),
        ("member", True),
        ("address", bool(invoice.address)),
        ("line", True),
        ("net", net),
        ("tax", net),
        ("total", True),
        ("included", not net),
        ("credited", invoice.credited.minor > 0),
        ("open", invoice.kind is InvoiceKind.INVOICE and invoice.open.minor > 0),
        ("reason", bool(invoice.reason)),
    ]
    # Labels are ours and facts are values: a name full of braces is never a template.
    found = [organisation]
    for name, is_wanted in wanted:
        if name == "line":
            found += [
                labels[name].format_map(
                    {
                        "what": each.what,
                        "quantity": str(each.quantity),
                        "amount": str(each.net if net else each.amount),
                    }
                )
                for each in invoice.lines
            ]
        elif is_wanted:
            found.append(labels[name].format_map(facts))
    return found


def _address(address: Personal | None, revealed: bool) -> str:
    if address is None:
        return ""
    return address.value if revealed else address.masked
