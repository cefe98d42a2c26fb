"""Invented people with known duplicates, made with the errors that real files have.

Slips of the keyboard, swapped neighbours, missing letters and blanks, exchanged names, dates with
a slip or with day and month exchanged, values that are missing, moved away, a new phone; and
people who are not the same: families, twins, namesakes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂玲建国华志红玉梅晓东海燕云飞雪莉佳欣怡雨"
ROADS = "长乐华山淮海复兴南京衡山延安陕西茂名石门江宁武定新闸常德胶州万航镇宁愚园"
FIRST = (
    "joshua emily lachlan sarah mitchell georgia nicholas isabella thomas jessica benjamin chloe"
    " samuel hannah jackson olivia harrison charlotte alexander madison jacob sophie daniel grace"
    " william ella matthew ruby ethan mia liam zoe dylan imogen tyler bethany oliver caitlin"
)
LAST = (
    "white green campbell webb clarke ryan morrison matthews burford dixon heath reid bishop"
    " nguyen miles lowe hughes donaldson mccarthy neumann waller berry sondergeld lanyon petersen"
    " carmody bradshaw goode stephenson vincent coleman duffield barclay thorpe ashworth eglinton"
)
STREETS = "tullaroop giblin goldfinch forbes sturdee wallaby hoseason stanley pinkerton salkauskas"
STREETS += " mawson barrier torrens maribyrnong florence pridham clyne archibald kosciuszko"
SUBURBS = "kellerberrin beaconsfield scarborough cleveland marsden granville dapto richlands"
SUBURBS += " windermere broadbeach bittern canterbury eaton corio banyo"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a person; whose -- the person's number."""

    whose: int
    name: str
    born: str | None
    phone: str | None
    address: str | None
    number: str | None = None


def _day(chance: random.Random) -> str:
    return f"{chance.randint(1935, 2008)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"


def chinese_person(chance: random.Random, whose: int) -> Record:
    """Return somebody of Shanghai."""
    given = "".join(chance.choice(GIVEN) for _ in range(chance.choice((1, 2, 2))))
    road = "".join(chance.choice(ROADS) for _ in range(2))
    return Record(
        whose,
        chance.choice(SURNAMES) + given,
        _day(chance),
        f"+861{chance.randrange(3 * 10**9, 9 * 10**9)}",
        f"上海市静安区{road}路{chance.randint(1, 900)}弄{chance.randint(1, 99)}号"
        f"{chance.randint(101, 2504)}室",
    )


def western_person(chance: random.Random, whose: int) -> Record:
    """Return somebody with a name, a street, a suburb, a birth date and a number."""
    first, last = chance.choice(FIRST.split()), chance.choice(LAST.split())
    street, suburb = chance.choice(STREETS.split()), chance.choice(SUBURBS.split())
    kind = chance.choice(("street", "place", "crescent", "court"))
    return Record(
        whose,
        f"{first} {last}",
        _day(chance),
        None,
        f"{chance.randint(1, 250)} {street} {kind} {suburb} {chance.randint(2000, 7999)}",
        f"{chance.randrange(10**6, 10**7)}",
    )


def slip(chance: random.Random, text: str) -> str:
    """Return a text with one letter wrong, missing, doubled or swapped with its neighbour."""
    if len(text) < 2:
        return text
    place = chance.randrange(len(text) - 1)
    letter = chance.choice("0123456789" if text.isdigit() else "abcdefghijklmnopqrstuvwxyz ")
    if not text.isascii():
        letter = chance.choice(GIVEN)
    return chance.choice((
        text[:place] + letter + text[place + 1 :],
        text[:place] + text[place + 1 :],
        text[:place] + letter + text[place:],
        text[:place] + text[place + 1] + text[place] + text[place + 2 :],
    ))  # fmt: skip


def _date_slip(chance: random.Random, born: str) -> str:
    if chance.random() < 0.3:
        return born[:4] + born[6:] + born[4:6]
    place = chance.randrange(8)
    return born[:place] + chance.choice("0123456789") + born[place + 1 :]


def _name_slip(chance: random.Random, name: str) -> str:
    words = name.split()
    if len(words) == 2 and chance.random() < 0.3:
        return " ".join(reversed(words))
    if len(words) == 2 and chance.random() < 0.2:
        return words[chance.randrange(2)]
    if not name.isascii() and len(name) < 3:
        return name
    return slip(chance, name)


def again(chance: random.Random, record: Record) -> Record:
    """Return a later record of the same person, with one to three errors."""
    for _ in range(chance.randint(1, 3)):
        what = chance.choice(("name", "born", "phone", "address", "number"))
        old = getattr(record, what)
        if old is not None:
            record = replace(record, **{what: _spoilt(chance, what, old)})
    return record


def _spoilt(chance: random.Random, what: str, old: str) -> str | None:
    match what:
        case "name":
            return _name_slip(chance, old)
        case "born":
            return _date_slip(chance, old) if chance.random() < 0.6 else None
        case "phone":
            return f"+861{chance.randrange(3 * 10**9, 9 * 10**9)}"
        case "address":
            return slip(chance, slip(chance, old))
    return slip(chance, old)


def _family(chance: random.Random, record: Record, whose: int) -> Iterator[Record]:
    """Yield who lives with somebody: a child, a husband, sometimes a twin."""
    surname, given = record.name[:1], "".join(chance.choice(GIVEN) for _ in range(2))
    if record.name.isascii():
        surname, given = record.name.split()[-1], chance.choice(FIRST.split()) + " "
    name = given + surname if record.name.isascii() else surname + given
    born = record.born if chance.random() < 0.1 else _day(chance)
    number = None if record.number is None else f"{chance.randrange(10**6, 10**7)}"
    yield replace(record, whose=whose, name=name, born=born, number=number)


def population(
    make: Callable[[random.Random, int], Record], persons: int, *, seed: int
) -> list[Record]:
    """Return records of `persons` people and of their families, a third of the people repeated.

    A person has up to five records more; every fifth has a family at the same address and phone.
    """
    chance = random.Random(seed)
    records: list[Record] = []
    whose = 0
    for _ in range(persons):
        whose += 1
        record = make(chance, whose)
        records.append(record)
        if chance.random() < 0.33:
            records += [again(chance, record) for _ in range(chance.choice((1, 1, 1, 2, 3, 5)))]
        if chance.random() < 0.2:
            whose += 1
            records += _family(chance, record, whose)
    chance.shuffle(records)
    return records
