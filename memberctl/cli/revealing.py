"""Whose personal data a list or a record shows: each of them is logged before it is shown.

Source: rules G2; reliability.md R20.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass

from memberctl.core.text import Personal

_NUMBER = re.compile(r"M-\d{6,}")


def persons_in(rows: Iterable[object]) -> list[str]:
    """Return the numbers of the members whose personal data stand in `rows`, each once.

    A row that names no member by number, or shows nothing personal, adds nobody.
    """
    found: dict[str, None] = {}
    for row in rows:
        values = list(_values(row))
        if any(isinstance(value, Personal) for value in values):
            numbers = [v for v in values if isinstance(v, str) and _NUMBER.fullmatch(v)]
            found.update(dict.fromkeys(numbers[:1] if _is_one_person(row) else numbers))
    return list(found)


def _is_one_person(row: object) -> bool:
    """Whether a row is about the member whose number it is, whoever else its details name."""
    return getattr(row, "number", "").startswith("M-") if not isinstance(row, Mapping) else False


def _values(value: object) -> Iterator[object]:
    """Yield all plain values inside a row, however deep."""
    if isinstance(value, (str, bytes, Personal)) or value is None:
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _values(inner)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _values(getattr(value, field.name))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _values(inner)
