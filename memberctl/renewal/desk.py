"""What the sender of messages needs of slices above it (see message.sending.Desk)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memberctl.member.tables import Member
from memberctl.message.rules import Purpose
from memberctl.message.sending import Addressee, Desk
from memberctl.payment.dunning import no_longer_owed
from memberctl.renewal.explaining import not_wanted

if TYPE_CHECKING:
    from sqlmodel import Session


def addressee(session: Session, member_id: int) -> Addressee | None:
    """Return a member's name and addresses as they are now."""
    member = session.get(Member, member_id)
    if member is None:
        return None
    return Addressee(member.name, member.email, member.phone, member.address)


DESK = Desk(
    addressee,
    {
        Purpose.RENEWAL_REMINDER: not_wanted,
        Purpose.WIN_BACK: not_wanted,
        Purpose.PAYMENT_REMINDER: no_longer_owed,
    },
)
