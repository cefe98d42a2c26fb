"""Whether duplicates are found, and others left alone: precision and recall on invented people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from memberctl.member.likeness import Person, person
from memberctl.member.ranking import LIKELY, groups_of, rank_pairs
from tests.member.namesakes import Record, chinese_person, population, western_person

ZHANG = {"born": "19900307", "phone": "+8613800138000", "address": "长乐路900弄23号"}


def people_of(records: Sequence[Record]) -> list[Person]:
    """Return records as they are compared."""
    return [
        person(
            place, each.name, born=each.born, phone=each.phone, address=each.address,
            numbers={"id_number": each.number} if each.number else None,
        )
        for place, each in enumerate(records)
    ]  # fmt: skip


def precision_and_recall(records: Sequence[Record]) -> tuple[float, float]:
    """Return which share of the pairs found is right, and which share of the right ones found."""
    found = rank_pairs(people_of(records))
    sizes = Counter(record.whose for record in records).values()
    there = sum(size * (size - 1) // 2 for size in sizes)
    right = sum(records[pair.one].whose == records[pair.other].whose for pair in found)
    return right / len(found), right / there


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_of_people_with_name_street_birth_date_and_number_nearly_all_are_found(seed: int) -> None:
    records = population(western_person, 500, seed=seed)
    precision, recall = precision_and_recall(records)
    assert precision >= 0.97
    assert recall >= 0.98


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_the_number_they_are_found_by_the_rest(seed: int) -> None:
    records = [replace(each, number=None) for each in population(western_person, 500, seed=seed)]
    precision, recall = precision_and_recall(records)
    assert precision >= 0.95
    assert recall >= 0.97


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chinese_people_are_found_among_their_families_and_namesakes(seed: int) -> None:
    records = population(chinese_person, 500, seed=seed)
    precision, recall = precision_and_recall(records)
    assert precision >= 0.93, "a tenth of all families are twins, who share all but a given name"
    assert recall >= 0.95


def test_among_strangers_nobody_is_found() -> None:
    records = [each for each in population(chinese_person, 1500, seed=4) if each.whose % 2]
    one_each = list({each.whose: each for each in records}.values())
    assert len(rank_pairs(people_of(one_each))) <= 3


def scores(*people: Person) -> dict[tuple[int, int], float]:
    """Return the scores of all pairs by the keys of the two."""
    found = rank_pairs(people, least=0.000001)
    return {(people[pair.one].key, people[pair.other].key): pair.score for pair in found}


def test_in_a_small_store_the_same_name_and_birth_date_or_phone_is_one_person() -> None:
    for same in ("born", "phone"):
        found = scores(
            person(1, "张伟", **{same: ZHANG[same]}),
            person(2, "张伟", **{same: ZHANG[same]}),
            person(3, "李娜", born="19851212"),
        )
        assert found[1, 2] > 0.9, same


def test_families_and_twins_are_not_one_person() -> None:
    found = scores(
        person(1, "张伟", **ZHANG),
        person(2, "张芳", **{**ZHANG, "born": "19920611"}),
        person(3, "张杰", **ZHANG),
        person(4, "王丽", **{**ZHANG, "born": "19910101"}),
    )
    assert {pair: score for pair, score in found.items() if score >= 0.5} == {}


def test_a_chinese_name_alone_is_nobodys_proof() -> None:
    assert scores(person(1, "张伟", phone="+8613800138000"), person(2, "张伟")) == {}
    assert scores(person(1, "张伟", born="19900307"), person(2, "张伟", born="19640101")) == {}


def test_two_resident_ids_prove_two_people() -> None:
    one = person(1, "张伟", numbers={"resident_id": b"1"}, **ZHANG)
    other = person(2, "张伟", numbers={"resident_id": b"2"}, **ZHANG)
    assert scores(one, other) == {}


def test_several_records_of_one_person_are_one_group() -> None:
    people = [
        person(1, "Lydia McCarthy", born="19751220", address="6 mckillop circuit corio 4670"),
        person(2, "Lydia McCaryhy", born="19751220", address="6 mckillop circuit corio 4670"),
        person(3, "McCarthy Lydia", born="19752012", address="6 mckillop crcuit cori 4670"),
        person(4, "Thomas Green", born="19640101", address="9 forbes street dapto 2500"),
    ]
    found = rank_pairs(people)
    assert {(pair.one, pair.other) for pair in found} == {(0, 1), (0, 2), (1, 2)}
    assert groups_of(found) == {0: 0, 1: 0, 2: 0}


def test_what_a_third_record_makes_probable_is_so_from_whatever_score_on_pairs_are_listed() -> None:
    records = [
        replace(each, number=None, address=None) for each in population(western_person, 900, seed=8)
    ]
    people = people_of(records)
    found = {(pair.one, pair.other) for pair in rank_pairs(people)}
    listed = {
        (pair.one, pair.other) for pair in rank_pairs(people, least=0.01) if pair.score >= LIKELY
    }
    assert found == listed


def test_a_slip_in_a_rare_name_is_found_without_a_birth_date_and_whatever_its_sound() -> None:
    people = [
        *people_of(population(western_person, 300, seed=9)),
        person(9001, "william fornarino", born="19830402"),
        person(9002, "william fornaino"),
    ]
    assert (9001, 9002) in {
        (people[pair.one].key, people[pair.other].key) for pair in rank_pairs(people)
    }


def test_the_same_people_in_another_order_get_the_same_scores() -> None:
    people = people_of(population(western_person, 60, seed=5))

    def told(of: Sequence[Person]) -> dict[frozenset[int], int]:
        return {
            frozenset((of[pair.one].key, of[pair.other].key)): round(pair.score * 20)
            for pair in rank_pairs(of)
        }

    assert told(people) == told(people)
    assert told(people).keys() == told(people[::-1]).keys()


def test_rows_that_share_one_birth_date_do_not_take_all_time() -> None:
    records = population(chinese_person, 3000, seed=6)
    same_day = [replace(each, born="19900101", phone="+8613800138000") for each in records]
    assert isinstance(rank_pairs(people_of(same_day)), list)
