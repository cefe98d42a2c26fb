"""Everybody in the store who could be one of a batch, found in a fixed number of look-ups.

Source: rules A3, I2; performance.md "duplicates".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from memberctl.member.duplicates import Candidate, Known
from memberctl.member.identity import DocumentKind
from memberctl.member.rules import Registration
from memberctl.member.scope import every_branch
from memberctl.member.tables import IdentityDocument, Member
from memberctl.store.among import among, among_bytes, among_pairs
from memberctl.store.sealing import BLIND_BYTES

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlmodel import Session

_PROOF = aliased(IdentityDocument)
_NAMED = aliased(Member)
# Whoever was merged is found under the number that they have now (rules A4).
_IS_NOW = col(Member.id) == func.coalesce(col(_NAMED.merged_into), col(_NAMED.id))
_COMPARED: tuple[Any, ...] = (
    col(Member.id),
    col(Member.name),
    col(Member.name_key),
    col(Member.phone),
    col(Member.email),
    col(Member.birth_on),
    col(Member.address),
    col(Member.twin),
    select(col(_PROOF.id))
    .where(col(_PROOF.member_id) == col(Member.id), col(_PROOF.kind) == DocumentKind.RESIDENT_ID)
    .exists(),
)


def find_known(session: Session, asked: Sequence[Registration], blinds: Iterable[bytes]) -> Known:
    """Return everybody in the store whom a registration of the batch could be.

    blinds -- the blind indexes of the batch's documents
    """
    known = Known()
    kinds = {each.document.kind for each in asked if each.document is not None}
    for candidate, blind in _owners(session, kinds, set(blinds)):
        known.add_document(blind, candidate)
    references: dict[str, set[str]] = {}
    for each in asked:
        if each.source is not None and each.external_ref is not None:
            references.setdefault(each.source, set()).add(each.external_ref)
    for source, wanted in references.items():
        for candidate, reference in _referred(session, source, wanted):
            known.add_reference(source, reference, candidate)
    for condition in _likenesses(session, asked):
        for row in session.execute(every_branch(select(*_COMPARED).where(condition))):
            known.add(Candidate._make(row))
    return known


def _likenesses(session: Session, asked: Sequence[Registration]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions under which a member is like somebody of the batch."""
    yield among(session, col(Member.phone), {each.phone for each in asked if each.phone})
    yield among(session, col(Member.email), {each.email for each in asked if each.email})
    births = {(each.name_key, each.birth_on) for each in asked if each.birth_on is not None}
    yield among_pairs(session, col(Member.name_key), col(Member.birth_on), births)


def _owners(
    session: Session, kinds: Iterable[DocumentKind], blinds: Iterable[bytes]
) -> Iterator[tuple[Candidate, bytes]]:
    wanted = (
        select(col(IdentityDocument.blind_index), *_COMPARED)
        .join_from(IdentityDocument, _NAMED, col(IdentityDocument.member_id) == col(_NAMED.id))
        .join(Member, _IS_NOW)
        .where(
            among(session, col(IdentityDocument.kind), [kind.value for kind in kinds]),
            among_bytes(session, col(IdentityDocument.blind_index), blinds, BLIND_BYTES),
        )
    )
    for row in session.execute(every_branch(wanted)):
        yield Candidate._make(row[1:]), bytes(row[0])


def _referred(
    session: Session, source: str, references: Iterable[str]
) -> Iterator[tuple[Candidate, str]]:
    wanted = (
        select(col(_NAMED.external_ref), *_COMPARED)
        .join_from(_NAMED, Member, _IS_NOW)
        .where(col(_NAMED.source) == source, among(session, col(_NAMED.external_ref), references))
    )
    for row in session.execute(every_branch(wanted)):
        yield Candidate._make(row[1:]), row[0]
