"""Sentences and error messages: every text that people read as a line."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

from memberctl.core.errors import MemberctlError
from memberctl.core.text import safe


def fill(sentence: str, words: Mapping[str, str]) -> str:
    """Return "Paid {amount} to {member}." with the words of a result in their places.

    Attributes, items, conversions and formats are refused: they are programmers' errors.
    """
    return _Sentence().vformat(sentence, (), words)


class _Sentence(Formatter):
    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[str, str]:
        assert field_name in kwargs, f"the result has no field {field_name}"
        return kwargs[field_name], field_name

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        assert conversion is None, "a sentence converts nothing"
        return value

    def format_field(self, value: Any, format_spec: str) -> str:
        assert not format_spec, "a sentence formats nothing"
        return str(value)


def safe_lines(text: str) -> str:
    """Return text whose line ends and tabs work and nothing else does, ending in a line end."""
    lines = text.removesuffix("\n").split("\n")
    return "".join("\t".join(safe(part) for part in line.split("\t")) + "\n" for line in lines)


def error_text(error: MemberctlError, committed: bool) -> str:
    """Return what a person reads of an error: the fact, what is allowed, the next command.

    committed -- the work itself is done and must not be repeated
    Source: cli.md "Errors".
    """
    text = f"memberctl: {safe_lines(error.message)}"
    if committed:
        text += "  the work itself is done: do not repeat it\n"
    if error.allowed is not None:
        text += f"  {error.allowed_are}: {safe(', '.join(error.allowed)) or 'nothing'}\n"
    if error.hint:
        text += f"hint: {safe_lines(error.hint)}"
    return text


def error_record(error: MemberctlError, committed: bool) -> dict[str, object]:
    """Return what a script reads of an error; keys are only ever added."""
    return {
        "type": "error",
        "code": error.code,
        "exit": error.exit_code,
        "message": error.message,
        "hint": error.hint,
        "committed": committed,
        "allowed": None if error.allowed is None else list(error.allowed),
    }
