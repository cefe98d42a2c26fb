"""How alike two people's names, dates, numbers and addresses are, level by level.

Each field of a pair gets a level and no number: what a level is worth is not set by hand but
learnt from the people themselves (member/weighing.py).
Source: rules A3; bad inputs 12, 13; libraries.md "fuzzy matching".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from memberctl.core.text import name_key
from memberctl.member.identity import DocumentKind


class Level(IntEnum):
    """How far one field of two people agrees, from best to worst.

    PART   -- one says less than the other, and nothing against it
    SHARED -- something agrees and something does not, as the names of a family do
    """

    SAME = 0
    NEAR = 1
    PART = 2
    SHARED = 3
    DIFFERENT = 4


PROVING = DocumentKind.RESIDENT_ID.value
FIELDS = ("name", "birth_date", "id_number", "phone", "email", "street", "house")
"""What is compared; an address is compared twice, by its words and by its numbers."""

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]")
_WORDS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_PARTS = re.compile(r"[^\W_]+")
_SHORT_TOKEN, _LONG_TOKEN = 3, 6
_LONG_NAME = 8
# Surnames of two characters; every other Chinese name begins with a surname of one.
_DOUBLE = re.compile(
    "欧阳|太史|上官|端木|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳"
    "|公冶|太叔|申屠|公孙|慕容|仲孙|钟离|长孙|宇文|司徒|鲜于|司空|闾丘|令狐|百里|呼延|东郭|南门"
)
# Traditional characters that names and addresses are written with, and what they are today.
_SIMPLE = str.maketrans(
    "張劉陳楊趙黃吳孫馬許鄭謝馮韓鄧蕭葉鄒蘇盧鍾譚陸賈鄔閻龍萬錢嚴湯賴龐顏倪蔣關藍顧賀龔駱聶齊歐陽麗華偉強國軍"
    "曉東紅藝詩夢慶輝傑寶銘穎鳳蘭蓮靜潔豔瑩雲鵬躍遠達義學書樂號樓區縣鎮鄉街門閩滬廣瀋濟寧長灣橋園莊島漢臺臨",
    "张刘陈杨赵黄吴孙马许郑谢冯韩邓萧叶邹苏卢钟谭陆贾邬阎龙万钱严汤赖庞颜倪蒋关蓝顾贺龚骆聂齐欧阳丽华伟强国军"
    "晓东红艺诗梦庆辉杰宝铭颖凤兰莲静洁艳莹云鹏跃远达义学书乐号楼区县镇乡街门闽沪广沈济宁长湾桥园庄岛汉台临",
)
_GRAMS = 3


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of one person, in the form in which it is compared.

    key     -- whatever the caller knows them by
    tokens  -- the parts of the name, sorted; of a Chinese name its surname and given name
    compact -- the name without blanks, in the order in which it was written
    born    -- YYYYMMDD, or the digits of what is no date; phone -- E.164 or what was written
    numbers -- numbers of documents by kind: the number, or the bytes of its blind index
    street, house -- pieces of the address's words, and its numbers
    places  -- how the longer words of the address sound
    """

    key: int
    tokens: tuple[str, ...]
    compact: str
    chinese: bool
    born: str | None
    phone: str | None
    email: str | None
    numbers: Mapping[str, str | bytes]
    street: frozenset[str]
    house: frozenset[str]
    places: frozenset[str]


def person(
    key: int,
    name: str,
    *,
    born: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    numbers: Mapping[str, str | bytes] | None = None,
    address: str | None = None,
) -> Person:
    """Return somebody in the form in which people are compared; what is not known is None."""
    tokens, chinese = name_parts(name)
    place = _simple(name_key(address)) if address else ""
    return Person(
        key,
        tokens,
        _compact(name),
        chinese,
        born,
        phone,
        email.casefold() if email else None,
        numbers or {},
        _street(place),
        frozenset(_DIGITS.findall(place)),
        frozenset(sound(word) for word in _WORDS.findall(place) if len(word) > _SHORT_TOKEN),
    )


