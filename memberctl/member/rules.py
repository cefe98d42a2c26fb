"""Who members are: what is typed about somebody becomes one checked, normal value.

Source: rules A1-A6; mission S1.2, S2.1, S2.2; bad inputs 1-23, 65-71.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from memberctl.core.cells import excel_damaged
from memberctl.core.dates import parse_birth_date
from memberctl.core.errors import Invalid
from memberctl.core.text import clean_text, mixed_script, name_key
from memberctl.member.contact import normal_email, normal_phone
from memberctl.member.identity import Document, DocumentKind, county_is_known, normal_document
from memberctl.message.rules import Channel, Language, channel_for
from memberctl.office.rules import branch_key

if TYPE_CHECKING:
    from memberctl.member.tables import Member

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "external_ref": ("外部编号", "编号", "外部单号", "external id", "reference"),
    "name": ("姓名", "名字", "客户姓名", "会员姓名", "full name"),
    "phone": ("手机号", "手机", "手机号码", "电话", "联系电话", "mobile", "phone number"),
    "email": ("邮箱", "电子邮箱", "电子邮件", "e-mail", "email address"),
    "birth_date": ("出生日期", "生日", "birthday", "date of birth"),
    "id_number": ("身份证号", "身份证", "身份证号码", "证件号", "证件号码", "national id"),
    "address": ("地址", "住址", "联系地址"),
    "channel": ("渠道", "来源渠道"),
    "branch": ("门店", "分店", "店铺"),
    "referrer": ("推荐人", "介绍人", "referred by"),
    "language": ("语言",),
}
"""The columns of a file of members, and the other names that each goes by."""

APPLICATION_COLUMNS: Mapping[str, tuple[str, ...]] = {
    **COLUMNS,
    "plan": ("卡种", "套餐", "会员卡种", "card type"),
    "agreed_on": ("签约日期", "签约日", "同意日期", "signed on"),
}
"""The columns of a file of applications: a member and the plan they ask for."""

IDENTITY_FIELDS = ("name", "birth_date", "id_number")
"""What is changed by request only (rules A6); everything else is changed at once."""

LONGEST_ADDRESS = 500
_CHINESE_REGIONS = frozenset({"CN", "HK", "MO", "TW"})
# Ideographs of this block have neither case nor compatibility forms: they are their own key.
_HAN = re.compile("[\u4e00-\u9fff]+")


class RequestState(StrEnum):
    """How far a change request has come."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"


class Outcome(StrEnum):
    """What became of one registration. Source: rules I1."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class Problem(NamedTuple):
    """One thing wrong with a row: the column's key, a stable reason code, words without data."""

    field: str
    code: str
    message: str


class Registration(NamedTuple):
    """What somebody says about a person, checked and normal; None is "not said".

    A named tuple, because a file brings 100,000 of them and a frozen dataclass of as many fields
    takes four times as long to make.

    name_key -- what names are compared by; phone -- E.164, phone_typed -- as it was written
    branch   -- a branch's code, not yet looked up
    source, external_ref -- where it comes from and its key there; both or neither
    remarks  -- what is worth a look and no reason to refuse
    """

    name: str
    name_key: str
    phone: str | None = None
    phone_typed: str | None = None
    email: str | None = None
    birth_on: date | None = None
    document: Document | None = None
    address: str | None = None
    language: Language = Language.CHINESE
    branch: str | None = None
    channel: str = "counter"
    referrer: str | None = None
    source: str | None = None
    external_ref: str | None = None
    remarks: tuple[Problem, ...] = ()


class Registered(NamedTuple):
    """What became of one registration.

    member_id -- the member: new, found again, or the other one that a duplicate would repeat;
                 None when there is none
    code      -- "" or why: "same_id", "same_phone_name", "same_email_name",
                 "same_name_birth_date", "same_phone", "conflict", "unknown_branch", ...
    """

    member_id: int | None
    number: str
    outcome: Outcome
    code: str = ""
    message: str = ""
    field: str = ""


def parse_registration(
    cells: Mapping[str, str],
    *,
    region: str,
    today: date,
    source: str | None = None,
    channel: str = "counter",
) -> Registration | list[Problem]:
    """Return what the cells of one row say, or everything that is wrong with them.

    cells  -- by the keys of COLUMNS; missing and blank cells say nothing
    region -- the country of phone numbers without a country code
    source -- whose numbers the external references are; channel -- when the row names none
    Source: rules A1, A2, I1; mission S0.1, S2.1.
    """
    given = {key: stripped for key, text in cells.items() if (stripped := text.strip())}
    try:
        return _registration(given, region, today, source, channel)
    except Invalid:
        return _problems(given, region, today)


def _registration(
    given: Mapping[str, str], region: str, today: date, source: str | None, channel: str
) -> Registration:
    """Return the registration, or raise Invalid for the first thing that is wrong.

    Nearly all rows of a file are right: they pay for one `try`, not for one per cell.
    """
    get = given.get
    name = clean_name(get("name", ""))
    typed, email, number, born = get("phone"), get("email"), get("id_number"), get("birth_date")
    address, spoken, branch = get("address"), get("language"), get("branch")
    way, referrer, reference = get("channel"), get("referrer"), get("external_ref")
    if typed is None and email is None:
        raise _UNREACHABLE
    document = normal_document(number, today=today) if number else None
    key = name if _HAN.fullmatch(name) else name_key(name)
    return Registration(
        name,
        key,
        normal_phone(typed, region) if typed else None,
        typed,
        normal_email(email) if email else None,
        _agreed_birth_date(born, document, today),
        document,
        clean_address(address) if address else None,
        parse_language(spoken) if spoken else default_language(region),
        _branch(branch) if branch else None,
        _channel(way) if way else channel,
        _referrer(referrer) if referrer else None,
        source if reference else None,
        _reference(reference) if reference else None,
        remarks_on(name, document),
    )


