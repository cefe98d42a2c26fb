"""What a store holds, in a form in which two stores of one history are equal, on any engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlmodel import select

from memberctl.store.copying import NOT_COPIED
from memberctl.store.engine import Store
from memberctl.store.schema import metadata

KEYED = {
    "key_check": "is derived from the store's own key",
    "wrapped_key": "is drawn at random for each member",
    "sealed": "is encrypted with a nonce drawn at random",
    "sealed_old": "is encrypted with a nonce drawn at random",
    "sealed_new": "is encrypted with a nonce drawn at random",
    "blind_index": "is hashed with the store's own key",
    "content_sha256": "covers the blind index of the member's document",
    "prev": "is a code of the chain, made with the store's own key",
    "mac": "is a code of the chain, made with the store's own key",
}
"""Columns that differ between two stores of one content, and why."""


def content(location: str) -> dict[str, list[dict[str, Any]]]:
    """Return what can be compared of every row of every table, in a fixed order."""
    with Store(location).reading() as session:
        return {
            table.name: sorted(map(comparable, session.execute(select(table)).mappings()), key=repr)
            for table in metadata.sorted_tables
            if table.name != NOT_COPIED
        }


def comparable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without the columns that are KEYED, also where the audit log repeats one."""
    kept = {key: value for key, value in row.items() if key not in KEYED}
    if "facts" in kept and "login" in kept:
        kept.pop("account", None)  # Of the system on one engine, of the database on the other.
        facts = json.loads(kept["facts"])
        facts.pop("content", None)
        kept["facts"] = facts
    return kept
