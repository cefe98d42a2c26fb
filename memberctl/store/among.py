"""Looking up a set: "is one of these" as one bound value, however many there are.

An IN with 500 marks costs SQLAlchemy 1.5 ms to write out, 3 us for each value, which is more than
the look-up itself; a list that the database takes apart costs nearly nothing.
Source: performance.md B, "operations on sets, with SQL compiled once".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    LargeBinary,
    Text,
    any_,
    bindparam,
    false,
    func,
    select,
    tuple_,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, SQLColumnExpression
    from sqlmodel import Session


def among(
    session: Session, column: SQLColumnExpression[Any], values: Iterable[int] | Iterable[str]
) -> ColumnElement[bool]:
    """Return the condition that `column` is one of `values`, which are all numbers or all text.

    An index on the column is used, as it would be with IN.
    """
    wanted = list(values)
    if not wanted:
        return false()
    if session.connection().dialect.name == "sqlite":
        listed = func.json_each(json.dumps(wanted, ensure_ascii=False)).table_valued("value")
        return column.in_(select(listed.c.value))
    kind = BigInteger() if isinstance(wanted[0], int) else Text()
    return column == any_(bindparam(None, wanted, type_=ARRAY(kind)))


def among_bytes(
    session: Session, column: SQLColumnExpression[Any], values: Iterable[bytes], width: int
) -> ColumnElement[bool]:
    """Return the condition that `column` is one of `values`, each of `width` bytes."""
    wanted = list(values)
    if not wanted:
        return false()
    if session.connection().dialect.name != "sqlite":
        return column == any_(bindparam(None, wanted, type_=ARRAY(LargeBinary())))
    # JSON holds no bytes, so all values are bound end to end, and JSON says where each begins.
    joined = b"".join(wanted)
    assert len(joined) == width * len(wanted), "all values have one width"
    begins = json.dumps(list(range(1, len(joined), width)))
    listed = func.json_each(begins).table_valued("value")
    return column.in_(select(func.substr(joined, listed.c.value, width)))


def among_pairs(
    session: Session,
    text: SQLColumnExpression[Any],
    day: SQLColumnExpression[Any],
    pairs: Iterable[tuple[str, date]],
) -> ColumnElement[bool]:
    """Return the condition that a column of text and one of dates are one of `pairs`."""
    wanted = list(pairs)
    if not wanted:
        return false()
    if session.connection().dialect.name == "sqlite":
        # One text for each pair, the day's ten characters first: taking it apart costs less than
        # parsing each pair as JSON of its own.
        told = json.dumps([on.isoformat() + name for name, on in wanted], ensure_ascii=False)
        each = func.json_each(told).table_valued("value").c.value
        return tuple_(text, day).in_(select(func.substr(each, 11), func.substr(each, 1, 10)))
    names = bindparam(None, [name for name, _ in wanted], type_=ARRAY(Text()))
    days = bindparam(None, [on for _, on in wanted], type_=ARRAY(Date()))
    listed = func.unnest(names, days).table_valued("name", "day").render_derived()
    return tuple_(text, day).in_(select(listed.c.name, listed.c.day))
