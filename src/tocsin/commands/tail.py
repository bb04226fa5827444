"""`tocsin tail`: follow events live in the terminal."""

import re
import sys
from contextlib import aclosing
from typing import Annotated

import typer
from rich.console import Console

from tocsin.client import Back, Client, Filters, LinkChange, Lost, Opened, StreamEvent
from tocsin.client.command import lenient, note, run
from tocsin.client.line import lines_of
from tocsin.commands import DEFAULT_URL, TokenOption, UrlOption

# C1 control characters and DEL may stand unescaped in JSON; a terminal would obey them.
_RAW_CONTROL = re.compile("[\x7f-\x9f]")


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("tail")(tail)


def tail(
    *,
    project: Annotated[
        str, typer.Option("--project", "-p", help="Only events of this project.")
    ] = "",
    deployment: Annotated[
        str, typer.Option("--deployment", "-d", help="Only events of this deployment.")
    ] = "",
    types: Annotated[
        list[str] | None,
        typer.Option("--type", "-t", help="Only this type, * is any text; may be repeated."),
    ] = None,
    since_seq: Annotated[
        int | None, typer.Option("--since-seq", min=0, help="Begin after the event of this number.")
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Begin with the oldest event that is kept.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Each event as JSON, as the server sends it.")
    ] = False,
    no_colour: Annotated[
        bool, typer.Option("--no-colour", "--no-color", help="No colours (also NO_COLOR=1).")
    ] = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
) -> None:
    """Follow events live, one a line.

    Goes on by itself after a lost connection or a restart of the server, each event once.
    Ctrl-C ends it.

    [bold]Examples[/bold]

        $ tocsin tail
        $ tocsin tail --project shop --type deployment_completed --type 'step_*'
        $ tocsin tail --deployment 123456789 --from-start
        $ tocsin tail --json | jq 'select(.type == "step_completed") | .data.step_name'
    """
    if from_start and since_seq is not None:
        raise typer.BadParameter("give --from-start or --since-seq, not both")
    start = "start" if from_start else "now" if since_seq is None else str(since_seq)
    filters = Filters(project=project, subject=deployment, types=tuple(types or ()))
    run(_follow(url, token, filters, start, Printer(as_json=as_json, no_colour=no_colour)))


class _Output(Console):
    """Leaves a pipe that nobody reads any more to the command; rich would end the program."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Printer:
    """Writes events to standard output, each at once, so that a pipe sees it live."""

    def __init__(self, *, as_json: bool, no_colour: bool) -> None:
        self._as_json = as_json
        # None leaves it to rich: no colours without a terminal or with NO_COLOR.
        self._console = _Output(
            file=lenient(sys.stdout), no_color=True if no_colour else None, highlight=False
        )

    def show(self, event: StreamEvent) -> None:
        """Write one event.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        if self._as_json:
            typer.echo(_RAW_CONTROL.sub(_escaped, event.raw))
            return
        for line in lines_of(event.body):
            # The terminal folds long lines itself, so that they can be copied whole.
            self._console.print(line, soft_wrap=True)


async def _follow(
    url: str, token: str | None, filters: Filters, start: str, printer: Printer
) -> None:
    async with (
        Client(url, token) as client,
        aclosing(client.events(filters, start=start, on_link=_tell)) as events,
    ):
        async for event in events:
            printer.show(event)


def _tell(change: LinkChange) -> None:
    match change:
        case Lost(detail=detail):
            note(f"connection lost, trying again… ({detail})")
        case Back(missed=0):
            note("back, nothing missed")
        case Back(missed=None):
            note("back, but what happened meanwhile could not be recovered: a new journal")
        case Back(missed=missed):
            note(f"back, up to {missed} events could not be recovered")
        case Opened(recovered=False):
            note("what is asked for is not kept any more; showing what comes from now on")
        case Opened() if sys.stderr.isatty():
            note("following events; Ctrl-C ends")


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
