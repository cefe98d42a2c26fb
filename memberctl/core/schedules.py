"""Days counted from a date on which something ends, and hours in which nobody is disturbed.

Source: rules N1, N4, M14.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from memberctl.core.dates import Period, Unit, add_period
from memberctl.core.errors import Invalid

MOST_OFFSETS = 8
NOT_QUIET = "off"
_OFFSET = re.compile(r"(\+?)([0-9]{1,3})([dwm])")
_MOST_DAYS = 400
_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 30}
_QUIET = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Offset:
    """A distance from a date: "1m" is a month before it, "0d" the day itself, "+1w" a week after.

    key -- as it is written, which names it for ever
    """

    key: str
    count: int
    unit: Unit
    after: bool

    def from_(self, day: date) -> date:
        """Return the date at this distance from `day`; a month ends with its last day (N1)."""
        return add_period(day, Period(1, self.unit), self.count if self.after else -self.count)

    @property
    def rough_days(self) -> int:
        """Return about how many days after the date it is, negative before: good for an order."""
        return self.count * _DAYS[self.unit] * (1 if self.after else -1)


def parse_offsets(text: str) -> tuple[Offset, ...]:
    """Return the offsets that "1m,1w,0d,+1w" lists, the earliest first.

    Raises Invalid for another form, for the same day twice, for more than 8 and for what is more
    than 400 days away.
    """
    found = [_offset(word.strip()) for word in text.split(",") if word.strip()]
    ordered = sorted(found, key=lambda each: each.rough_days)
    if len({each.rough_days for each in found}) < len(found) or not 1 <= len(found) <= MOST_OFFSETS:
        raise _wrong()
    return tuple(ordered)


def normal_offsets(text: str) -> str:
    """Return a list of offsets as it is kept. Raises Invalid."""
    return ",".join(each.key for each in parse_offsets(text))


def _offset(text: str) -> Offset:
    match = _OFFSET.fullmatch(text.lower())
    if match is None:
        raise _wrong()
    count, unit = int(match[2]), Unit(match[3])
    if count * _DAYS[unit] > _MOST_DAYS:
        raise _wrong()
    if count == 0:
        return Offset("0d", 0, Unit.DAY, after=False)
    return Offset(f"{match[1]}{count}{unit}", count, unit, after=bool(match[1]))


def _wrong() -> Invalid:
    return Invalid(
        f"1 to {MOST_OFFSETS} different days are listed like 1m,1w,0d,+1w: a month and a week"
        f" before, the day itself, a week after; at most {_MOST_DAYS} days away",
        field="value",
        rule="offsets_form",
    )


def current(offsets: Sequence[Offset], end_on: date, today: date, window_days: int) -> int | None:
    """Return the place of the step that is open on `today` for something that ends on `end_on`.

    A step is open from its day until the day before the next one's, at most `window_days` days, so
    that what was missed is caught up while it still makes sense. None when no step is open.
    Source: rules N1, M14.
    """
    for place, offset in enumerate(offsets):
        if offset.from_(end_on) <= today <= closes_on(offsets, place, end_on, window_days):
            return place
    return None


def closes_on(offsets: Sequence[Offset], place: int, end_on: date, window_days: int) -> date:
    """Return the last day on which a step is open."""
    last = date.fromordinal(offsets[place].from_(end_on).toordinal() + window_days - 1)
    if place + 1 < len(offsets):
        following = offsets[place + 1].from_(end_on)
        return min(last, date.fromordinal(following.toordinal() - 1))
    return last


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours in which nobody is disturbed, local; they may run over midnight."""

    start: time
    end: time

    def holds(self, clock: time) -> bool:
        """Whether `clock` lies in the quiet hours; the end belongs to the day."""
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def parse_quiet(text: str) -> Quiet | None:
    """Return the hours that "21:00-08:00" means, None for "off". Raises Invalid."""
    if text == NOT_QUIET:
        return None
    match = _QUIET.fullmatch(text)
    if match is None or match[1] + match[2] == match[3] + match[4]:
        raise Invalid(
            "quiet hours are written 21:00-08:00, or off", field="value", rule="quiet_hours"
        )
    return Quiet(time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4])))


def normal_quiet(text: str) -> str:
    """Return quiet hours as they are kept. Raises Invalid."""
    parse_quiet(text.lower())
    return text.lower()
