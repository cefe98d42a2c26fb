"""An account that somebody has not yet can be given to them, and nobody else's."""

from __future__ import annotations

from tests.program import Program

ADD = ("staff", "add", "hu", "--name", "胡", "--role", "service")


def test_somebody_who_is_there_gets_the_account_they_lack(memberctl: Program) -> None:
    memberctl.ok(*ADD, "--uid", "61001")
    given = memberctl.ok(*ADD, "--database-user", "hu")
    assert (given["outcome"], given["database_user"]) == ("updated", "hu")
    shown = memberctl.ok("staff", "show", "hu")
    assert (shown["uid"], shown["database_user"]) == (61001, "hu")
    assert memberctl.ok(*ADD)["outcome"] == "unchanged"
    (link,) = memberctl.ok("audit", "log", "--event", "staff.login")
    assert link["object"] == "hu"


def test_an_account_is_neither_changed_nor_shared(memberctl: Program) -> None:
    memberctl.ok(*ADD, "--uid", "61001")
    assert memberctl(*ADD, "--uid", "61002").exit == 7
    memberctl.ok("staff", "add", "he", "--name", "何", "--role", "service", "--uid", "61003")
    memberctl.ok(*ADD, "--database-user", "hu")
    refused = memberctl(
        "staff", "add", "he", "--name", "何", "--role", "service", "--database-user", "hu"
    )
    assert refused.exit == 7
    assert "hu's" in refused.err
    assert memberctl.ok("staff", "show", "he")["database_user"] is None
