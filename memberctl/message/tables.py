"""The outbox, what members do not want to get, and an organisation's own wordings."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from memberctl.message.rules import (
    Because,
    Category,
    Channel,
    Language,
    MessageState,
    OptOut,
    Purpose,
)
from memberctl.store.columns import (
    check,
    index_where,
    integer,
    key,
    one_of,
    state_column,
    table_args,
    text,
    text_key,
    unique,
    unique_where,
    utc,
    version,
)


class OutboxMessage(SQLModel, table=True):
    """One message. facts -- JSON of what the template needs, never the person's own data:

    name and address are read from the member when it is shown or sent, so that an erased member
    leaves nothing here. member_id is a member's id; members stand above messages in the house.
    attempts -- how often it was handed over; due_at -- not to be tried again before
    holder   -- who sends it now, "HOST:PID", and leased_until -- how long that is believed
    reason   -- why it is in its state, in words that hold no data, "" where that needs none
    """

    __tablename__ = "outbox"
    __table_args__ = table_args(
        unique("member_id", "purpose", "cause", "channel"),
        one_of("purpose", Purpose),
        one_of("category", Category),
        one_of("channel", Channel),
        one_of("language", Language),
        one_of("state", MessageState),
        check("attempts_count", "attempts >= 0"),
        check("held_while_sending", "(state = 'sending') = (holder IS NOT NULL)"),
        check("leased_while_held", "(holder IS NULL) = (leased_until IS NULL)"),
        check("sent_when_sent", "(state = 'sent') = (sent_at IS NOT NULL)"),
        index_where("ix_outbox_open", ("id",), "state IN ('queued', 'sending', 'retry')"),
    )

    id: int = Field(sa_column=key())
    member_id: int = Field(sa_column=integer())
    purpose: Purpose = Field(sa_column=state_column(Purpose))
    category: Category = Field(sa_column=state_column(Category))
    cause: str = Field(sa_column=text(index=True))
    channel: Channel = Field(sa_column=state_column(Channel))
    language: Language = Field(sa_column=state_column(Language))
    facts: str = Field(sa_column=text())
    state: MessageState = Field(sa_column=state_column(MessageState))
    created_at: datetime = Field(sa_column=utc())
    attempts: int = Field(default=0, sa_column=integer(default="0"))
    due_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    holder: str | None = Field(default=None, sa_column=text(nullable=True))
    leased_until: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    sent_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    reason: str = Field(default="", sa_column=text(default=""))


class MemberOptOut(SQLModel, table=True):
    """That a member does not want, or must not get, messages of a kind; kept when it ends (N4)."""

    __tablename__ = "opt_out"
    __table_args__ = table_args(
        one_of("category", OptOut),
        one_of("because", Because),
        unique_where("uq_opt_out_live", ("member_id", "category"), "ended_at IS NULL"),
    )

    id: int = Field(sa_column=key())
    member_id: int = Field(sa_column=integer())
    category: OptOut = Field(sa_column=state_column(OptOut))
    because: Because = Field(sa_column=state_column(Because))
    since: datetime = Field(sa_column=utc())
    recorded_by: str = Field(sa_column=text())
    ended_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))


class OwnWording(SQLModel, table=True):
    """What an organisation says for a purpose instead of the program's own words."""

    __tablename__ = "own_wording"
    __table_args__ = table_args(one_of("language", Language))

    purpose: str = Field(sa_column=text_key())
    language: str = Field(sa_column=text_key())
    subject: str = Field(sa_column=text())
    body: str = Field(sa_column=text())
    changed_at: datetime = Field(sa_column=utc())
    changed_by: str = Field(sa_column=text())
    version: int = Field(default=1, sa_column=version())
