"""The only place that asks what time it is. Source: rules T11."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from memberctl.core.dates import parse_date, parse_instant


def moment(as_of: str | None, tz: ZoneInfo) -> datetime:
    """Return now in UTC, or the instant that stands for now.

    as_of -- None; a date, which means noon of that local day; or a date with a time
    Raises Invalid for anything else.
    """
    return datetime.now(UTC) if as_of is None else _standing_for_now(as_of, tz)


@lru_cache(maxsize=8)
def _standing_for_now(as_of: str, tz: ZoneInfo) -> datetime:
    """Return the instant that a text names; commands of one stream ask for the same each time."""
    if len(as_of.strip()) == 10:
        day = parse_date(as_of.strip(), what="--as-of")
        return datetime.combine(day, time(12), tz).astimezone(UTC)
    return parse_instant(as_of, tz)
