"""Who members are: normal forms, duplicates, identity.

Source: rules A1-A6; mission S1.2, S2.2.
"""

from __future__ import annotations

from enum import StrEnum


class DocumentKind(StrEnum):
    """What somebody proves who they are with."""

    RESIDENT_ID = "resident_id"
    BUSINESS_CODE = "business_code"
    PASSPORT = "passport"


class RequestState(StrEnum):
    """How far a change request has come."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
