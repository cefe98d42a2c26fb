"""Policies: the numbers and words that the manuals leave open and the organisation decides.

Source: mission "Where the manuals disagree or say X".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from memberctl.core.errors import Invalid, NotFound
from memberctl.core.money import parse_amount, parse_percent
from memberctl.core.schedules import normal_offsets, normal_quiet
from memberctl.office.rules import Outcome, suggestion

MOST_DECIMALS = "KWD"
"""A currency with three decimals; none has more."""

_NAME = re.compile(r"[a-z_]{1,40}")


class AmountForm(StrEnum):
    """How a policy about money is written."""

    AMOUNT = "an amount such as 50.00"
    OR_PERCENT = "an amount such as 50.00, or a percentage such as 5%"


@dataclass(frozen=True, slots=True)
class Policy:
    """One number or word that the organisation decides: its default, unit and source.

    form -- returns a value as it is kept, or raises Invalid, where it is neither number nor choice
    amount -- how it is written where it is money
    """

    default: str
    unit: str
    source: str
    choices: tuple[str, ...] | None = None
    least: int = 0
    most: int = 100_000
    form: Callable[[str], str] | None = None
    amount: AmountForm | None = None


POLICIES: Mapping[str, Policy] = {
    "review_days": Policy("5", "working days", "mission S4.4", least=1, most=250),
    "review_warning": Policy("80", "% of the review time", "rules O6", least=1, most=99),
    "payment_days": Policy("5", "working days", "rules O8", least=1, most=250),
    "quote_days": Policy("14", "days", "rules O7", least=1, most=366),
    "benefit_notice_days": Policy("10", "working days", "mission S4.7", most=250),
    "complaint_days": Policy("5", "working days", "mission S4.8", least=1, most=250),
    "grace_days": Policy("30", "days", "rules T5", most=366),
    "entry_repeat_minutes": Policy("10", "minutes", "rules C5", most=1440),
    "stay_minutes": Policy("120", "minutes", "rules C4", least=1, most=1440),
    "debt_entry": Policy("allow", "", "rules C4, M14", choices=("allow", "warn", "refuse")),
    "grace_entry": Policy("refuse", "", "rules T6", choices=("allow", "warn", "refuse")),
    "renewal_window_days": Policy("60", "days", "rules T4", most=366),
    "freeze_times": Policy("2", "freezes of one term", "rules T9", most=100),
    "freeze_days": Policy("90", "days of one term", "rules T9", most=3660),
    "join_documents": Policy("agreement", "list of agreement, identity", "rules A5"),
    "probable_duplicate_minutes": Policy("10", "minutes", "reliability engine", most=1440),
    "void_days": Policy("7", "days", "rules M2", most=366),
    "stale_credit_days": Policy("1095", "days", "rules M14", least=1, most=36_525),
    "tax_rate": Policy("0", "hundredths of a percent", "rules M12", most=10_000),
    "tax_mode": Policy("inclusive", "", "rules M12", choices=("inclusive", "exclusive")),
    "recognise_every": Policy("month", "", "rules M1", choices=("month", "day")),
    "joining_fee_earned": Policy("at_once", "", "rules M12", choices=("at_once", "over_the_term")),
    "reminder_steps": Policy(
        "1m,0d", "days before the end, + after", "rules N1", form=normal_offsets
    ),
    "reminder_window_days": Policy("14", "days", "rules N1", least=1, most=60),
    "reminder_channels": Policy(
        "email,sms", "", "mission S1.7", choices=("email,sms", "email", "sms", "first")
    ),
    "quiet_hours": Policy("21:00-08:00", "local time, or off", "rules N4", form=normal_quiet),
    "dunning_days": Policy(
        "2d,0d", "days before the last day to pay, + after", "rules M14", form=normal_offsets
    ),
    "transfer_fee": Policy("0", "money", "mission S1.9", amount=AmountForm.AMOUNT),
    "refund_fee": Policy("0", "of the unused value", "rules M6", amount=AmountForm.OR_PERCENT),
    "refund_fee_minimum": Policy("0", "money", "rules M6", amount=AmountForm.AMOUNT),
    "refund_joining_fee": Policy("no", "goes back too", "rules M6", choices=("no", "yes")),
    "refund_gifts": Policy("deduct", "used gifts", "rules M6", choices=("deduct", "ignore")),
    "cooling_off_days": Policy("7", "days", "rules M7", most=366),
    "refund_days": Policy("15", "working days", "rules M7", least=1, most=250),
    "refund_manager_from": Policy("5000", "money", "rules M9", amount=AmountForm.AMOUNT),
    "refund_owner_from": Policy("50000", "money", "rules M9", amount=AmountForm.AMOUNT),
    "till_tolerance": Policy("100", "money", "rules M16", amount=AmountForm.AMOUNT),
    "card_prefix": Policy("86", "two digits", "rules C1", least=10, most=99),
    "retention_rejected_years": Policy("1", "years", "rules G3", least=1, most=100),
    "retention_leads_years": Policy("1", "years", "mission S1.14", least=1, most=100),
    "retention_members_years": Policy("3", "years after the last term", "rules G3", most=100),
    "retention_messages_years": Policy("2", "years", "mission S1.14", least=1, most=100),
    "retention_visits_years": Policy("2", "years", "mission S1.14", least=1, most=100),
    "retention_money_years": Policy("30", "years, by law", "rules G3", least=1, most=100),
    "archive_access_days": Policy("7", "days", "mission S3.12", least=1, most=366),
    "acting": Policy("trusted", "", "reliability roles", choices=("trusted", "pin", "off")),
}


def keys_beginning(text: str) -> list[str]:
    """Return the names of the policies that begin so."""
    return [key for key in POLICIES if key.startswith(text)]


def allowed_values(policy: Policy) -> str:
    """Return in words what may be set: "1 to 250", or the words to choose from."""
    if policy.choices is not None:
        return ", ".join(policy.choices)
    if policy.amount is not None:
        return policy.amount.value
    if policy.default.isdigit():
        return f"{policy.least} to {policy.most}"
    return policy.unit


def policy_of(key: str) -> Policy:
    """Return the policy `key`.

    Raises Invalid for what can be no name, NotFound with near names when there is none.
    """
    if not _NAME.fullmatch(key):
        raise Invalid(
            "a policy's name has 1 to 40 small letters and _",
            field="key", rule="policy_form", hint="memberctl policy list",
        )  # fmt: skip
    policy = POLICIES.get(key)
    if policy is None:
        raise NotFound(
            f"there is no such policy; {suggestion(key, POLICIES)}", hint="memberctl policy list"
        )
    return policy


def checked_policy(key: str, value: str, currency: str | None = None) -> str:
    """Return `value` as it is stored for the policy `key`, or refuse it and say what is allowed.

    currency -- the organisation's, which says how many decimals an amount may have; None as long
                as the store was not asked
    """
    policy = policy_of(key)
    value = value.strip()
    if policy.choices is not None:
        if value not in policy.choices:
            raise Invalid(
                f"{key} is one of {', '.join(policy.choices)}", field="value", rule="policy_choice"
            )
        return value
    if policy.form is not None:
        return policy.form(value)
    if policy.amount is not None:
        return _checked_amount(key, value, policy.amount, currency or MOST_DECIMALS)
    if not policy.default.isdigit():
        return _checked_documents(key, value)
    # The length is looked at first: Python refuses to convert thousands of digits.
    plain = value.isascii() and value.isdigit() and len(value) <= 9
    if not (plain and policy.least <= int(value) <= policy.most):
        raise Invalid(
            f"{key} is a whole number from {policy.least} to {policy.most} ({policy.unit})",
            field="value",
            rule="policy_range",
        )
    return str(int(value))


def _checked_amount(key: str, value: str, form: AmountForm, currency: str) -> str:
    if form is AmountForm.OR_PERCENT and value.endswith("%"):
        parse_percent(value, what=key)
        return value.replace(" ", "")
    parse_amount(value, currency, what=key, zero_ok=True)
    return value


def _checked_documents(key: str, value: str) -> str:
    wanted = {word.strip() for word in value.split(",") if word.strip()}
    if not wanted <= {"agreement", "identity"}:
        raise Invalid(
            f"{key} lists agreement, identity or nothing", field="value", rule="policy_choice"
        )
    return ",".join(sorted(wanted))


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A policy as it holds now; changed_by -- a staff code, None while the default holds."""

    key: str
    value: str
    default: str
    unit: str
    allowed: str
    source: str
    changed_at: datetime | None
    changed_by: str | None


@dataclass(frozen=True, slots=True)
class PolicySet:
    """What a change of a policy came to; before -- the value that held until then."""

    key: str
    value: str
    before: str
    unit: str
    outcome: Outcome
