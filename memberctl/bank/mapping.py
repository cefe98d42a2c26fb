"""Maps: how one bank's download is read, said in TOML instead of code.

Source: rules M15; issue "Bank statements".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from memberctl.bank import amounts, years
from memberctl.bank.amounts import AmountForm, RefundRule
from memberctl.bank.figures import NumberForm
from memberctl.bank.map_keys import MapKeys
from memberctl.bank.moments import MONTHS, DateForm, date_pattern
from memberctl.bank.table_form import FeeForm, Form, Place, SignRule, Total, Way, word_key
from memberctl.bank.years import YearForm
from memberctl.core.errors import Invalid
from memberctl.core.money import EXPONENTS
from memberctl.core.textfile import ENCODINGS
from memberctl.core.toml import NotToml, read_toml

COLUMNS = (
    "date", "time", "year", "amount", "in", "out", "direction", "fee", "balance", "currency", "id",
    "references", "name", "account", "text", "status", "kind", "own_account", "row_number",
    "changing",
)  # fmt: skip
IN_TEXT = ("name", "account", "id", "references")
WAYS = ("in", "out", "neutral")
_RULES_OF = {
    "amount": (SignRule.SIGNED, SignRule.REVERSED, SignRule.DIRECTION),
    "in": (SignRule.COLUMNS,),
    "out": (SignRule.COLUMNS,),
    "direction": (SignRule.DIRECTION,),
}  # fmt: skip
TOP = {
    "name": str, "encoding": str, "delimiter": str, "widths": list, "decimal": str,
    "thousands": str, "currency": str, "skip_rows": int, "header": bool, "header_lines": int,
    "dates": list, "months": list, "dates_from_above": bool, "text_below": bool, "unquoted": str,
    "footer": list, "needed": list, "refund_separator": str, "columns": dict, "in_text": dict,
    "signs": dict, "amounts": dict, "year": dict, "status": dict, "currencies": dict, "fees": dict,
    "account": dict, "balances": dict, "totals": list,
}  # fmt: skip
TABLES: Mapping[str, Mapping[str, type]] = {
    "signs": {
        "rule": str, "in": list, "out": list, "neutral": list, "in_patterns": list,
        "out_patterns": list, "neutral_patterns": list, "otherwise": str, "neutral_in": list,
        "reversals": bool,
    },
    "amounts": {"pattern": str, "refunds": str},
    "in_text": dict.fromkeys(IN_TEXT, str),
    "year": {"pattern": str, "file": str, "era": int},
    "status": {"skip": list, "pending": list, "skip_lines": list, "pending_lines": list},
    "fees": {"words": list, "amount": str, "charge": str},
    "account": {"pattern": str},
    "balances": {"opening": str, "closing": str},
}  # fmt: skip
_TOTAL = {"pattern": str, "of": str, "row": str}
_OF = ("all", *WAYS, "net")
_MOST_HEADER_LINES = 3
_WIDEST = 10_000


def read_form(text: str, name: str) -> Form:
    """Return a map from its TOML. name -- of its file, for refusals

    Raises Invalid that names the line and the key of what is wrong.
    """
    try:
        content = read_toml(text)
    except NotToml as problem:
        raise Invalid(f"the map {name} is not TOML: {problem}", rule="map") from None
    return _Reader(text, name, content).form()


class _Reader(MapKeys):
    """One map on its way from TOML to a Form."""

    def form(self) -> Form:
        """Return the checked map."""
        if isinstance(self.content.get("totals"), dict):
            self.refuse("totals", "may come more than once, so each is written [[totals]]")
        self.check_keys(self.content, TOP, "")
        for table, keys in TABLES.items():
            self.check_keys(self.content.get(table, {}), keys, table)
        columns = self._columns()
        rule = self._rule(columns)
        form = Form(
            name=self.content.get("name", self.name),
            columns=columns,
            dates=self._dates(),
            rule=rule,
            years=self._years(),
            currency=self._currency(self.content.get("currency"), "currency"),
            encoding=self._encoding(),
            delimiter=self._delimiter(),
            widths=self._widths(),
            numbers=self._numbers(),
            amounts=self._amounts(),
            skip_rows=self._at_least("skip_rows", 0),
            header=self.content.get("header", True),
            header_lines=self._header_lines(),
            footer=self.any_of(self.content.get("footer", []), "footer"),
            days_from_above=self.content.get("dates_from_above", False),
            unquoted=self._unquoted(columns),
            text_below=self.content.get("text_below", False),
            in_text=self._in_text(columns),
            ways=self._ways(),
            otherwise=self.one_of("signs", "otherwise", WAYS, ""),
            neutral_in=self.words("signs", "neutral_in"),
            reversals=self.table("signs").get("reversals", False),
            skip=tuple(self.words("status", "skip")),
            pending=tuple(self.words("status", "pending")),
            skip_lines=self.any_of(self.texts("status", "skip_lines"), "skip_lines", "status"),
            pending_lines=self.any_of(
                self.texts("status", "pending_lines"), "pending_lines", "status"
            ),
            currencies=self._currencies(),
            fees=self._fees(columns),
            account=self.pattern("account", "pattern"),
            opening=self.pattern("balances", "opening"),
            closing=self.pattern("balances", "closing"),
            totals=tuple(self._total(each) for each in self.content.get("totals", [])),
            refund_separator=self.content.get("refund_separator", ""),
            also_needed=self._needed(columns),
        )
        self._check_whole(form)
        return form

    def _columns(self) -> dict[str, tuple[Place, ...]]:
        found: dict[str, tuple[Place, ...]] = {}
        for key, value in self.table("columns").items():
            if key not in COLUMNS:
                self.refuse(key, "is no column", table="columns", allowed=COLUMNS)
            places = value if isinstance(value, list) else [value]
            for place in places:
                named = isinstance(place, str) and bool(place.strip())
                counted = isinstance(place, int) and not isinstance(place, bool) and place >= 1
                if not (named or counted):
                    self.refuse(
                        key, "is a column's name, its place from 1 on, or a list of them",
                        table="columns",
                    )  # fmt: skip
            if not places:
                self.refuse(key, "names no column", table="columns")
            found[key] = tuple(places)
        if "date" not in found:
            self.refuse("date", "is missing: a row without a day is none", table="columns")
        return found

    def _rule(self, columns: Mapping[str, tuple[Place, ...]]) -> SignRule:
        said = self.table("signs").get("rule")
        if said is not None and said not in list(SignRule):
            self.refuse("rule", "is not known", table="signs", allowed=[*SignRule])
        rule = SignRule(said) if said else _guessed_rule(columns)
        if rule is SignRule.COLUMNS and not {"in", "out"} <= columns.keys():
            self.refuse("in", "and out are both needed", table="columns")
        if rule is not SignRule.COLUMNS and "amount" not in columns:
            self.refuse("amount", "is missing, or in and out", table="columns")
        if rule is SignRule.DIRECTION and "direction" not in columns:
            self.refuse("direction", "is missing", table="columns")
        for key, rules in _RULES_OF.items():
            if key in columns and rule not in rules:
                self.refuse(
                    key, f'does not go with signs.rule = "{rule}": one rule tells in from out',
                    table="columns", hint=f'leave it out, or set signs.rule = "{rules[0]}"',
                )  # fmt: skip
        return rule

    def _ways(self) -> dict[str, Way]:
        found = {
            way: Way(self.words("signs", way), self.patterns("signs", f"{way}_patterns"))
            for way in WAYS
        }
        for way, other in combinations(WAYS, 2):
            if found[way].words & found[other].words:
                self.refuse(other, f"has a word that {way} has too", table="signs")
        return found

    def _unquoted(self, columns: Mapping[str, tuple[Place, ...]]) -> str:
        key: str = self.content.get("unquoted", "")
        if key and (key not in columns or not self.content.get("header", True)):
            self.refuse("unquoted", "is a key of [columns], of a file with a header")
        return key

    def _in_text(self, columns: Mapping[str, tuple[Place, ...]]) -> dict[str, re.Pattern[str]]:
        found = {key: self.pattern("in_text", key) for key in IN_TEXT}
        if any(found.values()) and "text" not in columns:
            self.refuse("text", "is missing, and [in_text] looks into it", table="columns")
        return {key: pattern for key, pattern in found.items() if pattern is not None}

    def _at_least(self, key: str, least: int) -> int:
        number: int = self.content.get(key, least)
        if number < least:
            self.refuse(key, f"is not below {least}")
        return number

    def _header_lines(self) -> int:
        lines = self._at_least("header_lines", 1)
        if lines > _MOST_HEADER_LINES:
            self.refuse("header_lines", f"is at most {_MOST_HEADER_LINES}")
        return lines

    def _check_whole(self, form: Form) -> None:
        of_each = [
            (key, set(form.columns.get(key, ())))
            for key in ("date", "amount", "in", "out", "fee", "balance")
        ]
        for (key, places), (other, others) in combinations(of_each, 2):
            if places & others:
                self.refuse(other, f"is the column of {key} too", table="columns")
        if form.rule is SignRule.DIRECTION:
            told = [way for way in ("in", "out") if form.ways[way] or form.otherwise == way]
            if len(told) < len(("in", "out")):
                self.refuse(
                    "in", "and out list the words of the column direction; or in_patterns and"
                    " out_patterns what is found in it, or otherwise is one of them",
                    table="signs",
                )  # fmt: skip
        elif form.otherwise or any(form.ways.values()):
            key = next(iter(key for key in self.table("signs") if key not in ("rule", "reversals")))
            self.refuse(
                key, f'does not go with signs.rule = "{form.rule}"', table="signs",
                hint='leave it out, or name columns.direction and set signs.rule = "direction"',
            )  # fmt: skip
        self._check_header(form)

    def _check_header(self, form: Form) -> None:
        if form.header:
            return
        for key, named in form.columns.items():
            if any(isinstance(place, str) for place in named):
                self.refuse(key, "is a place: there is no header", table="columns")
        if form.header_lines > 1:
            self.refuse("header_lines", "does not go with header = false")

    def _dates(self) -> DateForm:
        forms = self.content.get("dates")
        if not forms:
            self.refuse("dates", 'is missing, e.g. dates = ["%Y-%m-%d"]')
        for form in forms:
            if not isinstance(form, str):
                self.refuse("dates", "is a list of texts")
            try:
                date_pattern(form)
            except Invalid as problem:
                self.refuse("dates", problem.message, allowed=problem.allowed)
        era = self.table("year").get("era", 0)
        if any("%e" in form for form in forms) != bool(era):
            self.refuse(
                "era", "is what a year written as %e lacks, e.g. 1911; dates has %e then",
                table="year",
            )  # fmt: skip
        return DateForm(tuple(forms), self._months(), era)

    def _months(self) -> tuple[str, ...]:
        said = self.content.get("months")
        if said is None:
            return MONTHS
        if len(said) != len(MONTHS) or not all(isinstance(each, str) and each for each in said):
            self.refuse("months", "lists how the names of the twelve months begin")
        found = tuple(each.casefold() for each in said)
        for one, other in combinations(found, 2):
            if one.startswith(other) or other.startswith(one):
                self.refuse("months", "has two of which one begins as the other does")
        return found

    def _years(self) -> YearForm:
        needed = ("date", "year")
        pattern = self.grouped("year", "pattern", years.GROUPS, needed)
        file = self.grouped("year", "file", years.GROUPS, needed)
        return YearForm(pattern, file)

    def _currency(self, code: Any, key: str, table: str = "") -> str | None:
        if code is not None and not (isinstance(code, str) and code in EXPONENTS):
            known = f"{code} is no currency that memberctl knows" if _is_code(code) else ""
            self.refuse(
                key, f"{known or 'is no currency'}; write an ISO 4217 code in capitals, e.g. CNY",
                table=table,
            )  # fmt: skip
        return None if code is None else str(code)

    def _currencies(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for word, code in self.table("currencies").items():
            found[word_key(word)] = self._currency(code, word, "currencies") or ""
        return found

    def _fees(self, columns: Mapping[str, tuple[Place, ...]]) -> FeeForm:
        said = {key for key in ("amount", "charge") if key in self.table("fees")}
        if said and "fee" not in columns:
            self.refuse(min(said), "is of a column fee, and there is none", table="fees")
        if "fee" in columns and "amount" not in said:
            self.refuse(
                "amount", "is missing: gross where the fee comes off the amount, net where it has",
                table="fees",
            )  # fmt: skip
        return FeeForm(
            words=tuple(self.words("fees", "words")),
            net=self.one_of("fees", "amount", ("gross", "net"), "gross") == "net",
            negative=self.one_of("fees", "charge", ("positive", "negative"), "positive")
            == "negative",
        )

    def _amounts(self) -> AmountForm:
        pattern = self.grouped("amounts", "pattern", amounts.GROUPS, ("amount",))
        said = self.table("amounts").get("refunds")
        if said is not None and said not in list(RefundRule):
            self.refuse("refunds", "is not known", table="amounts", allowed=[*RefundRule])
        has_refund = pattern is not None and bool(
            pattern.groupindex.keys() & {"refund", "refunded"}
        )
        if has_refund and said is None:
            self.refuse(
                "refunds", "is missing: deducted where the amount is whole and the refund comes off"
                " it, separate where the refund has a row of its own",
                table="amounts",
            )  # fmt: skip
        if said is not None and not has_refund:
            self.refuse(
                "refunds", "is of a group (?P<refund>...) of amounts.pattern", table="amounts"
            )
        return AmountForm(pattern, RefundRule(said or RefundRule.SEPARATE), self._currencies())

    def _needed(self, columns: Mapping[str, tuple[Place, ...]]) -> tuple[str, ...]:
        keys = self.content.get("needed", [])
        if not all(isinstance(key, str) and key in columns for key in keys):
            self.refuse("needed", "lists keys of [columns]")
        return tuple(keys)

    def _encoding(self) -> str | None:
        encoding = self.content.get("encoding")
        if encoding is not None and encoding.lower().replace("_", "-") not in ENCODINGS:
            self.refuse("encoding", "is not supported", allowed=[*ENCODINGS])
        return None if encoding is None else str(encoding)

    def _delimiter(self) -> str | None:
        said = self.content.get("delimiter")
        if said is None:
            return None
        found = "\t" if said.lower() in ("tab", "\\t") else said
        if len(found) != 1 or found.isalnum() or found in '"\r\n\0 ':
            self.refuse("delimiter", 'is one character such as ";", or "tab"')
        return str(found)

    def _widths(self) -> tuple[int, ...]:
        said = self.content.get("widths")
        if said is None:
            return ()
        right = all(isinstance(each, int) and 1 <= each <= _WIDEST for each in said)
        if not said or not right or any(isinstance(each, bool) for each in said):
            self.refuse("widths", "lists how many characters each cell of a line has")
        if "delimiter" in self.content:
            self.refuse("widths", "stands in place of delimiter, not beside it")
        return tuple(said)

    def _numbers(self) -> NumberForm:
        decimal = self.content.get("decimal", ".")
        if decimal not in (".", ",", ""):
            self.refuse("decimal", 'is "." or ",", or "" where amounts are whole cents')
        thousands = self.content.get("thousands", "." if decimal == "," else ",")
        if thousands not in ("", ".", ",", "'", "’", " ") or thousands == (decimal or None):
            self.refuse("thousands", 'is one of "" . , \' and a blank, not the decimal mark')
        return NumberForm(decimal, thousands.replace("’", "'"))

    def _total(self, found: Any) -> Total:
        self.check_keys(found, _TOTAL, "totals")
        of = found.get("of", "all")
        if of not in _OF:
            self.refuse("of", "is not known", table="totals", allowed=_OF)
        if "row" in found:
            return Total(of, None, self.compiled(found["row"], "row", "totals"))
        pattern = self.compiled(found.get("pattern", ""), "pattern", "totals")
        if not pattern.groupindex.keys() & {"count", "sum"}:
            self.refuse("pattern", "has a group (?P<count>...) or (?P<sum>...)", table="totals")
        return Total(of, pattern)


def _is_code(text: object) -> bool:
    return isinstance(text, str) and len(text) == 3 and text.isascii() and text.isupper()


def _guessed_rule(columns: Mapping[str, tuple[Place, ...]]) -> SignRule:
    """Return the rule that the columns of a map suggest, where it states none."""
    if "in" in columns or "out" in columns:
        return SignRule.COLUMNS
    return SignRule.DIRECTION if "direction" in columns else SignRule.SIGNED
