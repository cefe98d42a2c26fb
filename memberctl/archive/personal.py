"""Which columns hold something about a person, what they become when somebody is erased, and why
everything else stays.

A test holds both lists against the tables: a column of text that is on neither list fails it.
Source: rules G2, G3; mission S1.14.
"""

from __future__ import annotations

from collections.abc import Mapping

ERASED = "erased"
"""What stands where a person's name or somebody's words about them stood."""

PERSONAL: Mapping[str, Mapping[str, str | bytes | None]] = {
    "member": {
        "name": ERASED, "name_key": ERASED, "phone": None, "phone_typed": None, "email": None,
        "birth_on": None, "address": None, "referrer": None, "source": None,
        "external_ref": None, "staff_id": None, "wrapped_key": None,
    },
    "change_request": {"sealed_old": None, "sealed_new": b"", "reason": ERASED, "answer": None},
    "member_hold": {"reason": ERASED},
    "member_merge": {"sealed": b"", "reason": ERASED},
    "orders": {"source": None, "external_ref": None},
    "review_decision": {"reason": ERASED},
    "review_extension": {"reason": ERASED},
    "visit": {"nonce": None},
    "bank_line": {"details": None},
    "bank_reading": {"sealed": None},
}  # fmt: skip
"""By table and column: what is written there instead."""

WHERE_SAID: Mapping[str, frozenset[str]] = {
    "member_hold": frozenset({"lift_reason"}),
    "member_merge": frozenset({"undone_reason"}),
    "visit": frozenset({"reason", "undone_reason"}),
    "orders": frozenset({"ended_because"}),
    "card": frozenset({"ended_because"}),
    "payment": frozenset({"void_reason"}),
    "refund": frozenset({"reason", "decision_reason", "stopped_because"}),
    "invoice": frozenset({"reason", "void_reason"}),
    "write_off": frozenset({"reason", "decision"}),
    "chargeback": frozenset({"reason"}),
    "credit_request": frozenset({"reason", "decision"}),
    "term_change": frozenset({"reason"}),
    "bank_line": frozenset({"reason"}),
    "archive_request": frozenset({"reason"}),
    "outbox": frozenset({"reason"}),
}
"""Words that become ERASED where there are any; where there are none, none appear.

Whoever types why a refund is due or a debt is given up may write a name or an illness. The law
wants the amounts and the days, which stay.
"""

DELETED = ("identity_document",)
"""Tables whose rows go as a whole: sealed numbers with their blind indexes."""

STAYS: Mapping[str, Mapping[str, str]] = {
    "by law": {
        "payment": "currency reference",
        "receipt": "series",
        "refund": "currency reference",
        "orders": "number stage missing channel currency",
        "order_line": "what",
        "quote": "currency content_sha256",
        "quote_line": "what",
        "invoice": "series currency",
        "invoice_line": "what",
        "write_off": "currency",
        "credit_request": "currency",
        "bank_line": "identity section clock currency external_id",
        "bank_reading": "digest",
        "archived_order": "sha256",
    },
    "as a figure": {
        "member": "channel",
        "card": "number",
        "change_request": "field",
        "order_hand": "part",
        "opt_out": "recorded_by",
        "outbox": "cause facts holder",
        "review_decision": "stage content_sha256",
        "term": "product source",
        "term_change": "source",
    },
    "as a proof of the erasure": {"erasure": "reason"},
}
"""What stays under the member's number, which names nobody any more, and why."""
