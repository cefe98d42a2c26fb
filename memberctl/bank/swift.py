"""Statements in the form MT940, of one account or of many, in as many pages as the bank likes.

The fields are read by the library mt-940, one at a time: what a field is and on which line it
stands is found here, because a row is kept with both, and because a field that its bank writes
against the rules must cost that row alone.
Source: rules M15; libraries.md "bank files".
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from memberctl.bank.balances import Statements
from memberctl.bank.rules import LONGEST_ID, Entry, Findings, Skip, compact, unknown_currency
from memberctl.core.errors import Invalid
from memberctl.core.lines import LineFile
from memberctl.core.money import EXPONENTS, MAX_MINOR, format_minor

if TYPE_CHECKING:
    from mt940 import Options

_TAG = re.compile(r":(\d{2}[A-Z]?|NS):")
_FIRST = re.compile(r"(?m)^:20:")
_CORE = re.compile(r"(?m)^:(?:60|61|62)[FM]?:")
_END = re.compile(r"-\}?(?:\{5:.*)?|\{1:.*|-XXX")
_BALANCE = re.compile(r"([DC])(\d{6})([A-Z]{3})([\d,.]{1,18})")
_SUM = re.compile(r"(\d*)([A-Z]{3})([\d,.]{1,18})")
_CODE = re.compile(r"/(EREF|REMI|NAME|IBAN|BENM|ORDP|ISDT|MARF|CSID|TRTP|BIC|SVWZ|PREF|RTRN|CNTP)/")
_PARTY = re.compile(r"/CNTP/([^/]*)/([^/]*)/([^/]*)/")
_NO_REFERENCE = frozenset({"", "NONREF", "NOTPROVIDED", "KREF+", "EREF", "KREF", "PREF", "NOREF"})
_SUBFIELDS = re.compile(r":86:(\d{3})?([?~^>|])(?=\d\d)")
_NO_CODE = "000"
_MARKS = re.compile(r"^\d{3}(?=\?\d\d)|\?\d\d")
_CHARGES = frozenset({"NCHG", "FCHG", "SCHG", "NCOM", "NCMI", "NCMS", "NCMN"})
_CHARGE_CODES = frozenset({"805", "808", "809"})  # German GVC: closing of accounts, charges.
_SAMPLE = 200_000
_LIBRARY_FAILS = (RuntimeError, ValueError, KeyError, ArithmeticError, IndexError)


def looks_like_mt940(text: str) -> bool:
    """Whether the beginning of a file has the fields that every MT940 statement has."""
    return bool(_FIRST.search(text) and _CORE.search(text))


@dataclass(slots=True)
class Field:
    """One field. line -- where it begins; lines -- its text without the tag, as it was read"""

    tag: str
    line: int
    lines: list[str]

    @property
    def raw(self) -> str:
        """Return the field as it was read."""
        return f":{self.tag}:" + "\n".join(self.lines)

    @property
    def value(self) -> str:
        """Return the first line of the field without outer blanks."""
        return self.lines[0].strip()


def fields_of(file: LineFile) -> Iterator[Field | None]:
    """Yield the fields of a file in order, and None where a message ends."""
    field: Field | None = None
    for number, text in file.text_lines():
        found = _TAG.match(text)
        if found is not None:
            if field is not None:
                yield field
            field = Field(found[1], number, [text[found.end() :]])
        elif _END.fullmatch(text.strip()):
            if field is not None:
                yield field
            field = None
            yield None
        elif field is not None:
            field.lines.append(text)
    if field is not None:
        yield field
    yield None


class Mt940:
    """The rows of one file. Iterate it, then look at findings.

    Raises Invalid, once it is read, for a file in which a statement does not end: it was cut off.
    """

    def __init__(self, file: LineFile) -> None:
        _hush_library()
        self.findings = Findings()
        self._file = file
        self._statements = Statements(self.findings)
        self._account, self._currency = "", ""
        self._counted: dict[str, tuple[int, int]] = {}
        self._began = 0
        self._open = False

    def __iter__(self) -> Iterator[Entry]:
        row: list[Field] = []
        for field in fields_of(self._file):
            if field is not None and row and field.tag in ("86", "NS"):
                row.append(field)
                continue
            if row:
                yield self._row(row)
                row = []
            if field is None:
                continue
            if field.tag == "61":
                row = [field]
            else:
                self._take(field)
        self._statements.end()
        self._refuse_cut_off()

    def _take(self, field: Field) -> None:
        """Take what a field says of the whole statement."""
        if field.tag == "20":
            self._refuse_cut_off()
            self._account, self._counted, self._open = "", {}, False
        elif field.tag in ("25", "25P"):
            self._account = compact(field.value)
        elif field.tag in ("60F", "60M", "60"):
            minor, currency = self._balance(field)
            self._begin(field.line, currency)
            self._statements.opens(minor, currency)
        elif field.tag in ("62F", "62M", "62"):
            minor, currency = self._balance(field)
            self._begin_unless_open(field.line, currency)
            self._statements.closes(minor, currency)
            self._began, self._open = 0, False
        elif field.tag == "34F" and field.value[:3] in EXPONENTS:
            self._currency = field.value[:3]
        elif field.tag in ("90D", "90C"):
            self._compare_sum(field)

    def _begin(self, line: int, currency: str) -> None:
        self._currency, self._began, self._counted, self._open = currency, line, {}, True
        self._statements.begin(self._account, currency, f"statement on line {line}")

    def _begin_unless_open(self, line: int, currency: str) -> None:
        """Begin a statement that states no opening balance, as one of a day under way does."""
        if not self._open:
            self._begin(line, currency)
            self._began = 0

    def _refuse_cut_off(self) -> None:
        if self._began:
            raise Invalid(
                f"the statement that begins on line {self._began} has no closing balance: the"
                " file was cut off",
                rule="cut_off",
                hint="download it again",
            )

    def _balance(self, field: Field) -> tuple[int, str]:
        found = _BALANCE.match(field.value)
        if found is None:
            raise Invalid(
                f"line {field.line}: :{field.tag}: is no balance in the form of MT940",
                rule="balance_form",
            )
        if found[3] not in EXPONENTS:
            raise unknown_currency(
                found[3], then=f" (line {field.line}, :{field.tag}:)",
                hint="money is kept in currencies that are in use; take a statement in one of them",
            )  # fmt: skip
        minor = self._minor(found[4], found[3])
        return (-minor if found[1] == "D" else minor), found[3]

    def _minor(self, amount: str, currency: str) -> int:
        return _minor_of(Decimal(amount.replace(",", ".").rstrip(".") or "0"), currency)

    def _row(self, fields: list[Field]) -> Entry:
        first = fields[0]
        self._begin_unless_open(first.line, self._currency or "EUR")
        raw = "\n".join(field.raw for field in fields)
        entry = Entry(first.line, raw, self._account, content=" ".join(raw.split()))
        try:
            entry = self._understood(entry, fields)
        except (*_LIBRARY_FAILS, Invalid):
            problem = ":61: is not in the form of MT940"
            self.findings.differences.append(f"line {first.line}: {problem}")
            return replace(entry, skip=Skip.UNREADABLE, problem=problem)
        if entry.amount_minor == 0:
            return replace(entry, skip=Skip.ZERO)
        self._statements.take(entry)
        mark = "D" if entry.amount_minor < 0 else "C"
        count, total = self._counted.get(mark, (0, 0))
        self._counted[mark] = (count + 1, total + abs(entry.amount_minor))
        return entry

    def _understood(self, entry: Entry, fields: list[Field]) -> Entry:
        data = _parsed(fields)
        amount = data["amount"]
        day = data.get("entry_date") or data["date"]
        details = _Details(data, fields)
        kind = str(data.get("id") or "").strip()
        minor = _minor_of(amount.amount, self._currency)
        bank_reference = _reference(data.get("bank_reference"))
        return replace(
            entry,
            booked_on=_in_its_century(day),
            amount_minor=minor,
            currency=self._currency,
            external_id=bank_reference if 0 < len(bank_reference) <= LONGEST_ID else None,
            references=details.references(),
            name=details.name(),
            account=compact(details.account()),
            text=details.text(),
            direction="in" if minor >= 0 else "out",
            fee=minor < 0
            and (kind in _CHARGES or str(data.get("transaction_code")) in _CHARGE_CODES),
        )

    def _compare_sum(self, field: Field) -> None:
        found, mark = _SUM.match(field.value), field.tag[-1]
        if found is None or found[2] not in EXPONENTS:
            return
        count, total = self._counted.get(mark, (0, 0))
        stated = self._minor(found[3], found[2])
        if (found[1] and int(found[1]) != count) or stated != total:
            shown = [format_minor(minor, found[2]) for minor in (stated, total)]
            self.findings.differences.append(
                f"line {field.line}: :{field.tag}: states {found[1]} rows of {shown[0]}, there are"
                f" {count} of {shown[1]} {found[2]}"
            )


class _Details:
    """What field 86 says, structured by ?20, by /EREF/ or not at all."""

    def __init__(self, data: Mapping[str, Any], fields: list[Field]) -> None:
        self._data = data
        # A line ends where its 65 characters do, also in the middle of a word.
        whole = "".join(
            line for field in fields if field.tag != "61" for line in _unwrapped(field.lines)
        )
        parts = _CODE.split(whole)
        self.codes = dict(zip(parts[1::2], parts[2::2], strict=False))
        self._whole = whole
        # Dutch banks put account, BIC and name of the other party behind one code.
        party = _PARTY.search(f"{whole.strip()}/")
        self._party = (party[1], party[3]) if party is not None else ("", "")

    def name(self) -> str:
        """Return the other party's name, "" when it is not told apart."""
        told = self._data.get("applicant_name") or self.codes.get("NAME") or self._party[1]
        return " ".join(str(told).strip("/ ").split())

    def account(self) -> str:
        """Return the other party's account, "" when it is not told apart."""
        told = self._data.get("applicant_iban") or self.codes.get("IBAN") or self._party[0]
        return str(told).strip("/ ")

    def references(self) -> tuple[str, ...]:
        """Return the transaction's other numbers."""
        found = [
            self._data.get("end_to_end_reference"),
            self._data.get("customer_reference"),
            self._data.get("extra_details"),
            self.codes.get("EREF"),
            self.codes.get("PREF"),
        ]
        return tuple(dict.fromkeys(each for each in map(_reference, found) if each))

    def text(self) -> str:
        """Return what the money is for."""
        told = [self._data.get(key) for key in ("posting_text", "purpose", "additional_purpose")]
        said = [str(each).strip() for each in told if each]
        if self._data.get("purpose"):
            return " ".join(said)
        return " ".join(_MARKS.sub(" ", self._whole).split())


