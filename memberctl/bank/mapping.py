"""Maps: how one bank's download is read, said in TOML instead of code.

Source: rules M15; issue "Bank statements".
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from itertools import combinations
from typing import Any, NoReturn

from memberctl.bank.figures import NumberForm, date_pattern
from memberctl.bank.table_form import Form, Place, SignRule, Total, word_key
from memberctl.core.errors import Invalid
from memberctl.core.money import EXPONENTS
from memberctl.core.textfile import ENCODINGS

COLUMNS = (
    "date", "time", "amount", "in", "out", "direction", "balance", "currency", "id",
    "references", "name", "account", "text", "status", "kind", "own_account", "row_number",
)  # fmt: skip
_RULES_OF = {
    "amount": (SignRule.SIGNED, SignRule.REVERSED, SignRule.DIRECTION),
    "in": (SignRule.COLUMNS,),
    "out": (SignRule.COLUMNS,),
    "direction": (SignRule.DIRECTION,),
}  # fmt: skip
_TOP = {
    "name": str, "encoding": str, "delimiter": str, "decimal": str, "thousands": str,
    "currency": str, "skip_rows": int, "header": bool, "dates": list, "footer": list,
    "needed": list, "refund_separator": str, "columns": dict, "signs": dict, "status": dict,
    "currencies": dict, "fees": dict, "account": dict, "balances": dict, "totals": list,
}  # fmt: skip
_TABLES: Mapping[str, Mapping[str, type]] = {
    "signs": {
        "rule": str, "in": list, "out": list, "neutral": list, "neutral_in": list,
        "reversals": bool,
    },
    "status": {"skip": list, "pending": list},
    "fees": {"words": list},
    "account": {"pattern": str},
    "balances": {"opening": str, "closing": str},
}  # fmt: skip
_TOTAL = {"pattern": str, "of": str, "row": str}
_OF = ("all", "in", "out", "neutral")
_WORDS = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def read_form(text: str, name: str) -> Form:
    """Return a map from its TOML. name -- of its file, for refusals

    Raises Invalid that names the line and the key of what is wrong.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise Invalid(f"the map {name} is not TOML: {problem}", rule="map") from None
    return _Reader(text, name, content).form()


