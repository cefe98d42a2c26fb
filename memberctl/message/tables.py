"""The outbox: messages that wait, each once per recipient, purpose and cause."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from memberctl.message.rules import Category, Channel, Language, MessageState, Purpose
from memberctl.store.columns import (
    integer,
    key,
    one_of,
    state_column,
    table_args,
    text,
    unique,
    utc,
)


class OutboxMessage(SQLModel, table=True):
    """One message. facts -- JSON of what the template needs, never the person's own data:

    name and address are read from the member when it is shown or sent, so that an erased member
    leaves nothing here. member_id is a member's id; members stand above messages in the house.
    """

    __tablename__ = "outbox"
    __table_args__ = table_args(
        unique("member_id", "purpose", "cause", "channel"),
        one_of("purpose", Purpose),
        one_of("category", Category),
        one_of("channel", Channel),
        one_of("language", Language),
        one_of("state", MessageState),
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
