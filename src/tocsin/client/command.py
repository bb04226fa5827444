"""What the commands that talk to a server share: patience, and what a failure looks like."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, NoReturn, TextIO

import typer

from tocsin.client.client import Waiting
from tocsin.client.errors import (
    Answered,
    BadAddress,
    Busy,
    ClientError,
    NotTocsin,
    Refused,
    Unreachable,
)
from tocsin.client.terminal import harmless

DEFAULT_PATIENCE_S = 30.0

PatienceOption = Annotated[
    float,
    typer.Option(
        "--retry-for",
        min=0,
        metavar="SECONDS",
        help="How long to try again while the server cannot be reached.",
    ),
]

_INTERRUPTED = 130


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a command to its end; a failure is one line on standard error and exit code 1.

    Raises:
        typer.Exit: 1 the server refused or was not reached, 2 the address is none, 130 Ctrl-C.
    """
    try:
        asyncio.run(main)
    except BadAddress as error:
        fail(str(error), code=2)
    except ClientError as error:
        fail(advice(error))
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        _leave_closed_pipe()


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with `message` on standard error."""
    note(message)
    raise typer.Exit(code)


def note(message: str) -> None:
    """One line on standard error."""
    # Not by typer.echo: a progress bar in the way takes lines from `sys.stderr` only.
    sys.stderr.write(harmless(f"tocsin: {message}") + "\n")
    sys.stderr.flush()


def note_wait(patience_s: float) -> Callable[[Waiting], None]:
    """What to hand to a Client as `on_wait`: the first pause is told, the others are not."""
    told: list[Waiting] = []

    def tell(waiting: Waiting) -> None:
        if not told:
            note(f"{waiting.detail}; trying again for up to {patience_s:g} s")
        told.append(waiting)

    return tell


def advice(error: ClientError) -> str:
    """What went wrong and what a person can do about it."""
    said = str(error).rstrip(".")
    match error:
        case Unreachable():
            return (
                f"{said}. Start the server with `tocsin serve`, "
                "or name its address with --url or TOCSIN_URL."
            )
        case Refused(status=401):
            return (
                f"not let in: {said}. Give a token with --token or TOCSIN_TOKEN; "
                "`tocsin token create` makes one."
            )
        case Refused(status=403):
            return f"not allowed: {said}. It needs a token of a higher role."
        case Refused(status=404 | 405):
            return f"no such address on this server: {said}. Is --url right?"
        case Refused():
            return f"refused: {said}."
        case Busy():
            return f"the server is busy or starting: {said}. Try again later."
        case NotTocsin():
            return f"{said}. Is --url the address of a Tocsin server?"
        case Answered() | _:
            return f"{said}."


def lenient(stream: TextIO) -> TextIO:
    """`stream`, which from now on writes "?" for what its encoding lacks, instead of failing."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    return stream


def _leave_closed_pipe() -> NoReturn:
    """End quietly: whoever read (`head`) has enough.

    Python flushes standard output once more at its end and would complain then.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    raise typer.Exit(0)
