"""Phone numbers and e-mail addresses in the one form that a unique index can hold.

The common forms pass through one regular expression, which takes a microsecond; everything else
goes to the library that knows all countries and all addresses. A test proves over many generated
values that both ways give the same answer.
Source: rules A1; bad inputs 67-71; performance.md "Validation".
"""

from __future__ import annotations

import re
import unicodedata

from memberctl.core.cells import excel_damaged
from memberctl.core.errors import Invalid
from memberctl.core.text import mixed_script

LONGEST_EMAIL = 254
_LONGEST_TYPED_PHONE = 40

# China's mobile numbers; the ranges are those of phonenumbers' metadata.
_CHINESE_MOBILE = re.compile(
    r"(\+86[ -]?)?(1(?:[38][0-9]|4[57]|[59][0-35-9]|6[25-7]|7[0-35-8]))"
    r"[ -]?([0-9]{4})[ -]?([0-9]{4})"
)
_PHONE_FORM = re.compile(r"\+?[0-9 ().\-/]*")
_DASHES = re.compile("[\u2010-\u2015\u2212]")

# Lower-case ASCII without quotes, hyphens at the ends of labels, punycode or reserved domains.
_COMMON_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    r"@(?:[a-z0-9]{1,30}(?:-[a-z0-9]{1,30})?\.){1,3}"
    r"(?!(?:arpa|invalid|local|localhost|onion|test)$)[a-z]{2,24}",
)
_COMMON_LOCAL_LENGTH = 64
_MASK = "***"


def normal_phone(text: str, region: str) -> str:
    """Return a phone number in E.164, e.g. "+8613800138000".

    region -- the country (ISO 3166) that a number without a country code belongs to
    Raises Invalid, rule "phone_form" for what is no phone number, "phone_number" for one that no
    country could give out, "excel_number" for one that a spreadsheet has spoilt.
    Source: rules A1; bad inputs 67.
    """
    match = _CHINESE_MOBILE.fullmatch(text)
    if match and (region == "CN" or match[1]):
        return f"+86{match[2]}{match[3]}{match[4]}"
    return library_phone(text, region)


def library_phone(text: str, region: str) -> str:
    """Return what normal_phone returns, decided by phonenumbers alone."""
    if _MASK in text:
        raise _masked("phone number", "phone")
    if excel_damaged(text):
        raise Invalid(
            "a spreadsheet has rounded the phone number; format its column as text",
            field="phone",
            rule="excel_number",
        )
    typed = _DASHES.sub(
        "-", unicodedata.normalize("NFKC", text[: _LONGEST_TYPED_PHONE + 1])
    ).strip()
    # The library would also read letters, extensions and lists; none of them is one number.
    if len(typed) > _LONGEST_TYPED_PHONE or not _PHONE_FORM.fullmatch(typed):
        raise Invalid("this is not a phone number", field="phone", rule="phone_form")
    return _e164(typed, region)


def _masked(what: str, field: str) -> Invalid:
    """Return the refusal of what was exported without --reveal. Source: rules G2, I2."""
    return Invalid(
        f"the {what} is masked; export it with --reveal REASON", field=field, rule="masked"
    )


def _e164(typed: str, region: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        raise Invalid("this is not a phone number", field="phone", rule="phone_form") from None
    if not phonenumbers.is_valid_number(number):
        raise Invalid(
            "no country gives out such a phone number",
            field="phone",
            rule="phone_number",
            hint="a number from abroad begins with + and its country code",
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_email(text: str) -> str:
    """Return an e-mail address with its domain in lower case and in ASCII.

    Raises Invalid, rule "mixed_script" for look-alike letters, "smtputf8" for a local part that
    few servers take, "email_form" for everything else that is not one plain address.
    Source: rules A1; bad inputs 14, 68-71.
    """
    if _COMMON_EMAIL.fullmatch(text) and text.index("@") <= _COMMON_LOCAL_LENGTH:
        return text
    return library_email(text)


def library_email(text: str) -> str:
    """Return what normal_email returns, decided by email-validator alone."""
    if len(text) > LONGEST_EMAIL:
        raise Invalid(
            f"the e-mail address is longer than {LONGEST_EMAIL} characters",
            field="email",
            rule="email_form",
        )
    if mixed_script(text):
        raise Invalid(
            "the e-mail address mixes Latin letters with Cyrillic or Greek ones (mixed script)",
            field="email",
            rule="mixed_script",
        )
    local = text.rpartition("@")[0]
    # An asterisk may stand in an address; as a mask it would be stored as somebody's address.
    if local.endswith(_MASK):
        raise _masked("e-mail address", "email")
    if local.isprintable() and not local.isascii():
        raise Invalid(
            "the part before the @ has letters that need SMTPUTF8, which few mail servers take",
            field="email",
            rule="smtputf8",
        )
    return _ascii_address(text)


def _ascii_address(text: str) -> str:
    import email_validator

    try:
        found = email_validator.validate_email(
            text, check_deliverability=False, allow_smtputf8=False
        )
    except email_validator.EmailNotValidError:
        # The library's own words repeat parts of the address.
        raise Invalid("this is not an e-mail address", field="email", rule="email_form") from None
    assert found.ascii_email is not None, "an address without SMTPUTF8 has an ASCII form"
    return found.ascii_email
