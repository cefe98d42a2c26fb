"""Who was refused what is written down, whatever becomes of the command.

Source: reliability.md "Who may do what, honestly".
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from memberctl.cli.run import Run, login_of, opening_of
from memberctl.core.errors import MemberctlError, NoAccess, NotPermitted

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.repeats import Request
    from memberctl.store.work import Opening


def log_refusal(run: Run, request: Request, right: str, refusal: NotPermitted) -> None:
    """Write who was refused what, in a transaction of its own (reliability.md, rights).

    A file that the system keeps from somebody is no refusal of ours.
    Wrong PINs are counted by the real time, in a dry run as well: or they could be guessed there.
    """
    if isinstance(refusal, NoAccess):
        return
    from memberctl.office.pins import WRONG_PIN, WrongPin
    from memberctl.store.audit import note
    from memberctl.store.clock import moment
    from memberctl.store.work import unit_of_work

    def open_(session: Session) -> Opening:
        from memberctl.office.queries import organisation, whoever

        actor = whoever(session, **login_of(session), acting_as=run.settings.as_staff)
        return opening_of(actor, organisation(session), run.settings.as_of)

    # The refusal stands whether or not it can be written, for example on a read-only disk.
    with (
        suppress(MemberctlError),
        unit_of_work(
            run.store(),
            run.settings.key_dir,
            replace(request, key=None),
            open_,
            dry_run=run.dry_run and not isinstance(refusal, WrongPin),
        ) as unit,
    ):
        opening = unit.opening
        if isinstance(refusal, WrongPin):
            note(
                unit.session, WRONG_PIN, refusal.staff, by=opening.actor,
                at=moment(None, opening.zone),
            )  # fmt: skip
            return
        note(
            unit.session, "right.refused", run.command, by=opening.actor, at=opening.now,
            right=right, rule=refusal.code,
        )  # fmt: skip