_UNREACHABLE = Invalid(
    "a phone number or an e-mail address is needed", field="phone", rule="unreachable"
)
_BIRTH_DATES_DIFFER = Invalid(
    "the birth date is not the one in the identity number",
    field="birth_date",
    rule="birth_date_differs",
)


def _agreed_birth_date(text: str | None, document: Document | None, today: date) -> date | None:
    """Return the birth date that is typed or stands in the document. Raises Invalid."""
    stated = document.birth_on if document else None
    if text is None:
        return stated
    born = parse_birth_date(text, today=today)
    if stated is not None and born != stated:
        raise _BIRTH_DATES_DIFFER
    return born


def _problems(given: Mapping[str, str], region: str, today: date) -> list[Problem]:
    """Return everything that is wrong with a row, in the order of the columns."""
    checks: Mapping[str, Callable[[str], object]] = {
        "name": clean_name,
        "phone": lambda text: normal_phone(text, region),
        "email": normal_email,
        "id_number": lambda text: normal_document(text, today=today),
        "birth_date": lambda text: parse_birth_date(text, today=today),
        "address": clean_address,
        "language": parse_language,
        "branch": branch_key,
        "channel": _channel,
        "referrer": _referrer,
        "external_ref": _reference,
    }
    problems: list[Problem] = []
    made: dict[str, object] = {}
    for field, parse in checks.items():
        if field not in given and field != "name":
            continue
        try:
            made[field] = parse(given.get(field, ""))
        except Invalid as refusal:
            problems.append(Problem(field, refusal.rule, refusal.message))
    return problems + _contradictions(given, made)


def _contradictions(given: Mapping[str, str], made: Mapping[str, object]) -> list[Problem]:
    """Return what is wrong between cells that are right by themselves."""
    found = []
    if "phone" not in given and "email" not in given:
        found.append(_UNREACHABLE)
    document = made.get("id_number")
    stated = document.birth_on if isinstance(document, Document) else None
    if stated is not None and made.get("birth_date", stated) != stated:
        found.append(_BIRTH_DATES_DIFFER)
    return [Problem(each.field or "", each.rule, each.message) for each in found]


def clean_name(text: str) -> str:
    """Return a name fit to be stored. Raises Invalid. Source: bad inputs 1-23."""
    return clean_text(text, what="the name", field="name")


def clean_source(text: str) -> str:
    """Return the name of the system that external references belong to. Raises Invalid."""
    return clean_text(text, what="the source", field="source", longest=40)


def clean_address(text: str) -> str:
    """Return an address fit to be stored. Raises Invalid."""
    return clean_text(text, what="the address", field="address", longest=LONGEST_ADDRESS)


def parse_language(text: str) -> Language:
    """Return the language that a code names. Raises Invalid."""
    try:
        return Language(text.strip().lower())
    except ValueError:
        raise Invalid(
            "there are no messages in this language",
            field="language",
            rule="language",
            allowed=[each.value for each in Language],
        ) from None


def default_language(region: str) -> Language:
    """Return the language that members of a country are written to until they choose."""
    return Language.CHINESE if region in _CHINESE_REGIONS else Language.ENGLISH


@lru_cache(maxsize=1024)
def _branch(text: str) -> str:
    return branch_key(text)


@lru_cache(maxsize=1024)
def _channel(text: str) -> str:
    return clean_text(text, what="the channel", field="channel", longest=40)


def _referrer(text: str) -> str:
    return clean_text(text, what="the referrer", field="referrer")


def _reference(text: str) -> str:
    if excel_damaged(text):
        raise Invalid(
            "a spreadsheet has destroyed this number; format its column as text",
            rule="excel_number",
        )
    return clean_text(text, what="the external reference", longest=100)


def remarks_on(name: str, document: Document | None) -> tuple[Problem, ...]:
    """Return what is worth a look: look-alike letters, a county that no list has."""
    remarks: tuple[Problem, ...] = ()
    if not _HAN.fullmatch(name) and mixed_script(name):
        remarks += (
            Problem(
                "name", "mixed_script", "the name mixes Latin letters with Cyrillic or Greek ones"
            ),
        )
    if (
        document is not None
        and document.kind is DocumentKind.RESIDENT_ID
        and not county_is_known(document.number[:6])
    ):
        message = "the county in the identity number is on no list"
        remarks += (Problem("id_number", "county", message),)
    return remarks


def checked_registration(parsed: Registration | list[Problem]) -> Registration:
    """Return a single registration, or raise Invalid with every problem it has."""
    if isinstance(parsed, Registration):
        return parsed
    raise Invalid(
        "; ".join(problem.message for problem in parsed),
        field=parsed[0].field,
        rule=parsed[0].code,
    )


def reach(member: Member) -> tuple[Channel, Language]:
    """Return the way to reach a member and the language to use. Source: rules N3."""
    channel = channel_for(has_email=member.email is not None, has_phone=member.phone is not None)
    return channel, member.language


__all__ = [
    "APPLICATION_COLUMNS", "COLUMNS", "IDENTITY_FIELDS", "Document", "DocumentKind", "Outcome",
    "Problem", "Registered", "Registration", "RequestState", "clean_address", "clean_name",
    "default_language", "parse_language", "parse_registration", "reach",
    "remarks_on",
]  # fmt: skip
