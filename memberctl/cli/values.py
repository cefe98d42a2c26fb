"""How one value of a result is written for a program (JSON) and for a person (a cell).

Nothing here knows where the text goes: what a terminal may not see is made visible by
core.text.safe() at the place that prints it. Only `json_text` escapes by itself, because in
JSON an escape loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import Enum

from memberctl.core.money import Money
from memberctl.core.text import Kind, Personal, safe

_KEPT_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
# Asked first: whether something is a Mapping or a Sequence takes ten times as long.
_SCALARS = (str, int, type(None), Enum, Money, Personal, date, Decimal)
_PERHAPS_UNSAFE = re.compile(r"[^\n\x20-\x7e\u4e00-\u9fff]")


def is_record(value: object) -> bool:
    """Tell whether `value` has named fields: a dataclass or a mapping, but not an amount."""
    if isinstance(value, (Money, Personal, type)) or is_kept_money(value):
        return False
    return is_dataclass(value) or isinstance(value, Mapping)


def is_kept_money(value: object) -> bool:
    """Tell whether `value` is money as `View.json` writes it, read again from a store."""
    return isinstance(value, Mapping) and value.keys() == {"amount", "currency"}


def is_sequence(value: object) -> bool:
    """Tell whether `value` is a list of values rather than one text."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def keys_of(record: object) -> tuple[str, ...]:
    """Return the stable keys of a record, in the order in which they were declared."""
    if isinstance(record, Mapping):
        return tuple(str(key) for key in record)
    assert is_dataclass(record), f"not a record: {type(record).__name__}"
    return tuple(field.name for field in fields(record))


def value_of(record: object, key: str) -> object:
    """Return what `record` holds under `key`; an unknown key is a programmer's error."""
    if isinstance(record, Mapping):
        return record[key]
    return getattr(record, key)


def json_text(data: object, *, indent: int | None = None, compact: bool = False) -> str:
    """Return JSON in readable UTF-8, with only what could act on a terminal as \\uXXXX."""
    import json

    signs = (",", ":") if compact else None
    text = json.dumps(data, ensure_ascii=False, indent=indent, separators=signs)
    return _PERHAPS_UNSAFE.sub(_escape_if_unsafe, text)


def _escape_if_unsafe(match: re.Match[str]) -> str:
    import json

    character = match[0]
    return character if safe(character) == character else json.dumps(character)[1:-1]


@dataclass(frozen=True, slots=True)
class View:
    """What decides how values are shown.

    zone   -- instants are shown with this zone's offset
    reveal -- the kinds of personal data that are shown in the clear
    """

    zone: tzinfo = UTC
    reveal: frozenset[Kind] = frozenset()

    def json(self, value: object) -> object:
        """Return `value` as dicts, lists, str, int, bool and None.

        Money becomes {"amount": "3650.00", "currency": "CNY"}, dates and instants ISO 8601,
        instants with offset; personal data stay masked unless revealed.
        Source: cli.md "Output".
        """
        if isinstance(value, _SCALARS):
            return self._scalar(value)
        if is_sequence(value):
            assert isinstance(value, Sequence)
            return [self.json(item) for item in value]
        return self.record(value, keys_of(value))

    def record(self, record: object, keys: Sequence[str]) -> dict[str, object]:
        """Return the values that `record` holds under `keys`, as `json` gives them."""
        return {key: self.json(value_of(record, key)) for key in keys}

    def cell(self, value: object) -> str:
        """Return `value` as the text of one cell.

        Money is "3650.00", None "", a list of words "a, b", anything nested compact JSON.
        """
        if type(value) is str:
            return value
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Money):
            return value.amount
        if not isinstance(value, _SCALARS) and is_kept_money(value):
            return str(value_of(value, "amount"))
        simple = self.json(value)
        if isinstance(simple, list) and all(isinstance(item, str) for item in simple):
            return ", ".join(simple)
        return simple if isinstance(simple, str) else json_text(simple, compact=True)

    def drawn(self, value: object) -> str:
        """Return `value` as a person reads it in a table: instants to the minute, local.

        An instant kept for a repeat is text by then, and is shown as it was the first time.
        """
        if isinstance(value, str) and _KEPT_INSTANT.fullmatch(value):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return f"{value.astimezone(self.zone):%Y-%m-%d %H:%M}"
        return self.cell(value)

    def word(self, value: object) -> str:
        """Return `value` as it reads inside a sentence: money with its currency, None "none"."""
        if value is None or value == ():
            return "none"
        if isinstance(value, tuple):
            return ", ".join(self.word(item) for item in value)
        return str(value) if isinstance(value, Money) else self.cell(value)

    def _scalar(self, value: object) -> object:
        if isinstance(value, Enum):
            return value.value
        if value is None or isinstance(value, (str, int)):
            return value
        if isinstance(value, Money):
            return {"amount": value.amount, "currency": value.currency}
        if isinstance(value, Personal):
            return value.value if value.kind in self.reveal else str(value)
        return self._moment_or_number(value)

    def _moment_or_number(self, value: object) -> str:
        if isinstance(value, datetime):
            assert value.tzinfo is not None, "an instant without its zone means nothing"
            return value.astimezone(self.zone).isoformat()
        if isinstance(value, date):
            return value.isoformat()
        assert isinstance(value, Decimal), f"no way to show a {type(value).__name__}"
        return str(value)
