"""The forms that are known without a map of one's own: maps that come with memberctl, as data."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from memberctl.bank.mapping import read_form
from memberctl.bank.rules import StatementFormat
from memberctl.bank.table_form import Form

FOLDER = Path(__file__).parent / "maps"
TABULAR = (StatementFormat.ALIPAY, StatementFormat.WECHAT, StatementFormat.ICBC)
EXAMPLE = "example.toml"


@lru_cache(maxsize=1)
def known_forms() -> tuple[tuple[StatementFormat, Form], ...]:
    """Return every map that comes with memberctl, with the format whose name its file begins with.

    A format has several maps: what it gives a person to download differs from a company's.
    """
    found: list[tuple[StatementFormat, Form]] = []
    for path in sorted(FOLDER.glob("*-*.toml")):
        family = StatementFormat(path.stem.partition("-")[0])
        found.append((family, read_form(path.read_text(encoding="utf-8"), path.name)))
    return tuple(found)


def forms_of(wanted: StatementFormat | None) -> list[Form]:
    """Return the maps of one format, or of all of them."""
    return [form for family, form in known_forms() if wanted in (None, family)]


def family_of(form: Form) -> StatementFormat:
    """Return the format that a map belongs to; `csv` for one of somebody's own."""
    return next((family for family, known in known_forms() if known is form), StatementFormat.CSV)


def example_map() -> str:
    """Return a commented map for somebody to begin with."""
    return (FOLDER / EXAMPLE).read_text(encoding="utf-8")
