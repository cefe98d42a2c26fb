"""What templates may say. Source: bad inputs 72-75; rules N3."""

from __future__ import annotations

from datetime import date

import pytest

from memberctl.core.errors import Invalid
from memberctl.message import rendering, rules
from memberctl.message.rules import Channel, Language, NewMessage, Purpose

ALLOWED = frozenset({"name", "order"})
EXAMPLES = {
    "order": "JN-2026-7F3KX",
    "plan": "年卡",
    "amount": "3650.00 CNY",
    "open": "0.00 CNY",
    "receipt": "RC-2026-000001",
    "request": "CR-000001",
    "refund": "RF-0007",
    "reason": "missing ID copy",
    "valid_until": "2026-03-16",
    "due_on": "2026-03-09",
    "start_on": "2026-03-02",
    "end_on": "2027-03-01",
}


def examples(purpose: Purpose) -> dict[str, str]:
    return {name: EXAMPLES[name] for name in rules.FACTS[purpose]}


@pytest.mark.parametrize(
    "text",
    [
        "{m.__class__.__init__.__globals__}",
        "{{ ''.__class__ }}",
        "{% for x in range(10**9) %}",
        "{{'x'*10**8}}",
        "${name.__class__}",
        "$1",
        "100 $",
        "{name}",
    ],
)
def test_a_template_with_more_than_plain_names_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.checked_template(text, ALLOWED, what="the body")
    assert refused.value.rule == "placeholder_form"


def test_an_unknown_name_is_refused_when_the_template_is_read_not_when_it_is_sent() -> None:
    with pytest.raises(Invalid, match="the body names phone; known are name, order"):
        rules.checked_template("$name $phone", ALLOWED, what="the body")


def test_a_dollar_sign_is_written_twice() -> None:
    template = rules.checked_template("$$5 for ${name}", ALLOWED, what="the body")
    assert template.substitute(name="Li") == "$5 for Li"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_has_words_in_every_language(purpose: Purpose, language: Language) -> None:
    wording = rendering.wordings(language)[purpose]
    text = rendering.render(wording, examples(purpose), name="王小明", organisation="长风健身")
    assert "长风健身" in text.subject and "王小明" in text.body
    assert "$" not in text.subject + text.body
    for name, value in examples(purpose).items():
        assert value in text.subject + text.body, f"{name} is queued but never said"


@pytest.mark.parametrize("name", ["$secret", "{{7*7}}", "<b>x</b>", "$organisation", "[/red]"])
def test_a_name_that_looks_like_a_template_stays_literal(name: str) -> None:
    wording = rendering.wordings(Language.ENGLISH)[Purpose.WELCOME]
    text = rendering.render(wording, examples(Purpose.WELCOME), name=name, organisation="Longwind")
    assert f"Dear {name}," in text.body


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda text: text.replace("[welcome]", "[goodbye]"), "template_purposes"),
        (lambda text: text.replace("Dear $name", "Dear $phone"), "placeholder_unknown"),
        (lambda text: text.replace("subject =", "topic ="), "template_parts"),
    ],
)
def test_a_file_of_templates_is_refused_as_a_whole(change: object, rule: str) -> None:
    text = (rendering.FOLDER / "en.toml").read_text()
    assert callable(change)
    with pytest.raises(Invalid) as refused:
        rendering.read_wordings(change(text))
    assert refused.value.rule == rule


def test_a_message_with_other_facts_than_its_purpose_has_is_a_programmers_error() -> None:
    message = NewMessage(
        1, Purpose.WELCOME, "JN-1", Channel.SMS, Language.CHINESE, {"phone": "13800138000"}
    )
    with pytest.raises(AssertionError, match="welcome takes the facts"):
        rules.checked_facts(message)


@pytest.mark.parametrize(
    ("email", "phone", "expected"),
    [(True, True, "email"), (False, True, "sms"), (False, False, "print")],
)
def test_somebody_without_an_address_is_put_on_the_print_list(
    email: bool, phone: bool, expected: str
) -> None:
    assert rules.channel_for(has_email=email, has_phone=phone) == expected


def test_a_recipients_address_is_shown_masked() -> None:
    to = rules.recipient(Channel.SMS, email=None, phone="+8613800138000", address=None)
    assert str(to) == "138****8000"
    assert rules.recipient(Channel.EMAIL, email=None, phone="+86138", address=None) is None


def test_facts_are_dates_and_numbers_not_people() -> None:
    personal = {"name", "phone", "email", "address", "birth_on", "id_number"}
    assert not any(facts & personal for facts in rules.FACTS.values())
    assert date.fromisoformat(EXAMPLES["due_on"])
