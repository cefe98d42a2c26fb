"""How often, when and where a plan lets its members in.

Source: rules C4, C6.
"""

from __future__ import annotations

from memberctl.core.errors import Conflict, Invalid
from memberctl.core.money import parse_count
from memberctl.core.seasons import checked_season, season_of
from memberctl.office.hours import parse_hours
from memberctl.office.rules import branch_key

PACK_PRODUCT = "pack"
"""The product of packs, unless another is named: a pack may lie beside a membership."""
ANY = "all"
"""The word by which a plan is let off its hours or branches again."""
NO_SEASON = "none"
"""The word by which a plan gets rid of its season."""
MOST_VISITS = 10_000
MOST_BRANCHES = 100


def parse_visits(text: str | None) -> int | None:
    """Return how many visits a pack is good for, None when nothing was said. Raises Invalid."""
    return (
        None if text is None else parse_count(text, what="the visits of a pack", most=MOST_VISITS)
    )


def parse_plan_hours(text: str | None) -> str | None:
    """Return hours in their one form, "" for `all`, None when nothing was said. Raises Invalid."""
    if text is None or text.strip().lower() == ANY:
        return None if text is None else ""
    return str(parse_hours(text))


def parse_season(text: str | None) -> str | None:
    """Return a season in its one form, "" for `none`, None when not said. Raises Invalid."""
    if text is None or text.strip().lower() == NO_SEASON:
        return None if text is None else ""
    return checked_season(text)


def checked_nature(code: str, season: str, term: str, visits: int | None) -> str:
    """Return the season of a plan, or refuse one that its term or its visits do not go with.

    Raises Invalid. Source: rules T10.
    """
    if season and visits is not None:
        raise Invalid(
            f"plan {code} is a pack of visits, which has no season", field="season", rule="season"
        )
    if season:
        season_of(season, term)
    return season


def parse_branches(text: str | None) -> tuple[str, ...] | None:
    """Return the branch codes in a list joined by commas, each once and in order.

    () is everywhere, which `all` says; None when nothing was said
    Raises Invalid.
    """
    if text is None or text.strip().lower() == ANY:
        return None if text is None else ()
    named = text.split(",", MOST_BRANCHES)
    if len(named) > MOST_BRANCHES:
        raise Invalid(f"a plan names at most {MOST_BRANCHES} branches", rule="branches")
    return tuple(sorted({branch_key(each) for each in named}))


def refuse_change_of_nature(code: str, held: int | None, visits: int | None) -> None:
    """Raise Conflict when a membership would become a pack: terms of one never overlap (T8).

    held -- the visits of the plan as it is; visits -- those that are offered, or None
    """
    if held is None and visits is not None:
        raise Conflict(
            f"plan {code} is no pack of visits, and what it is stays",
            hint="memberctl plan add CODE --visits N, for a new one",
        )
