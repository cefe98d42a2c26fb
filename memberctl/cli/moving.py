"""`db copy`: a store moves to another engine, whole or not at all. Source: rules I7; R23."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memberctl.cli.invocation import look
from memberctl.cli.run import Run, login_of
from memberctl.cli.target import refuse_odd_name
from memberctl.core.errors import Conflict, IntegrityFailure, UsageProblem

if TYPE_CHECKING:
    import typer
    from sqlmodel import Session

    from memberctl.cli.invocation import Reading
    from memberctl.store.engine import Store


@dataclass(frozen=True, slots=True)
class Copied:
    """A store that is in two places now. sums -- columns of numbers whose sums were compared."""

    to: str
    rows: int
    tables: int
    sums: int
    audit_seq: int
    audit_head: str
    login: str


def copy_store(ctx: typer.Context, to: str) -> Copied:
    """Copy the moment that the store is in to an empty place of either kind.

    The copier gets their login there, if they have none of that kind yet, as the copy's next
    change; everything before it is the same to the row, the sum and the audit log's head.
    Raises Conflict for a place that is not empty, Invalid for an odd name, IntegrityFailure for
    a copy that differs.
    """
    from memberctl.store.engine import Store
    from memberctl.store.founding import make_sqlite_file, remove_unfinished

    run: Run = ctx.obj
    target = Store(to)
    with ExitStack() as undo, look(ctx, "store.restore") as r:
        if target.path is not None and target.path == run.store().path:
            raise UsageProblem("--to is the store itself")
        if target.path is not None:
            refuse_odd_name(str(target.path), "the copy")
            if make_sqlite_file(target.path):
                undo.callback(remove_unfinished, target.path)
        copied = _copied(r, target, run)
        if not run.dry_run:
            undo.pop_all()
    return copied


def _copied(r: Reading, target: Store, run: Run) -> Copied:
    from memberctl.store.copying import copy_rows, differences, is_empty, tally_of
    from memberctl.store.migrate import upgrade_in
    from memberctl.store.trail import verify_chain

    keys = r.keys()
    with target.writing() as session:
        if not is_empty(session):
            raise Conflict("the place is not empty; nothing was done", hint="createdb NAME")
        upgrade_in(session)
        copy_rows(r.session, session)
        there = tally_of(session)
        wrong = differences(tally_of(r.session), there)
        if wrong or verify_chain(session, keys.audit).problems:
            raise IntegrityFailure(
                f"the copy differs ({', '.join(wrong[:3]) or 'audit log'}); nothing was done",
                hint="memberctl db check --deep",
            )
        login = _let_in(r, session)
        if run.dry_run:
            session.rollback()
        else:
            session.commit()
    return Copied(
        to=target.location if target.path is not None else target.database,
        rows=sum(there.rows.values()),
        tables=len(there.rows),
        sums=len(there.sums),
        audit_seq=there.seq,
        audit_head=there.head,
        login=login,
    )


def _let_in(r: Reading, session: Session) -> str:
    """Give whoever copies a login of the copy's kind, unless they have one; return it."""
    from memberctl.office.logins import give_login
    from memberctl.store.audit import append_notes, open_trail

    who = login_of(session)
    open_trail(session, r.keys().audit, r.run.command)
    given = give_login(session, r.actor.login, by=r.actor, at=r.now, **who)
    append_notes(session)
    session.flush()
    return given.login
