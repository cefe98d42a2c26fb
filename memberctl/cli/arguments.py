"""What several nouns ask for in the same words: a member, an order.

Source: cli.md "The nouns": ids are forgiving, and a phone or a name will do where it is unique.
"""

from __future__ import annotations

from typing import Annotated

import typer

from memberctl.cli.completion import complete_members, complete_orders

MemberArgument = Annotated[
    str,
    typer.Argument(
        help="Member, e.g. M-000123, phone:138... or name:张伟.", autocompletion=complete_members
    ),
]
OptionalMember = Annotated[
    str | None,
    typer.Argument(
        help="Member, e.g. M-000123, phone:138... or name:张伟.", autocompletion=complete_members
    ),
]
OfMember = Annotated[
    str | None,
    typer.Option(
        "--member",
        help="Only this member: M-000123, phone:... or name:...",
        autocompletion=complete_members,
    ),
]
OrderArgument = Annotated[
    str,
    typer.Argument(help="Order number, e.g. JN-2026-7F3KX.", autocompletion=complete_orders),
]