def _unwrapped(lines: list[str]) -> list[str]:
    """Return lines so that they can be put together: a short one ended where a word did."""
    return [line.rstrip("\r") if len(line) >= 60 else f"{line.strip()} " for line in lines]


def _parsed(fields: list[Field]) -> dict[str, Any]:
    """Return what the library finds in one row's fields.

    Some banks write references that are longer than they may be, which it reads when told to.
    """
    import mt940
    from mt940.models import Transactions

    options: Options = mt940.Options.all()
    text = _with_one_mark("\n".join(field.raw for field in fields))
    for tag in (mt940.tags.Statement(), mt940.tags.StatementGLS(), mt940.tags.StatementASNB()):
        try:
            found = Transactions(tags={61: tag}, options=options).parse(text)
        except RuntimeError:
            continue
        if len(found) == 1:
            data: dict[str, Any] = found[0].data
            return data
    raise ValueError


def _with_one_mark(text: str) -> str:
    """Return a row's text so that the library knows its subfields: marked by ?, behind a code.

    Some banks mark them by another sign, and some leave out the three digits before the first.
    """
    found = _SUBFIELDS.search(text)
    if found is None:
        return text
    told = text[found.end() - 1 :].replace(found[2], "?")
    return f"{text[: found.start()]}:86:{found[1] or _NO_CODE}{told}"


def _reference(value: object) -> str:
    found = " ".join(str(value or "").split()).removeprefix("KREF+").removeprefix("EREF+")
    found = found.strip("/ ")
    return "" if found.upper() in _NO_REFERENCE else found


def _minor_of(amount: Decimal, currency: str) -> int:
    minor = amount.scaleb(EXPONENTS[currency])
    if minor != int(minor) or abs(minor) >= MAX_MINOR:
        raise Invalid("an amount has too many digits", rule="amount_form")
    return int(minor)


def _in_its_century(day: date) -> date:
    """Return a date whose year was written in two digits: 80 to 99 are of the last century."""
    # 2080 and 1980 are both leap years, and so are all pairs up to 2096 and 1996.
    return date(day.year - 100 if day.year >= 2080 else day.year, day.month, day.day)


def _hush_library() -> None:
    """Keep the library from printing fields that it cannot read: they hold personal data."""
    logger = logging.getLogger("mt940")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
