"""The keys of a map in TOML: their kinds, and refusals that name line, key and what it takes.

Source: rules M15; house.md "Errors".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from memberctl.bank.table_form import word_key
from memberctl.core.errors import Invalid

WORDS = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class MapKeys:
    """The content of one map, key by key. name -- of its file, for refusals"""

    def __init__(self, text: str, name: str, content: dict[str, Any]) -> None:
        self._lines = text.splitlines()
        self.name = name
        self.content = content

    def refuse(self, key: str, message: str, *, table: str = "", **more: Any) -> NoReturn:
        """Raise Invalid for a key. message -- what it should be, to be read after the key"""
        shown = f"{table}.{key}" if table else key
        raise Invalid(
            f"the map {self.name}{self._where(key, table)}: {shown} {message}",
            field=shown, rule="map", **more,
        )  # fmt: skip

    def _where(self, key: str, table: str) -> str:
        """Return ", line 7" for the line that a key stands on, "" when it stands nowhere."""
        inside = not table
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        for number, line in enumerate(self._lines, 1):
            if heading := re.fullmatch(r"\s*\[+\s*([\w.]+)\s*\]+\s*(?:#.*)?", line):
                inside = heading[1] == table
                if (inside and key == table) or (not table and heading[1] == key):
                    return f", line {number}"
            elif inside and wanted.match(line):
                return f", line {number}"
        return ""

    def check_keys(self, found: Any, known: Mapping[str, type], table: str) -> None:
        """Refuse a table with a key that is not known, or with a value of another kind."""
        if not isinstance(found, dict):
            brackets = f"[[{table}]]" if isinstance(self.content[table], list) else f"[{table}]"
            self.refuse(table, f"is a table, written {brackets}")
        for key, value in found.items():
            kind = known.get(key)
            if kind is None:
                self.refuse(key, "is not known", table=table, allowed=[*known])
            right = isinstance(value, kind) and isinstance(value, bool) is (kind is bool)
            if not right:
                self.refuse(key, f"is {WORDS[kind]}", table=table)

    def table(self, name: str) -> dict[str, Any]:
        """Return one table, empty where the map has none."""
        found: dict[str, Any] = self.content.get(name, {})
        return found

    def texts(self, name: str, key: str) -> list[str]:
        """Return the texts that a key of a table lists."""
        return self._all_texts(self.table(name).get(key, []), key, name)

    def _all_texts(self, found: list[Any], key: str, table: str = "") -> list[str]:
        if not all(isinstance(each, str) for each in found):
            self.refuse(key, "is a list of texts", table=table)
        return found

    def words(self, name: str, key: str) -> frozenset[str]:
        """Return the words that a key of a table lists, as they are compared."""
        return frozenset(word_key(word) for word in self.texts(name, key))

    def one_of(self, name: str, key: str, allowed: Iterable[str], default: str) -> str:
        """Return what a key of a table says, which is one of a few words."""
        said = self.table(name).get(key, default)
        if said not in (*allowed, default):
            self.refuse(key, "is not known", table=name, allowed=[*allowed])
        return str(said)

    def patterns(self, name: str, key: str) -> tuple[re.Pattern[str], ...]:
        """Return the patterns that a key of a table lists."""
        return tuple(self.compiled(each, key, name) for each in self.texts(name, key))

    def any_of(self, patterns: list[Any], key: str, table: str = "") -> re.Pattern[str] | None:
        """Return one pattern for a list of them, None for an empty one."""
        texts = self._all_texts(patterns, key, table)
        for each in texts:
            self.compiled(each, key, table)
        return (
            self.compiled("|".join(f"(?:{each})" for each in texts), key, table) if texts else None
        )

    def pattern(self, table: str, key: str) -> re.Pattern[str] | None:
        """Return a pattern with one group, None where the map has none."""
        said = self.table(table).get(key)
        if said is None:
            return None
        compiled = self.compiled(said, key, table)
        if compiled.groups != 1:
            self.refuse(key, "has one group ( ) around what is wanted", table=table)
        return compiled

    def grouped(
        self, table: str, key: str, known: Iterable[str], needed: Iterable[str]
    ) -> re.Pattern[str] | None:
        """Return a pattern with named groups, one of which is needed; None where there is none."""
        said = self.table(table).get(key)
        if said is None:
            return None
        compiled = self.compiled(said, key, table)
        found = compiled.groupindex.keys()
        if not found & {*needed} or found - {*known}:
            named = " or ".join(f"(?P<{each}>...)" for each in needed)
            more = ", ".join(sorted({*known} - {*needed}))
            self.refuse(key, f"has a group {named}; there may also be {more}", table=table)
        return compiled

    def compiled(self, pattern: str, key: str, table: str = "") -> re.Pattern[str]:
        """Return a pattern, or refuse its key."""
        try:
            return re.compile(pattern)
        except re.error as problem:
            self.refuse(key, f"is no pattern: {problem}", table=table)
