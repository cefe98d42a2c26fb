"""Which column is which, and the cells that spreadsheets run or spoil.

Source: rules I3; bad inputs 24-30, 40, 46; cli.md "Import".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from memberctl.core.errors import Invalid
from memberctl.core.text import name_key

_MARK = "'"
# A spreadsheet looks past blanks and quotes for the sign that begins a formula.
_FORMULA = re.compile(r"[\s'\"‘’“”]*[=+\-@\t\r\n\0＝＋－＠]")
_DAMAGED = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?E\+[0-9]{1,3}", re.IGNORECASE)


def match_header(
    header: Sequence[str],
    synonyms: Mapping[str, Sequence[str]],
    *,
    required: Sequence[str],
    mapping: Mapping[str, str] | None = None,
    ignore_extra: bool = False,
    own_list: Sequence[str] = (),
) -> dict[str, int]:
    """Return the index in the header of each column key that was found.

    Case, blanks and underscores make no difference. Columns whose names begin with "_" are
    ours, from a rejects file, and are passed over; so is what our own list shows besides.

    synonyms -- column key -> other names it goes by; the key itself is always one
    required -- keys that must be found
    mapping  -- name in the header -> column key, stronger than the synonyms
    own_list -- the columns of the list that an export of the same things has
    Raises Invalid for a column that is not known (unless ignore_extra), two columns of one
    meaning, a required one that is missing, and a mapping that fits nothing. A strange name is
    repeated only where it resembles a known one: without a header it would be somebody's data.
    """
    known = _known_names(synonyms)
    known |= _mapped_names(mapping or {}, header, synonyms)
    exported = _exported_columns(header, own_list)
    found: dict[str, int] = {}
    for index, name in enumerate(header):
        if name.startswith("_"):
            continue
        key = known.get(_column_key(name))
        if key is None and not ignore_extra and name not in exported:
            _refuse_unknown(index, name, known, synonyms)
        if key in found:
            raise Invalid(
                f"columns {found[key] + 1} and {index + 1} both mean {key}",
                field=key,
                rule="header_duplicate",
            )
        if key is not None:
            found[key] = index
    missing = [key for key in required if key not in found]
    if missing:
        raise Invalid(
            f"the header lacks {', '.join(missing)}", rule="header_missing", allowed=[*synonyms]
        )
    return found


def neutralise_cell(text: str) -> str:
    """Return text that a spreadsheet shows instead of running it, marked by a leading quote.

    For cells of text; a number belongs into a numeric cell. restore_cell takes it back exactly.
    Source: bad inputs 24-26.
    """
    return _MARK + text if _FORMULA.match(text) else text


def restore_cell(text: str) -> str:
    """Return what neutralise_cell was given; any other text stays as it is.

    Source: bad inputs 30.
    """
    if text.startswith(_MARK) and _FORMULA.match(text, 1):
        return text[1:]
    return text


def excel_damaged(text: str) -> bool:
    """Whether this is a long number that a spreadsheet rounded away, such as 1.10105E+17.

    Source: rules I3; bad inputs 46.
    """
    return _DAMAGED.fullmatch(text.strip()) is not None


def _column_key(name: str) -> str:
    return name_key(name).replace("_", " ")


def _known_names(synonyms: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {_column_key(name): key for key, others in synonyms.items() for name in (key, *others)}


def _mapped_names(
    mapping: Mapping[str, str], header: Sequence[str], synonyms: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Return the names a mapping file gives. Raises Invalid when it fits neither side."""
    present = {_column_key(name) for name in header}
    for name, key in mapping.items():
        if key not in synonyms:
            raise Invalid(
                f"the mapping leads to {key}, which is no column",
                rule="mapping",
                allowed=[*synonyms],
            )
        if _column_key(name) not in present:
            raise Invalid(f"the mapping names {name}, which the header lacks", rule="mapping")
    return {_column_key(name): key for name, key in mapping.items()}


def _exported_columns(header: Sequence[str], own_list: Sequence[str]) -> frozenset[str]:
    """Return the columns of our own list when the header is that of an export.

    A header with only some of them is somebody else's, whose "number" may be anything.
    """
    return frozenset(own_list) if set(own_list) <= set(header) else frozenset()


def _refuse_unknown(
    index: int, name: str, known: Mapping[str, str], synonyms: Mapping[str, Sequence[str]]
) -> None:
    import difflib

    near = difflib.get_close_matches(_column_key(name)[:60], known, n=1)
    what = f'column {index + 1}, "{name}", is' if near else f"column {index + 1} is"
    guess = f"did you mean {known[near[0]]}? " if near else ""
    raise Invalid(
        f"{what} not known",
        rule="header_unknown",
        hint=f"{guess}--map FILE.toml names columns, --ignore-extra passes over them",
        allowed=[*synonyms],
    )