class _Reader:
    """One map on its way from TOML to a Form."""

    def __init__(self, text: str, name: str, content: dict[str, Any]) -> None:
        self._lines = text.splitlines()
        self._name = name
        self._content = content

    def form(self) -> Form:
        """Return the checked map."""
        self._check_keys(self._content, _TOP, "")
        for table, keys in _TABLES.items():
            self._check_keys(self._content.get(table, {}), keys, table)
        columns = self._columns()
        rule = self._rule(columns)
        form = Form(
            name=self._content.get("name", self._name),
            columns=columns,
            dates=self._dates(),
            rule=rule,
            currency=self._currency(self._content.get("currency"), "currency"),
            encoding=self._encoding(),
            delimiter=self._delimiter(),
            numbers=self._numbers(),
            skip_rows=self._skip_rows(),
            header=self._content.get("header", True),
            footer=self._any_of(self._content.get("footer", []), "footer"),
            words_in=self._words("signs", "in"),
            words_out=self._words("signs", "out"),
            words_neutral=self._words("signs", "neutral"),
            neutral_in=self._words("signs", "neutral_in"),
            reversals=self._table("signs").get("reversals", False),
            skip=tuple(self._words("status", "skip")),
            pending=tuple(self._words("status", "pending")),
            currencies=self._currencies(),
            fees=tuple(self._words("fees", "words")),
            account=self._pattern("account", "pattern"),
            opening=self._pattern("balances", "opening"),
            closing=self._pattern("balances", "closing"),
            totals=tuple(self._total(each) for each in self._content.get("totals", [])),
            refund_separator=self._content.get("refund_separator", ""),
            also_needed=self._needed(columns),
        )
        self._check_whole(form)
        return form

    def _refuse(self, key: str, message: str, *, table: str = "", **more: Any) -> NoReturn:
        shown = f"{table}.{key}" if table else key
        raise Invalid(
            f"the map {self._name}{self._where(key, table)}: {shown} {message}",
            field=shown, rule="map", **more,
        )  # fmt: skip

    def _where(self, key: str, table: str) -> str:
        """Return ", line 7" for the line that a key stands on, "" when it stands nowhere."""
        inside = not table
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        for number, line in enumerate(self._lines, 1):
            if heading := re.fullmatch(r"\s*\[+\s*([\w.]+)\s*\]+\s*(?:#.*)?", line):
                inside = heading[1] == table
                if inside and key == table:
                    return f", line {number}"
            elif inside and wanted.match(line):
                return f", line {number}"
        return ""

    def _check_keys(self, found: Any, known: Mapping[str, type], table: str) -> None:
        if not isinstance(found, dict):
            self._refuse(table, "is a table, written [" + table + "]")
        for key, value in found.items():
            kind = known.get(key)
            if kind is None:
                self._refuse(key, "is not known", table=table, allowed=[*known])
            right = isinstance(value, kind) and isinstance(value, bool) is (kind is bool)
            if not right:
                self._refuse(key, f"is {_WORDS[kind]}", table=table)

    def _table(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._content.get(name, {})
        return found

    def _columns(self) -> dict[str, tuple[Place, ...]]:
        found: dict[str, tuple[Place, ...]] = {}
        for key, value in self._table("columns").items():
            if key not in COLUMNS:
                self._refuse(key, "is no column", table="columns", allowed=COLUMNS)
            places = value if isinstance(value, list) else [value]
            for place in places:
                named = isinstance(place, str) and bool(place.strip())
                counted = isinstance(place, int) and not isinstance(place, bool) and place >= 1
                if not (named or counted):
                    self._refuse(
                        key, "is a column's name, its place from 1 on, or a list of them",
                        table="columns",
                    )  # fmt: skip
            if not places:
                self._refuse(key, "names no column", table="columns")
            found[key] = tuple(places)
        if "date" not in found:
            self._refuse("date", "is missing: a row without a day is none", table="columns")
        return found

    def _rule(self, columns: Mapping[str, tuple[Place, ...]]) -> SignRule:
        said = self._table("signs").get("rule")
        if said is not None and said not in list(SignRule):
            self._refuse("rule", "is not known", table="signs", allowed=[*SignRule])
        rule = SignRule(said) if said else _guessed_rule(columns)
        if rule is SignRule.COLUMNS and not {"in", "out"} <= columns.keys():
            self._refuse("in", "and out are both needed", table="columns")
        if rule is not SignRule.COLUMNS and "amount" not in columns:
            self._refuse("amount", "is missing, or in and out", table="columns")
        if rule is SignRule.DIRECTION and "direction" not in columns:
            self._refuse("direction", "is missing", table="columns")
        for key, rules in _RULES_OF.items():
            if key in columns and rule not in rules:
                self._refuse(
                    key, f'does not go with signs.rule = "{rule}": one rule tells in from out',
                    table="columns", hint=f'leave it out, or set signs.rule = "{rules[0]}"',
                )  # fmt: skip
        return rule

    def _skip_rows(self) -> int:
        rows: int = self._content.get("skip_rows", 0)
        if rows < 0:
            self._refuse("skip_rows", "is not below 0")
        return rows

    def _check_whole(self, form: Form) -> None:
        of_each = [
            (key, set(form.columns.get(key, ())))
            for key in ("date", "amount", "in", "out", "balance")
        ]
        for (key, places), (other, others) in combinations(of_each, 2):
            if places & others:
                self._refuse(other, f"is the column of {key} too", table="columns")
        if form.words_in & form.words_out:
            self._refuse("out", "has a word that in has too", table="signs")
        if form.rule is SignRule.DIRECTION and not (form.words_in and form.words_out):
            self._refuse("in", "and out list the words of the column direction", table="signs")
        if form.currency is None and "currency" not in form.columns:
            self._refuse("currency", "is missing, and there is no column of that name")
        if not form.header:
            for key, named in form.columns.items():
                if any(isinstance(place, str) for place in named):
                    self._refuse(key, "is a place: there is no header", table="columns")

    def _dates(self) -> tuple[str, ...]:
        forms = self._content.get("dates")
        if not forms:
            self._refuse("dates", 'is missing, e.g. dates = ["%Y-%m-%d"]')
        for form in forms:
            if not isinstance(form, str):
                self._refuse("dates", "is a list of texts")
            try:
                date_pattern(form)
            except Invalid as problem:
                self._refuse("dates", problem.message, allowed=problem.allowed)
        return tuple(forms)

    def _currency(self, code: Any, key: str, table: str = "") -> str | None:
        if code is not None and not (isinstance(code, str) and code in EXPONENTS):
            self._refuse(key, "is no currency; write its ISO 4217 code in capitals", table=table)
        return None if code is None else str(code)

    def _currencies(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for word, code in self._table("currencies").items():
            found[word_key(word)] = self._currency(code, word, "currencies") or ""
        return found

    def _needed(self, columns: Mapping[str, tuple[Place, ...]]) -> tuple[str, ...]:
        keys = self._content.get("needed", [])
        if not all(isinstance(key, str) and key in columns for key in keys):
            self._refuse("needed", "lists keys of [columns]")
        return tuple(keys)

    def _encoding(self) -> str | None:
        encoding = self._content.get("encoding")
        if encoding is not None and encoding.lower().replace("_", "-") not in ENCODINGS:
            self._refuse("encoding", "is not supported", allowed=[*ENCODINGS])
        return None if encoding is None else str(encoding)

    def _delimiter(self) -> str | None:
        said = self._content.get("delimiter")
        if said is None:
            return None
        found = "\t" if said.lower() in ("tab", "\\t") else said
        if len(found) != 1 or found.isalnum() or found in '"\r\n\0 ':
            self._refuse("delimiter", 'is one character such as ";", or "tab"')
        return str(found)

    def _numbers(self) -> NumberForm:
        decimal = self._content.get("decimal", ".")
        if decimal not in (".", ","):
            self._refuse("decimal", 'is "." or ","')
        thousands = self._content.get("thousands", "." if decimal == "," else ",")
        if thousands not in ("", ".", ",", "'", "’", " ") or thousands == decimal:
            self._refuse("thousands", 'is one of "" . , \' and a blank, not the decimal mark')
        return NumberForm(decimal, thousands)

    def _words(self, name: str, key: str) -> frozenset[str]:
        words = self._table(name).get(key, [])
        if not all(isinstance(word, str) for word in words):
            self._refuse(key, "is a list of texts", table=name)
        return frozenset(word_key(word) for word in words)

    def _any_of(self, patterns: list[Any], key: str) -> re.Pattern[str] | None:
        if not all(isinstance(pattern, str) for pattern in patterns):
            self._refuse(key, "is a list of patterns")
        return (
            self._compiled("|".join(f"(?:{each})" for each in patterns), key) if patterns else None
        )

    def _pattern(self, table: str, key: str) -> re.Pattern[str] | None:
        said = self._table(table).get(key)
        if said is None:
            return None
        compiled = self._compiled(said, key, table)
        if compiled.groups != 1:
            self._refuse(key, "has one group ( ) around what is wanted", table=table)
        return compiled

    def _compiled(self, pattern: str, key: str, table: str = "") -> re.Pattern[str]:
        try:
            return re.compile(pattern)
        except re.error as problem:
            self._refuse(key, f"is no pattern: {problem}", table=table)

    def _total(self, found: Any) -> Total:
        self._check_keys(found, _TOTAL, "totals")
        of = found.get("of", "all")
        if of not in _OF:
            self._refuse("of", "is not known", table="totals", allowed=_OF)
        if "row" in found:
            return Total(of, None, self._compiled(found["row"], "row", "totals"))
        pattern = self._compiled(found.get("pattern", ""), "pattern", "totals")
        if not pattern.groupindex.keys() & {"count", "sum"}:
            self._refuse("pattern", "has a group (?P<count>...) or (?P<sum>...)", table="totals")
        return Total(of, pattern)


def _guessed_rule(columns: Mapping[str, tuple[Place, ...]]) -> SignRule:
    """Return the rule that the columns of a map suggest, where it states none."""
    if "in" in columns or "out" in columns:
        return SignRule.COLUMNS
    return SignRule.DIRECTION if "direction" in columns else SignRule.SIGNED