def name_parts(name: str) -> tuple[tuple[str, ...], bool]:
    """Return the parts of a name, sorted, and whether it is a Chinese one.

    The order of surname and given name makes no difference, nor do case, blanks and hyphens.
    """
    key = _simple(name_key(name))
    whole = "".join(_PARTS.findall(key))
    if whole and all(HAN.match(each) for each in whole):
        cut = 2 if _DOUBLE.match(whole) and len(whole) > 2 else 1
        return tuple(part for part in (whole[:cut], whole[cut:]) if part), True
    return tuple(sorted(_PARTS.findall(key))), False


def _compact(name: str) -> str:
    return "".join(_PARTS.findall(_simple(name_key(name))))


def _simple(text: str) -> str:
    return text if text.isascii() else text.translate(_SIMPLE)


def _street(place: str) -> frozenset[str]:
    """Return the pieces that an address's words are compared by, whatever blanks are missing."""
    words = "".join(_WORDS.findall(place))
    width = 2 if HAN.search(words) else _GRAMS
    return frozenset(words[start : start + width] for start in range(len(words) - width + 1))


def compare_names(one: Person, other: Person) -> tuple[Level, tuple[str, ...]] | None:
    """Return how alike two names are, and the parts that agree; None when one is missing."""
    if not one.tokens or not other.tokens:
        return None
    if one.tokens == other.tokens or one.compact == other.compact:
        return Level.SAME, one.tokens
    if one.chinese or other.chinese:
        return _compare_chinese(one, other)
    return _compare_words(one, other)


def _compare_chinese(one: Person, other: Person) -> tuple[Level, tuple[str, ...]]:
    """Compare names of which a single character carries a third or half."""
    if not (one.chinese and other.chinese) or len(one.tokens) < 2 or len(other.tokens) < 2:
        return Level.DIFFERENT, ()
    (family, given), (its_family, its_given) = one.tokens, other.tokens
    if sorted(one.compact) == sorted(other.compact):
        return Level.NEAR, one.tokens
    if given == its_given:
        return Level.SHARED, (given,)
    if family != its_family:
        return Level.DIFFERENT, ()
    if len(given) == len(its_given) == 2 and set(given) & set(its_given):
        return Level.NEAR, one.tokens
    return Level.SHARED, (family,)


def _compare_words(one: Person, other: Person) -> tuple[Level, tuple[str, ...]]:
    shorter, longer = sorted((one.tokens, other.tokens), key=len)
    left = list(longer)
    agreed: list[str] = []
    for token in shorter:
        best = next((each for each in left if _alike(token, each)), None)
        if best is not None:
            left.remove(best)
            agreed.append(token)
    if len(agreed) == len(shorter):
        return (Level.PART if left else Level.NEAR), tuple(agreed)
    if _nearly(one.compact, other.compact) or _nearly("".join(one.tokens), "".join(other.tokens)):
        return Level.NEAR, one.tokens
    return (Level.SHARED, tuple(agreed)) if agreed else (Level.DIFFERENT, ())


@lru_cache(maxsize=200_000)
def _alike(one: str, other: str) -> bool:
    """Whether two parts of names are the same but for a slip of the keyboard or of the ear."""
    if one == other:
        return True
    shortest = min(len(one), len(other))
    if shortest < _SHORT_TOKEN:
        return False
    apart = slips(one, other, 2)
    if apart <= (2 if shortest >= _LONG_TOKEN else 1):
        return True
    # Tara and Trey, Jamie and Jemma have one code: what sounds alike also looks alike.
    return (
        apart <= 2 and shortest > _SHORT_TOKEN and one[0] == other[0] and sound(one) == sound(other)
    )


def _nearly(one: str, other: str) -> bool:
    return min(len(one), len(other)) >= _LONG_NAME and slips(one, other, 2) <= 2


def slips(one: str, other: str, most: int) -> int:
    """Return how many characters are wrong, missing, too many or swapped with their neighbour.

    most -- beyond which the exact number is of no interest
    """
    return _distance()(one, other, score_cutoff=most)


@lru_cache(maxsize=1)
def _distance() -> Callable[..., int]:
    from rapidfuzz.distance import OSA

    return OSA.distance


