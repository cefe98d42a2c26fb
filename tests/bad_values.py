"""What people, spreadsheets and attackers type: the numbered list of bad inputs, as data.

Every value carries its number in the list, with a letter where the list gives several, and the
exit code of a command that is given it. What is taken (0) is shown as it was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TAKEN, USAGE, PARTLY, UNKNOWN, REFUSED, INTEGRITY = 0, 2, 3, 4, 6, 8


class Kind(StrEnum):
    """What a place in a command line asks for."""

    TEXT = "text"  # A name, title or reason.
    CODE = "code"  # What people call a plan, a branch, a person.
    NUMBER = "number"  # What the program calls an order, a payment, a card.
    SEARCH = "search"  # A condition of a list.
    AMOUNT = "amount"
    PERCENT = "percent"
    COUNT = "count"
    DATE = "date"
    PERIOD = "period"
    PHONE = "phone"
    EMAIL = "email"
    IDENTITY = "identity"
    BIRTH = "birth"


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the list.

    number -- in the list; exit -- of a command that is given it
    shown  -- as what it is kept, where that differs from what was typed
    """

    number: str
    text: str
    exit: int = REFUSED
    shown: str | None = None


def _taken(**values: str) -> tuple[Value, ...]:
    return tuple(Value(number.lstrip("_"), text, TAKEN) for number, text in values.items())


def _refused(**values: str) -> tuple[Value, ...]:
    return tuple(Value(number.lstrip("_"), text) for number, text in values.items())


HOSTILE = _refused(
    _5="A\x1b[2J\x1b[H",
    _6="\x1b]8;;http://evil\x1b\\click",
    _7="\x1b]52;c;cm0gLXJm\x07",
    _8="\x9b31m",
    _9="good\rEVIL",
    _11a="abc\u202egpj.exe",
    _11b="\u2066x\u2069",
    _12a="Li\u200b",
    _12b="\ufeffLi",
    _15="a" + "\u0301" * 300,
    _18="x" * 10_000,
    _23a="a\U000e0041",
    _23b="a\ue000",
    _43="a\u2028b",
)
EMPTY = _refused(_16a="\u3164", _16b="   ", _16c="")
NO_TEXT = (Value("17", "\udce9", USAGE), Value("10", "a\x00b", USAGE))

LITERAL = (
    *_taken(
        _1="[red]x[/red]",
        _2a="[/]",
        _2b="[/red]",
        _3="[link=https://evil]Zhang[/link]",
        _4=":smiley: Li",
        _14="p\u0430ypal",
        _19a="𠮷",
        _19b="王小明",
        _19c="Nguyễn",
        _19d="O'Brien",
        _19e="Ng",
        _19f="van der Berg",
        _19g="null",
        _19h="None",
        _19i="True",
        _19j="NaN",
        _19k="-",
        _20="-rf",
        _21="Robert'); DROP TABLE member;--",
        _22="100%_\\",
        _24='=HYPERLINK("http://e","x")',
        _25="@SUM(1)",
        _74a="$secret",
        _74b="{{7*7}}",
        _74c="<b>x</b>",
        _74d="{number}",
    ),
    Value("13", "e\u0301", TAKEN, shown="\u00e9"),
)
NUMBERS_OF_NO_USE = (
    *NO_TEXT,
    *_refused(
        _51a="NaN",
        _51b="inf",
        _51c="1e400",
        _52a="1_000",
        _52b="１００",
        _52c="٣",
        _53b="-5",
        _56="¥100",
        _24="=1+1",
        _16c="",
        _18="9" * 10_000,
    ),
)

VALUES: dict[Kind, tuple[Value, ...]] = {
    Kind.TEXT: (*HOSTILE, *EMPTY, *NO_TEXT, *LITERAL),
    Kind.CODE: (
        *HOSTILE,
        *EMPTY,
        *NO_TEXT,
        *_refused(
            _1="[red]x",
            _14="\u0430dmin\u00ad",
            _20="-rf",
            _21="x'; DROP TABLE staff;--",
            _22="%",
            _52="YEAR１",
            _78a="../../etc/x",
            _78b="/etc/x",
        ),
    ),
    Kind.NUMBER: (
        *HOSTILE,
        *EMPTY,
        *NO_TEXT,
        *_refused(
            _1="[red]x[/red]",
            _20="-rf",
            _21="' OR 1=1 --",
            _22a="%",
            _22b="_",
            _52="٣",
            _53="-1",
            _58=str(2**63),
            _78="../../etc/passwd",
            _51="NaN",
        ),
    ),
    Kind.SEARCH: (
        *HOSTILE,
        *NO_TEXT,
        *_refused(_1="[red]x[/red]", _21="' OR 1=1 --", _22a="%", _22b="_", _22c="\\", _2="[/]"),
    ),
    Kind.AMOUNT: (
        *NUMBERS_OF_NO_USE,
        *_refused(
            _53a="0",
            _53c="-0",
            _54="0.005",
            _55a="1,234.50",
            _55b="1.234,50",
            _57="12345678901234567.89",
            _58=str(2**63),
        ),
    ),
    Kind.PERCENT: (*NUMBERS_OF_NO_USE, *_refused(_63="100.01", _54="99.999", _58=str(2**63))),
    Kind.COUNT: (
        *NUMBERS_OF_NO_USE,
        *_refused(_52d="1_0", _54="1.5", _58=str(2**63), _63=str(10**12)),
    ),
    Kind.DATE: _refused(
        _61a="2023-02-29",
        _61b="31/04/2024",
        _61c="0001-01-01",
        _61d="2024-W01-1",
        _61e="20240101",
        _61f="2024-1-1",
        _52a="２０２６-01-01",
        _52b="202٣-01-01",
        _16b="  ",
        _16c="",
        _18="9" * 10_000,
    ),
    Kind.PERIOD: _refused(
        _51="NaN",
        _52a="１2m",
        _52b="1_2m",
        _53a="0m",
        _53b="-1m",
        _63="100001d",
        _58=f"{2**63}d",
        _16c="",
        _18="9" * 10_000 + "d",
    ),
    Kind.PHONE: _refused(
        _67a="110",
        _67b="1" * 40,
        _5="138\x1b[2J00138000",
        _51="NaN",
        _21="13800138000' OR 1=1",
        _11="\u202e13800138000",
        _67c="+86 138-0013",
    ),
    Kind.EMAIL: _refused(
        _68="a@b.cn\r\nBcc: v@x.cn",
        _69="a@b.cn, evil@y.cn",
        _70a="victim@x.cn (evil@y.cn)",
        _70b="a@b.cn(evil@c.cn)",
        _71b="a" * 320 + "@b.cn",
        _71c="王@例子.cn",
        _5="a\x1b[2J@b.cn",
        _12="a\u200b@b.cn",
    ),
    Kind.IDENTITY: _refused(
        _65a="110101199003074515",
        _65b="11010119900307451",
        _65f="000000199003074510",
        _65g="11010119900230451X",
        _46="1.10101E+17",
        _5="1101011990\x1b[2J03074514",
    ),
    Kind.BIRTH: _refused(
        _61a="2023-02-29",
        _61b="31/04/2024",
        _61c="0001-01-01",
        _61d="2024-W01-1",
        _61e="2126-01-01",
        _52="２０００-01-01",
    ),
}
