"""Members, their identity documents and the requests to change who they are."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from memberctl.member.identity import DocumentKind
from memberctl.member.rules import RequestState
from memberctl.message.rules import Language
from memberctl.store.columns import (
    blob,
    check,
    day,
    index,
    index_where,
    integer,
    key,
    one_of,
    points_to,
    state_column,
    table_args,
    text,
    unique,
    unique_where,
    utc,
    version,
)


class Member(SQLModel, table=True):
    """A person or business that applied or belongs; number M-000123 is id 123.

    name_key -- the name as duplicates are compared by (rules A1, A3)
    phone    -- E.164, or null; email -- lower-case domain, or null
    twin     -- 0; else how many with the same name and phone were let in before, by override
    wrapped_key -- the member's own key for sealed fields; destroying it erases them
    merged_into -- the member whom this one turned out to be (rules A4), or null
    erased_at   -- when everything personal was taken away (rules G3), or null
    """

    __tablename__ = "member"
    __table_args__ = table_args(
        unique("source", "external_ref"),
        unique_where("uq_member_phone_name", ("phone", "name_key", "twin"), "phone IS NOT NULL"),
        unique_where("uq_member_email_name", ("email", "name_key", "twin"), "email IS NOT NULL"),
        index("ix_member_name_key_birth_on", "name_key", "birth_on"),
        index_where("ix_member_merged_into", ("merged_into",), "merged_into IS NOT NULL"),
        one_of("language", Language),
        check(
            "reachable",
            "phone IS NOT NULL OR email IS NOT NULL"
            " OR merged_into IS NOT NULL OR erased_at IS NOT NULL",
        ),
        check("twin_counts", "twin >= 0"),
    )

    id: int = Field(sa_column=key())
    name: str = Field(sa_column=text())
    name_key: str = Field(sa_column=text())
    phone: str | None = Field(default=None, sa_column=text(nullable=True))
    phone_typed: str | None = Field(default=None, sa_column=text(nullable=True))
    email: str | None = Field(default=None, sa_column=text(nullable=True))
    birth_on: date | None = Field(default=None, sa_column=day(nullable=True))
    address: str | None = Field(default=None, sa_column=text(nullable=True))
    language: Language = Field(sa_column=state_column(Language))
    branch_id: int | None = Field(default=None, sa_column=points_to("branch.id", nullable=True))
    tier_id: int = Field(sa_column=points_to("tier.id", index=False))
    channel: str = Field(sa_column=text())
    referrer: str | None = Field(default=None, sa_column=text(nullable=True))
    source: str | None = Field(default=None, sa_column=text(nullable=True))
    external_ref: str | None = Field(default=None, sa_column=text(nullable=True))
    twin: int = Field(default=0, sa_column=integer())
    staff_id: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    wrapped_key: bytes | None = Field(default=None, sa_column=blob(nullable=True))
    registered_at: datetime = Field(sa_column=utc())
    registered_by: int = Field(sa_column=points_to("staff.id", index=False))
    verified_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    verified_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    merged_into: int | None = Field(
        default=None, sa_column=points_to("member.id", nullable=True, index=False)
    )
    erased_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    version: int = Field(default=1, sa_column=version())


class IdentityDocument(SQLModel, table=True):
    """A document's number, sealed under the member's key; equality only by blind index."""

    __tablename__ = "identity_document"
    __table_args__ = table_args(
        unique("kind", "blind_index"), unique("member_id", "kind"), one_of("kind", DocumentKind)
    )

    id: int = Field(sa_column=key())
    member_id: int = Field(sa_column=points_to("member.id", index=False))
    kind: DocumentKind = Field(sa_column=state_column(DocumentKind))
    sealed: bytes = Field(sa_column=blob())
    blind_index: bytes = Field(sa_column=blob())


class ChangeRequest(SQLModel, table=True):
    """A wish to change an identity field, decided by somebody else (rules A6); number CR-000001.

    reason -- why it is wished; answer -- why it was rejected, or what the decider added
    """

    __tablename__ = "change_request"
    __table_args__ = table_args(
        one_of("state", RequestState),
        check("four_eyes", "decided_by IS NULL OR decided_by <> requested_by"),
        check("decided_or_open", "(state = 'requested') = (decided_at IS NULL)"),
    )

    id: int = Field(sa_column=key())
    member_id: int = Field(sa_column=points_to("member.id"))
    field: str = Field(sa_column=text())
    sealed_old: bytes | None = Field(default=None, sa_column=blob(nullable=True))
    sealed_new: bytes = Field(sa_column=blob())
    reason: str = Field(sa_column=text())
    answer: str | None = Field(default=None, sa_column=text(nullable=True))
    state: RequestState = Field(sa_column=state_column(RequestState))
    requested_by: int = Field(sa_column=points_to("staff.id", index=False))
    requested_at: datetime = Field(sa_column=utc())
    decided_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    decided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    version: int = Field(default=1, sa_column=version())


class MemberMerge(SQLModel, table=True):
    """That one number turned out to be another's (rules A4); number MG-000001.

    sealed -- under the survivor's key: what both were before and which rows moved, as JSON
    """

    __tablename__ = "member_merge"
    __table_args__ = table_args(
        unique_where("uq_member_merge_live", ("merged_id",), "undone_at IS NULL"),
        check("two_numbers", "survivor_id <> merged_id"),
        check(
            "undone_whole",
            "(undone_at IS NULL) = (undone_by IS NULL)"
            " AND (undone_at IS NULL) = (undone_reason IS NULL)",
        ),
    )

    id: int = Field(sa_column=key())
    survivor_id: int = Field(sa_column=points_to("member.id"))
    merged_id: int = Field(sa_column=points_to("member.id"))
    reason: str = Field(sa_column=text())
    sealed: bytes = Field(sa_column=blob())
    merged_at: datetime = Field(sa_column=utc())
    merged_by: int = Field(sa_column=points_to("staff.id", index=False))
    undone_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    undone_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    undone_reason: str | None = Field(default=None, sa_column=text(nullable=True))


class Erasure(SQLModel, table=True):
    """That a member was erased, and why (rules G3); a restored backup is erased again by it."""

    __tablename__ = "erasure"
    __table_args__ = table_args(unique("member_id"))

    id: int = Field(sa_column=key())
    member_id: int = Field(sa_column=points_to("member.id", index=False))
    reason: str = Field(sa_column=text())
    erased_at: datetime = Field(sa_column=utc())
    erased_by: int = Field(sa_column=points_to("staff.id", index=False))
