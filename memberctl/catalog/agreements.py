"""Agreements: wordings that members agree to, each named by the hash of its text.

Source: mission S1.2, S1.8, S4.1; bad inputs 1-23.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from memberctl.core.errors import Invalid, RuleRefused
from memberctl.core.text import clean_text
from memberctl.office.rules import parse_code

MEMBERSHIP = "MEMBERSHIP"
LONGEST_TEXT = 200_000
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Wording:
    """A text that is to be published; valid_from -- None for the day on which it is."""

    code: str
    title: str
    body: str
    sha256: str
    valid_from: date | None


def agreement_key(text: str) -> str:
    """Return an agreement's code in the form in which it is kept: capitals. Raises Invalid."""
    return parse_code(text, what="an agreement's code").upper()


def wording(code: str, text: str, *, title: str | None, valid_from: date | None) -> Wording:
    """Return a text from outside as one checked value.

    title -- None takes the first line that says something, without Markdown's #
    Raises Invalid for an empty text, one over 200,000 characters and for hidden characters.
    """
    body = clean_text(text, what="the agreement", field="body", longest=LONGEST_TEXT, lines=True)
    found = body.partition("\n")[0].lstrip("# ") if title is None else title
    return Wording(
        code=agreement_key(code),
        title=_checked_title(found),
        body=f"{body}\n",
        sha256=hashlib.sha256(f"{body}\n".encode()).hexdigest(),
        valid_from=valid_from,
    )


def _checked_title(found: str) -> str:
    try:
        return clean_text(found, what="the title", field="title", longest=LONGEST_TITLE)
    except Invalid as problem:
        raise Invalid(
            problem.message, field="title", rule=problem.rule, hint="give --title TEXT"
        ) from None


def refuse_order(code: str, start: date, *, newest: date, today: date) -> None:
    """Raise RuleRefused when a wording would hold before today or before the newest one."""
    if start < today:
        raise RuleRefused(
            f"agreement {code} cannot change from {start}: that day is past (today is {today})"
        )
    if start < newest:
        raise RuleRefused(
            f"agreement {code} has a wording from {newest}; a new one cannot hold before that day"
        )
