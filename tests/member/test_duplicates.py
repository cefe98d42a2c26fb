"""Who is here already: rules A3 and I2 as pure decisions."""

from __future__ import annotations

from datetime import date

import pytest

from memberctl.member.duplicates import Candidate, Known, decide, judge, reason
from memberctl.member.identity import Document, DocumentKind
from memberctl.member.rules import Outcome, Registration

BORN = date(1990, 3, 7)
DOCUMENT = Document(DocumentKind.RESIDENT_ID, "110101199003074514", BORN)
BLIND, OTHER_BLIND = b"one", b"two"
WANG = Candidate(7, "王芳", "王芳", "+8613800138000", "wang@example.com", BORN, "上海", 0, False)


def asked(name: str = "王芳", phone: str | None = "+8613800138000", **more: object) -> Registration:
    """Return a registration that says no more than it is given."""
    return Registration(name, name, phone, phone, **more)  # type: ignore[arg-type]


def known(*people: Candidate) -> Known:
    """Return a store of these people; the first has the document and the reference A-1."""
    found = Known()
    for each in people:
        found.add(each)
    if people:
        found.add_document(BLIND, people[0])
        found.add_reference("crm", "A-1", people[0])
    return found


def decided(
    registration: Registration, blind: bytes | None = None, override: bool = False
) -> tuple[Outcome, str]:
    """Return outcome and code of a registration where WANG is known."""
    found = decide(registration, blind, known(WANG), override=override)
    return found.outcome, found.code


def test_somebody_unknown_is_created() -> None:
    assert decided(asked("李娜", "+8613900139000")) == (Outcome.CREATED, "")


def test_the_same_document_is_the_same_person_whatever_anybody_decides() -> None:
    other = asked("李娜", "+8613900139000", document=DOCUMENT)
    assert decided(other, BLIND) == (Outcome.DUPLICATE, "same_id")
    assert decided(other, BLIND, override=True) == (Outcome.DUPLICATE, "same_id")


@pytest.mark.parametrize(
    ("registration", "code"),
    [
        (asked(birth_on=date(1991, 1, 1)), "same_phone_name"),
        (asked(phone=None, email="wang@example.com", address="北京"), "same_email_name"),
    ],
)
def test_the_same_name_and_address_is_refused_unless_a_person_decides(
    registration: Registration, code: str
) -> None:
    assert decided(registration) == (Outcome.DUPLICATE, code)
    assert decided(registration, override=True) == (Outcome.CREATED, code)


def test_who_is_let_in_by_override_is_the_next_twin() -> None:
    second = WANG._replace(id=8, twin=1, birth_on=date(1991, 1, 1))
    found = decide(asked(address="北京"), None, known(WANG, second), override=True)
    assert found.twin == 2


def test_the_same_phone_alone_is_a_warning_since_families_share_one() -> None:
    assert decided(asked("王小明")) == (Outcome.CREATED, "same_phone")


def test_the_same_name_and_birth_date_needs_a_person() -> None:
    registration = asked(phone="+8613900139000", birth_on=BORN)
    assert decided(registration) == (Outcome.DUPLICATE, "same_name_birth_date")
    assert decided(registration, override=True) == (Outcome.CREATED, "same_name_birth_date")


def test_two_resident_ids_prove_two_people_of_one_name_and_birth_date() -> None:
    registration = asked(phone="+8613900139000", birth_on=BORN, document=DOCUMENT)
    proven = WANG._replace(proven=True)
    assert decide(registration, OTHER_BLIND, known(proven), override=False).outcome == "created"
    assert decide(registration, OTHER_BLIND, known(WANG), override=False).outcome == "duplicate"


@pytest.mark.parametrize(
    "registration",
    [
        asked(),
        asked(email="wang@example.com", birth_on=BORN, address="上海"),
        asked(phone=None, email="wang@example.com"),
    ],
)
def test_who_says_nothing_new_is_unchanged(registration: Registration) -> None:
    assert decided(registration) == (Outcome.UNCHANGED, "")


def test_a_known_reference_with_other_contact_data_is_an_update() -> None:
    again = asked(phone="+8613900139000", source="crm", external_ref="A-1")
    assert decided(again) == (Outcome.UPDATED, "")
    assert decided(again._replace(phone=None)) == (Outcome.UNCHANGED, "")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": "王方"}, "name"),
        ({"birth_on": date(1990, 3, 8)}, "birth_date"),
        ({"document": DOCUMENT}, "id_number"),
    ],
)
def test_a_known_reference_with_another_identity_is_a_conflict(
    more: dict[str, object], field: str
) -> None:
    again = asked(source="crm", external_ref="A-1")._replace(**more)  # type: ignore[arg-type]
    blind = OTHER_BLIND if field == "id_number" else None
    found = decide(again, blind, known(WANG), override=False)
    assert (found.outcome, found.code, found.field) == (Outcome.REJECTED, "conflict", field)
    assert "M-000007" in reason(found, "M-000007")


def test_an_update_that_would_make_a_twin_of_somebody_is_refused() -> None:
    other = WANG._replace(id=9, phone="+8613900139000", email=None)
    again = asked(phone="+8613900139000", source="crm", external_ref="A-1")
    found = decide(again, None, known(WANG, other), override=False)
    assert (found.outcome, found.other) == (Outcome.DUPLICATE, other)


def rows(*registrations: Registration) -> list[tuple[Registration, bytes | None]]:
    """Return a batch whose registrations have no documents."""
    return [(each, None) for each in registrations]


def test_the_second_of_two_equal_rows_is_refused_and_points_to_the_first() -> None:
    batch = rows(asked(), asked("李娜", None, email="li@example.com"), asked())
    judged = judge(batch, known(), places=(), named=(), override=False)
    assert [(each.outcome, about) for each, about in judged.decisions] == [
        ("created", -1),
        ("created", -2),
        ("duplicate", -1),
    ]


def test_a_row_about_somebody_whom_an_earlier_batch_named_is_refused() -> None:
    judged = judge(rows(asked()), known(WANG), places=(), named={7}, override=False)
    assert [(each.outcome, each.code) for each, _ in judged.decisions] == [
        ("duplicate", "repeated")
    ]


def test_a_batch_knows_the_contact_data_that_an_earlier_row_changed() -> None:
    moved = asked(phone="+8613900139000", source="crm", external_ref="A-1")
    batch = rows(moved, asked("李娜"), asked("李明", "+8613900139000"))
    judged = judge(batch, known(WANG), places=(), named=(), override=False)
    assert [each.code for each, _ in judged.decisions] == ["", "", "same_phone"]


def test_an_unknown_branch_refuses_its_row_only() -> None:
    batch = rows(asked(branch="XX99"), asked("李娜", branch="SH01"))
    judged = judge(batch, known(), places={"SH01"}, named=(), override=False)
    assert [each.code for each, _ in judged.decisions] == ["unknown_branch", ""]
