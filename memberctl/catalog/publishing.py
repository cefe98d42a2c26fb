"""Publishing the wordings of agreements: a text is given its number once and stays.

Source: mission S1.2, S1.8, S4.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.catalog import queries
from memberctl.catalog.agreements import Wording, refuse_order
from memberctl.catalog.results import AgreementPublished
from memberctl.catalog.tables import Agreement, AgreementVersion
from memberctl.core.actor import Actor
from memberctl.core.errors import RuleRefused
from memberctl.office.rules import Outcome
from memberctl.store import counters
from memberctl.store.audit import note

if TYPE_CHECKING:
    from sqlmodel import Session


def publish_agreement(
    session: Session, wording: Wording, *, by: Actor, at: datetime, today: date
) -> AgreementPublished:
    """Publish a wording of an agreement; the text that is the newest already changes nothing.

    Raises RuleRefused for a day that is past or before the newest wording, and for an older
    wording, which would have two numbers.
    """
    agreement = queries.agreement_to_change(session, wording.code)
    known = queries.wordings(session, wording.code)
    if known and known[-1].sha256 == wording.sha256:
        return _agreed(wording, known[-1], Outcome.UNCHANGED)
    _refuse_old_wording(wording, known)
    start = wording.valid_from or today
    if known:
        refuse_order(wording.code, start, newest=known[-1].valid_from, today=today)
    if agreement is None:
        agreement = Agreement(id=counters.take_one(session, "agreement"), code=wording.code)
        session.add(agreement)
        session.flush()
    version = AgreementVersion(
        id=counters.take_one(session, "agreement_version"),
        agreement_id=agreement.id,
        version=len(known) + 1,
        title=wording.title,
        body=wording.body,
        sha256=wording.sha256,
        valid_from=start,
        published_at=at,
        published_by=by.staff_id,
    )
    session.add(version)
    session.flush()
    note(
        session, "agreement.published", wording.code, by=by, at=at, version=version.version,
        valid_from=start.isoformat(), sha256=wording.sha256,
    )  # fmt: skip
    return _agreed(wording, version, Outcome.UPDATED if known else Outcome.CREATED)


def _refuse_old_wording(wording: Wording, known: Sequence[AgreementVersion]) -> None:
    for version in known:
        if version.sha256 == wording.sha256:
            raise RuleRefused(
                f"this text was version {version.version} of {wording.code}; "
                "a wording is published once",
                hint="say in the text what is new, such as its date",
            )


def _agreed(wording: Wording, version: AgreementVersion, outcome: Outcome) -> AgreementPublished:
    return AgreementPublished(
        code=wording.code,
        version=version.version,
        title=version.title,
        valid_from=version.valid_from,
        sha256=version.sha256,
        outcome=outcome,
    )
