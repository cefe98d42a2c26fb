"""Facts become one text, the same for equal facts, which the chain signs."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as some

from memberctl.order.rules import OrderState
from memberctl.store.audit import Fact, canonical

FACTS = some.one_of(
    some.text(), some.integers(), some.booleans(), some.none(), some.lists(some.text())
)


@given(some.dictionaries(some.from_regex(r"[a-z][a-z_]*", fullmatch=True), FACTS))
def test_facts_are_told_as_the_json_library_tells_them(facts: dict[str, Fact]) -> None:
    told = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical(facts) == told


def test_a_state_is_told_as_its_text() -> None:
    assert canonical({"state": OrderState.SUBMITTED, "open": True}) == (
        '{"open":true,"state":"submitted"}'
    )