_SOUNDS = str.maketrans("bfpvcgjkqsxzdtlmnraeiouyhw", "11112222222233455600000000")


@lru_cache(maxsize=200_000)
def sound(token: str) -> str:
    """Return a code that parts of names which sound alike share; others are their own code."""
    if not token.isascii():
        return token
    code = token.translate(_SOUNDS)
    kept = [
        each for place, each in enumerate(code) if each != "0" and code[place - 1 : place] != each
    ]
    return (token[0] + "".join(kept[1:] if code[0] != "0" else kept))[:4]


def compare_dates(one: str | None, other: str | None) -> Level | None:
    """Return how alike two dates of eight digits are: one slip, or day and month exchanged."""
    if one is None or other is None:
        return None
    if one == other:
        return Level.SAME
    if slips(one, other, 1) <= 1 or (one[:4] == other[:4] and one[4:6] == other[6:8]
                                     and one[6:8] == other[4:6]):  # fmt: skip
        return Level.NEAR
    agreeing = (one[:4] == other[:4]) + (one[4:6] == other[4:6]) + (one[6:] == other[6:])
    return Level.PART if agreeing == 2 else Level.DIFFERENT


def compare_numbers(
    one: Mapping[str, str | bytes], other: Mapping[str, str | bytes]
) -> Level | None:
    """Return how alike documents of one kind are; of sealed ones only whether they are equal."""
    found = [compare_codes(number, other[kind]) for kind, number in one.items() if kind in other]
    return min((level for level in found if level is not None), default=None)


def are_proven_two(one: Person, other: Person) -> bool:
    """Whether two resident IDs, whose check characters let no slip in, prove two people.

    Source: rules A3.
    """
    own, its = one.numbers.get(PROVING), other.numbers.get(PROVING)
    return own is not None and its is not None and own != its


def compare_codes(one: str | bytes | None, other: str | bytes | None) -> Level | None:
    """Return how alike two numbers or phone numbers are: one slip is near."""
    if one is None or other is None:
        return None
    if one == other:
        return Level.SAME
    if isinstance(one, str) and isinstance(other, str) and slips(one, other, 1) <= 1:
        return Level.NEAR
    return Level.DIFFERENT


def compare_emails(one: str | None, other: str | None) -> Level | None:
    """Return how alike two addresses are: one slip, or one name at two providers, is near."""
    if one is None or other is None:
        return None
    if one == other:
        return Level.SAME
    local, its_local = one.partition("@")[0], other.partition("@")[0]
    if local == its_local and len(local) >= _LONG_NAME:
        return Level.NEAR
    if min(len(local), len(its_local)) >= _LONG_TOKEN and slips(one, other, 1) <= 1:
        return Level.NEAR
    return Level.DIFFERENT


_STREET_LEVELS = ((0.85, Level.SAME), (0.6, Level.NEAR), (0.4, Level.PART), (0.2, Level.SHARED))


def compare_streets(
    one: frozenset[str], other: frozenset[str], worth: Mapping[str, float]
) -> Level | None:
    """Return how alike the words of two addresses are.

    worth -- of each piece: pieces that every address has, such as those of "street", say little
    """
    if not one or not other:
        return None
    common = sum(worth[piece] for piece in one & other)
    whole = sum(worth[piece] for piece in one) + sum(worth[piece] for piece in other)
    share = 2 * common / whole if whole else 0.0
    return next((level for least, level in _STREET_LEVELS if share >= least), Level.DIFFERENT)


def compare_houses(one: frozenset[str], other: frozenset[str]) -> Level | None:
    """Return how alike the numbers of two addresses are: of the house, the flat, the post code."""
    if not one or not other:
        return None
    if one == other:
        return Level.SAME
    common = one & other
    if common in (one, other):
        return Level.NEAR
    if common and _all_near(one - common, other - common):
        return Level.NEAR
    return Level.PART if common else Level.DIFFERENT


def _all_near(ones: Iterable[str], others: Iterable[str]) -> bool:
    return all(any(slips(one, each, 1) <= 1 for each in others) for one in ones)
