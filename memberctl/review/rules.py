"""Reviews: stages, verdicts, four eyes, deadlines.

Source: rules O2-O6; mission S0.5, S0.7, S4.3, S4.4.
"""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a reviewer says at a stage."""

    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"
