"""Text from outside: what is let in, how it is compared, shown and hidden.

Source: rules A1, G2; bad inputs 1-23; cli.md "Output".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from memberctl.core.errors import Invalid

MOST_MARKS = 4
"""Combining marks that one letter may carry; no living script needs more."""

# Letters whose every member is printable, visible, no combining mark and stable under NFC:
# nearly all names pass in one regular expression. A test proves the claim for each of them.
_PLAIN = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u1e00-\u1eff\u3001-\u3029\u3041-\u3096\u30a1-\u30fa"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]+"
)
_OUTER_BLANKS = " \t\r\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
_OUTER_BLANKS += "\u200a\u202f\u205f\u3000"
_BLANK_LETTERS = re.compile("[\\s\u115f\u1160\u2800\u3164\uffa0]*")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WORD = re.compile(r"\w+")
_ORDER = r"[A-Z]{2}-20[0-9]{2}-[0-9A-Z]{5}"
_WORD_OR_ORDER = re.compile(rf"({_ORDER})|(?:(?!{_ORDER})[^\W_])+")
_LATIN = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
_CYRILLIC_OR_GREEK = re.compile(
    "[\u0370-\u052f\u1c80-\u1c8f\u1f00-\u1fff\u2de0-\u2dff\ua640-\ua69f]"
)

_REASONS = {
    "Cc": ("control_character", "a control character"),
    "Cf": ("invisible_character", "an invisible character"),
    "Zl": ("control_character", "a line separator"),
    "Zp": ("control_character", "a paragraph separator"),
    "Cs": ("surrogate", "half a character (a wrong encoding)"),
    "Co": ("private_character", "a private-use character"),
    "Cn": ("unknown_character", "a character that Unicode does not define"),
}


def safe(text: str) -> str:
    r"""Return text that cannot move the cursor, reorder a line or hide anything on a terminal.

    Control, format, bidi, private-use, surrogate and unassigned characters and line separators
    become \xHH, \uHHHH or \UHHHHHHHH; everything else stays as it is.
    Source: cli.md "Output".
    """
    if text.isprintable():
        return text
    return "".join(_escape(each) if _is_dangerous(each) else each for each in text)


def _is_dangerous(character: str) -> bool:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return False
    # The planes 2 and 3 hold ideographs only. Rare names use ones that are younger than the
    # Unicode table of the interpreter, for which they are still unassigned.
    code = ord(character)
    return not (0x20000 <= code < 0x40000 and code & 0xFFFE != 0xFFFE)


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clean_text(
    value: str,
    *,
    what: str,
    field: str | None = None,
    longest: int = 200,
    required: bool = True,
    lines: bool = False,
) -> str:
    """Return the text without outer blanks and in NFC, or refuse it.

    what     -- how a refusal calls the text; the text itself is never repeated
    field    -- the stable key of the value, for the Invalid
    longest  -- characters allowed
    required -- refuse text in which nothing can be seen; else that becomes ""
    lines    -- allow line feeds and tabs (CR LF becomes LF)
    Raises Invalid for control, direction, invisible, private-use, undefined and half characters,
    for heaps of combining marks, for too long and for empty text.
    Source: bad inputs 1-23.
    """
    text = value.strip(_OUTER_BLANKS)
    if not _PLAIN.fullmatch(text):
        text = _clean_slowly(text, what, field, lines)
    if len(text) > longest:
        raise Invalid(
            f"{what} is longer than {longest} characters", field=field, rule="text_too_long"
        )
    if required and not text:
        raise Invalid(f"{what} is empty", field=field, rule="text_empty")
    return text


def clean_reason(value: str, *, longest: int = 200) -> str:
    """Return why something is done, as it was typed; refuses as `clean_text`, empty text too."""
    return clean_text(value, what="the reason", field="reason", longest=longest)


def _clean_slowly(text: str, what: str, field: str | None, lines: bool) -> str:
    if lines:
        text = text.replace("\r\n", "\n")
    marks = 0
    for each in text:
        if _is_dangerous(each) and not (lines and each in "\n\t"):
            _refuse_character(each, what, field)
        marks = marks + 1 if unicodedata.category(each) in ("Mn", "Me") else 0
        # Counted before normalising, which takes quadratic time over a heap of marks.
        if marks > MOST_MARKS:
            raise Invalid(
                f"{what} has more than {MOST_MARKS} combining marks on one letter",
                field=field,
                rule="combining_marks",
            )
    return "" if _BLANK_LETTERS.fullmatch(text) else unicodedata.normalize("NFC", text)


def _refuse_character(character: str, what: str, field: str | None) -> NoReturn:
    rule, words = _REASONS[unicodedata.category(character)]
    if character in _BIDI:
        rule, words = "direction_character", "a text-direction character"
    raise Invalid(f"{what} contains {words} ({_escape(character)})", field=field, rule=rule)


def name_key(name: str) -> str:
    """Return the key under which two spellings of one name are equal.

    Compatibility forms, case, invisible characters and runs of blanks make no difference:
    "É", "é" and "e" + U+0301 have one key.
    Source: rules A1; bad inputs 12, 13.
    """
    if name.isascii():
        return " ".join(name.casefold().split())
    visible = _INVISIBLE.sub("", name)
    # Unicode's compatibility caseless match (D146): folding may undo normalising and the other
    # way round, so both are done twice.
    folded = unicodedata.normalize("NFD", visible).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold()
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", folded)).split())


def mixed_script(text: str) -> bool:
    """Whether one word mixes Latin with Cyrillic or Greek letters, as look-alikes do.

    Source: bad inputs 14.
    """
    if text.isascii():
        return False
    return any(
        _LATIN.search(word) and _CYRILLIC_OR_GREEK.search(word) for word in _WORD.findall(text)
    )


class Kind(StrEnum):
    """What a personal value is: it decides how it is masked, and whose right shows it."""

    PHONE = "phone"
    EMAIL = "email"
    ID_NUMBER = "id_number"
    PASSPORT = "passport"
    BUSINESS_CODE = "business_code"
    ACCOUNT = "account"
    ADDRESS = "address"
    BIRTH_DATE = "birth_date"
    NAME = "name"
    REMITTANCE = "remittance"
    TEXT = "text"


@dataclass(frozen=True, slots=True, repr=False)
class Personal:
    """A personal value that every way of printing shows masked; only `.value` is clear.

    Source: rules G2.
    """

    kind: Kind
    value: str

    @property
    def masked(self) -> str:
        """The value as people without the right to see it may see it; "" stays ""."""
        if not self.value:
            return ""
        match self.kind:
            case Kind.PHONE:
                return mask_phone(self.value)
            case Kind.EMAIL:
                return mask_email(self.value)
            case Kind.ID_NUMBER | Kind.PASSPORT | Kind.BUSINESS_CODE | Kind.ACCOUNT:
                return mask_id_number(self.value)
            case Kind.BIRTH_DATE:
                return "****-**-**"
            case Kind.NAME:
                return f"{self.value[0]}**" if len(self.value) > 1 else "**"
            case Kind.REMITTANCE:
                return mask_words(self.value)
            case Kind.ADDRESS | Kind.TEXT:
                return "****"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"Personal({self.kind}, {self.masked})"

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)


def mask_phone(phone: str) -> str:
    """Return a phone number with its middle hidden: 138****8000, +44****0958.

    Blanks and dashes go, and so does +86. Fewer than 8 digits are hidden altogether.
    """
    digits = "".join(each for each in phone if each.isdigit())
    plus = "+" if phone.lstrip().startswith("+") else ""
    if plus and digits.startswith("86"):
        plus, digits = "", digits[2:]
    if len(digits) < 8:
        return "****"
    if len(digits) < 11:
        return f"****{digits[-2:]}"
    return f"{(plus + digits)[:3]}****{digits[-4:]}"


def mask_words(text: str) -> str:
    """Return what a payer wrote with each word masked as a name is: 张** 年**, but JN-2026-7F3KX.

    The numbers of orders are what the text is for, and tell nobody who it was. Words with digits
    in them may be telephones and accounts, and nothing of them is shown.
    """
    return _WORD_OR_ORDER.sub(lambda found: found[1] or _masked_word(found[0]), text)


def _masked_word(word: str) -> str:
    if len(word) == 1 or any(each.isdigit() for each in word):
        return "**"
    return f"{word[0]}**"


def mask_email(address: str) -> str:
    """Return an e-mail address with all but its first letter and domain hidden."""
    local, at, domain = address.rpartition("@")
    if not at:
        return "***"
    return f"{local[0] if len(local) > 1 else ''}***@{domain}"


def mask_id_number(number: str) -> str:
    """Return an identity number with its birth date hidden: 110105********002X.

    Shorter documents keep their last two characters, very short ones nothing.
    """
    hidden = len(number)
    if hidden < 8:
        return "****"
    if hidden < 15:
        return "*" * (hidden - 2) + number[-2:]
    return number[:6] + "*" * (hidden - 10) + number[-4:]
