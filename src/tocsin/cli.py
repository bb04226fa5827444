"""The command `tocsin`: finds the commands, hands them the environment, ends with a code.

Exit codes: 0 done, 1 it failed, 2 the settings or the command line are wrong.
"""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text

from tocsin import commands
from tocsin.commands import Invocation
from tocsin.discover import discover
from tocsin.errors import ConfigError, TocsinError
from tocsin.ingest.source import find_sources

_HELP = """Takes in webhooks, keeps every one, shows them live and tells people.

Start with [bold]tocsin serve[/bold]; in other terminals [bold]tocsin tail[/bold] and
[bold]tocsin demo[/bold].
"""


def main() -> NoReturn:
    """Run what the command line says."""
    # Until everything is imported, see `_resume_collector`.
    gc.disable()
    run(sys.argv[1:], os.environ)


def run(args: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Run one command line; leaves by SystemExit with its code."""
    try:
        invocation = Invocation(
            environ=environ,
            find_kinds=lambda: {name: kind.Options for name, kind in find_sources().items()},
        )
        build(args)(args=list(args), obj=invocation, prog_name="tocsin")
    except ConfigError as error:
        _complain(error.problems)
        raise SystemExit(2) from None
    except TocsinError as error:
        _complain([error.message])
        raise SystemExit(1) from None
    raise SystemExit(0)


def build(args: Sequence[str] = ()) -> typer.Typer:
    """The application with the command that `args` asks for, or with every one of the folder.

    A CI job calls `tocsin send` for each line, so it does not wait for the server's libraries.

    Raises:
        ConfigError: a command's file is broken.
    """
    asked = args[0].replace("-", "_") if args else ""
    found = discover(commands, ("add_to",), only=asked) or discover(commands, ("add_to",))
    _resume_collector()
    app = typer.Typer(
        help=_HELP,
        no_args_is_help=True,
        rich_markup_mode="rich",
        # Ours are for users; a bug's traceback is Python's own, without values of variables.
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    # Without a callback typer takes an only command for the whole application.
    app.callback()(lambda: None)
    for module in found.values():
        module.add_to(app)
    return app


def _resume_collector() -> None:
    """Leave out what was imported, which stays for good.

    To go through it time and again took a quarter of the server's start.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _complain(problems: Sequence[str]) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in problems:
        console.print(Text("tocsin: ", style="bold red") + Text(problem))
