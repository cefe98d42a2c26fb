"""Members in a real store, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from sqlmodel import Session, col, select

from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, NotFound, NotPermitted, RuleRefused
from memberctl.member.changes import ContactChange, parse_identity_change
from memberctl.member.changing import decide_change, request_changes, update_member
from memberctl.member.identity import DocumentKind
from memberctl.member.operations import register_members
from memberctl.member.queries import find_member, list_changes
from memberctl.member.rules import Outcome, Registered, Registration, parse_registration
from memberctl.member.tables import ChangeRequest, IdentityDocument, Member
from memberctl.member.updating import update_contact, verify_member
from memberctl.message.tables import OutboxMessage
from memberctl.store.audit import append_notes
from memberctl.store.keys import Keys
from memberctl.store.sealing import unseal, unwrap_key
from memberctl.store.tables import AuditRow, Counter
from tests.statements import statements_sent

AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
TODAY = date(2026, 3, 2)
ID_NUMBER = "11010519491231002X"
OTHER_ID = "110101199003074514"

Register = Callable[..., list[Registered]]


def registration(**cells: str) -> Registration:
    """Return what a row with these cells says."""
    found = parse_registration(cells, region="CN", today=TODAY, source="crm")
    assert isinstance(found, Registration), found
    return found


@pytest.fixture
def register(session: Session, keys: Keys, actors: dict[str, Actor]) -> Register:
    """Register rows as sun of reception."""

    def take(*rows: dict[str, str], **settings: object) -> list[Registered]:
        asked = [registration(**row) for row in rows]
        return register_members(
            session,
            asked,
            keys=keys,
            by=actors["sun"],
            at=AT,
            **settings,  # type: ignore[arg-type]
        )

    return take


@pytest.fixture
def zhang(register: Register) -> int:
    """Zhang Wei, with a phone number and a resident ID."""
    (done,) = register({"name": "张伟", "phone": "13800138000", "id_number": ID_NUMBER})
    assert done.member_id is not None
    return done.member_id


@pytest.fixture
def statements(session: Session) -> Iterator[list[str]]:
    """Where statements come from while a test runs, after the BEGIN."""
    session.connection()
    with statements_sent() as sent:
        yield sent


def test_the_identity_number_is_sealed_and_only_its_key_opens_it(
    session: Session, keys: Keys, zhang: int
) -> None:
    member = session.get_one(Member, zhang)
    document = session.exec(select(IdentityDocument)).one()
    assert ID_NUMBER.encode() not in document.sealed
    assert member.wrapped_key is not None
    own_key = unwrap_key(keys, member.wrapped_key, zhang)
    clear = unseal(own_key, document.sealed, "identity_document", zhang, "resident_id")
    assert clear == ID_NUMBER
    assert member.birth_on == date(1949, 12, 31)


def test_a_batch_gets_consecutive_numbers_and_one_note_each(
    session: Session, register: Register
) -> None:
    done = register(*[{"name": f"Li {n}", "email": f"li{n}@example.com"} for n in range(3)])
    assert [each.number for each in done] == ["M-000001", "M-000002", "M-000003"]
    append_notes(session)
    notes = session.exec(select(AuditRow.event, AuditRow.object).order_by(col(AuditRow.seq))).all()
    assert notes == [("member.registered", each.number) for each in done]


def test_the_same_batch_again_changes_nothing_and_takes_no_numbers(
    session: Session, register: Register
) -> None:
    rows = [
        {"name": "张伟", "phone": "13800138000", "id_number": ID_NUMBER, "external_ref": "1"},
        {"name": "李娜", "email": "li@example.com"},
    ]
    register(*rows)
    before = session.exec(select(Counter.name, Counter.value)).all()
    again = register(*rows)
    assert [each.outcome for each in again] == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert session.exec(select(Counter.name, Counter.value)).all() == before


def test_a_batch_takes_the_same_statements_for_one_and_for_many(
    register: Register, statements: list[str]
) -> None:
    def rows(start: int, count: int) -> list[dict[str, str]]:
        return [
            {
                "name": f"Li {n}",
                "phone": f"138{n:08d}",
                "email": f"li{n}@example.com",
                "birth_date": "1990-03-07",
                "external_ref": str(n),
            }
            for n in range(start, start + count)
        ]

    register(*rows(1, 2))
    few = len(statements)
    statements.clear()
    register(*rows(100, 300))
    assert 0 < few == len(statements)


def test_an_override_lets_a_twin_in_and_is_logged_with_its_reason(
    session: Session, register: Register, zhang: int
) -> None:
    row = {"name": "张伟", "phone": "13800138000", "address": "北京"}
    (refused,) = register(row)
    assert (refused.outcome, refused.code, refused.number) == (
        "duplicate",
        "same_phone_name",
        "M-000001",
    )
    (done,) = register(row, override="father and son")
    assert done.outcome is Outcome.CREATED
    assert session.get_one(Member, done.member_id).twin == 1
    append_notes(session)
    facts = session.exec(select(AuditRow.facts).where(col(AuditRow.object) == done.number)).one()
    assert "father and son" in facts and "M-000001" in facts


def test_a_reference_with_new_contact_data_updates_the_member(
    session: Session, register: Register
) -> None:
    row = {"name": "张伟", "phone": "13800138000", "external_ref": "1"}
    register(row)
    (done,) = register({**row, "phone": "13900139000", "address": "上海"})
    assert done.outcome is Outcome.UPDATED
    member = session.exec(select(Member).execution_options(populate_existing=True)).one()
    assert (member.phone, member.address, member.version) == ("+8613900139000", "上海", 2)


def test_an_unknown_branch_refuses_the_row_and_not_the_batch(register: Register) -> None:
    done = register(
        {"name": "Li", "phone": "13800138000", "branch": "XX99"},
        {"name": "Wu", "phone": "13800138001", "branch": "BJ01"},
    )
    assert [(each.outcome, each.code) for each in done] == [
        ("rejected", "unknown_branch"),
        ("created", ""),
    ]


@pytest.mark.parametrize(
    "text", ["M-000001", "m1", "M 00000l", "phone:138 0013 8000", "name:张伟", "NAME: 张伟 "]
)
def test_a_member_is_found_by_number_phone_and_name(
    session: Session, zhang: int, text: str
) -> None:
    assert find_member(session, text).id == zhang


@pytest.mark.parametrize("text", ["M-000099", "phone:13900139000", "name:%", "name:_伟", "name:\\"])
def test_nobody_is_found_by_what_nobody_has(session: Session, zhang: int, text: str) -> None:
    with pytest.raises(NotFound):
        find_member(session, text)


def test_another_way_to_name_a_member_is_refused_with_the_ways_there_are(
    session: Session,
) -> None:
    with pytest.raises(Invalid, match="M-000123"):
        find_member(session, "mail:x")


def test_a_phone_number_of_several_members_names_them(
    session: Session, register: Register, zhang: int
) -> None:
    (child,) = register({"name": "张小明", "phone": "13800138000"})
    assert child.code == "same_phone"
    with pytest.raises(RuleRefused) as refused:
        find_member(session, "phone:13800138000")
    assert refused.value.allowed == ("M-000001", "M-000002")


def test_contact_data_change_at_once_and_the_version_counts(
    session: Session, actors: dict[str, Actor], zhang: int
) -> None:
    change = ContactChange(email="zhang@example.com", branch="BJ01")
    done = update_contact(session, zhang, change, seen=1, by=actors["li"], at=AT)
    assert done.fields == ("email", "branch")
    assert session.get_one(Member, zhang).version == 2
    with pytest.raises(Conflict, match=r"v1, now v2"):
        update_contact(session, zhang, change, seen=1, by=actors["li"], at=AT)


def test_an_update_that_changes_nothing_leaves_the_version(
    session: Session, actors: dict[str, Actor], zhang: int
) -> None:
    change = ContactChange(phone="+8613800138000", phone_typed="13800138000")
    assert update_contact(session, zhang, change, by=actors["li"], at=AT).fields == ()
    assert session.get_one(Member, zhang).version == 1


def test_nobody_becomes_unreachable_or_a_twin_by_an_update(
    session: Session, register: Register, actors: dict[str, Actor], zhang: int
) -> None:
    with pytest.raises(RuleRefused, match="needs a phone"):
        update_contact(session, zhang, ContactChange(phone=""), by=actors["li"], at=AT)
    (other,) = register({"name": "张伟", "phone": "13900139000"})
    change = ContactChange(phone="+8613900139000", phone_typed="13900139000")
    with pytest.raises(RuleRefused, match=other.number):
        update_contact(session, zhang, change, by=actors["li"], at=AT)


def asked_for(
    session: Session, keys: Keys, actors: dict[str, Actor], member_id: int, **cells: str
) -> list[str]:
    """Ask as li for a change of identity fields."""
    return request_changes(
        session,
        member_id,
        parse_identity_change(cells, today=TODAY),
        reason="married",
        keys=keys,
        by=actors["li"],
        at=AT,
        today=TODAY,
    )


def decided(session: Session, keys: Keys, by: Actor, number: str, *, approve: bool = True) -> None:
    """Decide on a change request."""
    decide_change(
        session, number, approve=approve, answer=None, keys=keys, by=by, at=AT, today=TODAY
    )


def test_an_identity_changes_when_somebody_else_approves_and_the_member_is_told(
    session: Session, keys: Keys, actors: dict[str, Actor], zhang: int
) -> None:
    verify_member(session, zhang, DocumentKind.RESIDENT_ID, by=actors["li"], at=AT)
    (number,) = asked_for(session, keys, actors, zhang, name="Zhang Wei")
    assert number == "CR-000001"
    with pytest.raises(NotPermitted, match="another person"):
        decided(session, keys, actors["li"], number)
    decided(session, keys, actors["wang"], number)

    member = session.get_one(Member, zhang)
    assert (member.name, member.name_key) == ("Zhang Wei", "zhang wei")
    assert member.verified_at is None
    told = session.exec(select(OutboxMessage.purpose, OutboxMessage.cause)).all()
    assert told == [("change_applied", number)]
    with pytest.raises(RuleRefused, match="it is approved"):
        decided(session, keys, actors["zhao"], number)


def test_a_rejected_change_leaves_the_member_and_tells_them(
    session: Session, keys: Keys, actors: dict[str, Actor], zhang: int
) -> None:
    (number,) = asked_for(session, keys, actors, zhang, id_number=OTHER_ID)
    decided(session, keys, actors["wang"], number, approve=False)
    assert session.get_one(Member, zhang).birth_on == date(1949, 12, 31)
    assert session.exec(select(OutboxMessage.purpose)).one() == "change_rejected"


def test_what_a_request_would_change_is_sealed(
    session: Session, keys: Keys, actors: dict[str, Actor], zhang: int
) -> None:
    asked_for(session, keys, actors, zhang, id_number=OTHER_ID)
    request = session.exec(select(ChangeRequest)).one()
    assert request.sealed_old is not None
    assert OTHER_ID.encode() not in request.sealed_new
    assert ID_NUMBER.encode() not in request.sealed_old


def test_an_approved_identity_number_is_sealed_and_found_as_a_duplicate(
    session: Session, keys: Keys, actors: dict[str, Actor], register: Register, zhang: int
) -> None:
    (number,) = asked_for(session, keys, actors, zhang, id_number=OTHER_ID)
    decided(session, keys, actors["wang"], number)
    (done,) = register({"name": "李娜", "phone": "13900139000", "id_number": OTHER_ID})
    assert (done.outcome, done.code) == ("duplicate", "same_id")
    (free,) = register({"name": "李娜", "phone": "13900139000", "id_number": ID_NUMBER})
    assert free.outcome is Outcome.CREATED


def test_a_second_request_about_a_field_waits_for_the_first(
    session: Session, keys: Keys, actors: dict[str, Actor], zhang: int
) -> None:
    asked_for(session, keys, actors, zhang, name="Zhang Wei")
    with pytest.raises(Conflict, match="CR-000001"):
        asked_for(session, keys, actors, zhang, name="Zhang Wei Ming")


def test_a_change_that_is_pointless_impossible_or_contradictory_is_refused(
    session: Session, keys: Keys, actors: dict[str, Actor], register: Register, zhang: int
) -> None:
    register({"name": "李娜", "phone": "13800138000", "id_number": OTHER_ID})
    with pytest.raises(RuleRefused, match="is that already"):
        asked_for(session, keys, actors, zhang, name="张伟")
    with pytest.raises(RuleRefused, match="M-000002"):
        asked_for(session, keys, actors, zhang, id_number=OTHER_ID)
    with pytest.raises(RuleRefused, match="M-000002"):
        asked_for(session, keys, actors, zhang, name="李娜")
    with pytest.raises(Invalid, match="not the one in the identity number"):
        asked_for(session, keys, actors, zhang, birth_date="1949-12-30")


def test_identity_fields_do_not_change_without_a_reason(
    session: Session, keys: Keys, actors: dict[str, Actor], zhang: int
) -> None:
    with pytest.raises(Invalid, match="needs a reason"):
        update_member(
            session, zhang, ContactChange(), {"name": "Wei"}, reason=None, keys=keys,
            by=actors["li"], at=AT, today=TODAY,
        )  # fmt: skip


def test_nobody_verifies_or_decides_on_their_own_membership(
    session: Session, keys: Keys, actors: dict[str, Actor], zhang: int
) -> None:
    session.get_one(Member, zhang).staff_id = actors["wang"].staff_id
    (number,) = asked_for(session, keys, actors, zhang, name="Zhang Wei")
    with pytest.raises(NotPermitted, match="their own"):
        decided(session, keys, actors["wang"], number)
    with pytest.raises(NotPermitted, match="their own"):
        verify_member(session, zhang, DocumentKind.PASSPORT, by=actors["wang"], at=AT)


def test_a_second_verification_says_who_did_the_first(
    session: Session, actors: dict[str, Actor], zhang: int
) -> None:
    first = verify_member(session, zhang, DocumentKind.RESIDENT_ID, by=actors["li"], at=AT)
    again = verify_member(session, zhang, DocumentKind.RESIDENT_ID, by=actors["sun"], at=AT)
    assert (first.already, again.already, again.verified_by) == (False, True, "li")


def test_waiting_requests_are_listed_without_what_they_would_change(
    session: Session, keys: Keys, actors: dict[str, Actor], zhang: int
) -> None:
    asked_for(session, keys, actors, zhang, name="Zhang Wei", id_number=OTHER_ID)
    found = list_changes(session, state=None, limit=1)
    assert (len(found.rows), found.total) == (1, 2)
    assert (found.rows[0].requested_by, found.rows[0].decided_by) == ("li", None)
    assert OTHER_ID not in repr(found)
