"""What is personal in a statement, sealed: who paid, from which account, in which words.

Every sealed text is bound to its row by its associated data. Source: rules G2; reliability.md
"Who may do what, honestly".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from memberctl.bank import rules
from memberctl.bank.rules import Entry
from memberctl.store.keys import Keys, signature
from memberctl.store.sealing import seal, unseal

if TYPE_CHECKING:
    from memberctl.bank.rules import Section

DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Details:
    """What a row says of the other party and of what the money is for."""

    name: str = ""
    account: str = ""
    text: str = ""
    references: tuple[str, ...] = ()
    status: str = ""


def seal_details(keys: Keys, line_id: int, entry: Entry) -> bytes:
    """Return a row's details, sealed for this line."""
    details = Details(entry.name, entry.account, entry.text, entry.references, entry.status)
    return seal(
        _key(keys),
        json.dumps(astuple(details), ensure_ascii=False),
        "bank_line",
        line_id,
        "details",
    )


def details_of(keys: Keys, line_id: int, sealed: bytes | None) -> Details:
    """Return a line's details; empty ones when they were erased. Raises IntegrityFailure."""
    if sealed is None:
        return Details()
    clear = unseal(_key(keys), bytes(sealed), "bank_line", line_id, "details")
    name, account, text, references, status = json.loads(clear)
    return Details(name, account, text, tuple(references), status)


def seal_reading(keys: Keys, reading_id: int, raw: str) -> bytes:
    """Return a row's text as it was read, sealed for this reading."""
    return seal(_key(keys), raw, "bank_reading", reading_id, "text")


def reading_of(keys: Keys, reading_id: int, sealed: bytes) -> str:
    """Return a row's text as it was read. Raises IntegrityFailure."""
    return unseal(_key(keys), bytes(sealed), "bank_reading", reading_id, "text")


def digest_of(keys: Keys, raw: str) -> bytes:
    """Return what is equal for equal texts, whatever blanks are around their cells."""
    return signature(keys.index, ("bank|" + " ".join(raw.split())).encode("utf-8", "replace"))[
        :DIGEST_BYTES
    ]


def identity_of(keys: Keys, entry: Entry) -> bytes:
    """Return the blind index of what makes a row itself; see rules.identity_of."""
    told = rules.identity_of(entry).encode("utf-8", "replace")
    return signature(keys.index, b"bank line|" + told)[: rules.IDENTITY_BYTES]


def section_of(keys: Keys, section: Section | Entry) -> bytes:
    """Return what stands for the number of an account in a file and does not tell it."""
    number = section.section if isinstance(section, Entry) else section.account
    return _section(keys, number)


@lru_cache(maxsize=256)
def _section(keys: Keys, number: str) -> bytes:
    return signature(keys.index, f"bank account|{number}".encode())[:DIGEST_BYTES]


@lru_cache(maxsize=2)
def _key(keys: Keys) -> bytes:
    return hashlib.sha256(signature(keys.wrap, b"bank statements")).digest()
