"""What the commands that change who may do what have in common; not a command."""

import os
import pwd
from typing import Annotated, Literal

import typer

from tocsin.model.people import name_fault

RoleWord = Literal["sender", "viewer", "operator", "admin"]
RoleOption = Annotated[
    RoleWord,
    typer.Option(
        "--role",
        show_default=False,
        help="sender posts events, viewer reads, operator acts, admin does everything.",
    ),
]


def checked_name(name: str) -> str:
    """`name`, which can be one.

    Raises:
        typer.BadParameter: it cannot.
    """
    fault = name_fault(name)
    if fault is not None:
        raise typer.BadParameter(f"the name: {fault}")
    return name


def somebody() -> str:
    """Who the journal says did it: the machine's user, who may read the key file anyway."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        # Containers run as numbers without a name.
        name = f"user {uid}"
    return f"{name} (command line)"
