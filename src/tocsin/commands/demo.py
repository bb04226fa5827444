"""`tocsin demo`: play a whole deployment against a running server."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tocsin.client import Client, Pacing
from tocsin.client.command import DEFAULT_PATIENCE_S, note_wait, run
from tocsin.client.line import text_of
from tocsin.client.story import Beat, length_s, step_names, story
from tocsin.commands import DEFAULT_URL, TokenOption, UrlOption


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("demo")(demo)


def demo(
    *,
    fast: Annotated[bool, typer.Option("--fast", help="Without pauses.")] = False,
    project: Annotated[
        str, typer.Option("--project", "-p", help="Project to play under.")
    ] = "demo-shop",
    deployment: Annotated[
        str, typer.Option("--deployment", "-d", help="Id of the deployment; a new one by default.")
    ] = "",
    seed: Annotated[
        int | None, typer.Option("--seed", help="The same number plays the same story.")
    ] = None,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
) -> None:
    """Play a deployment: steps, log lines in colour, an upload that fails and is tried again.

    It takes about half a minute, with --fast a moment. Nothing is deployed anywhere.

    [bold]Examples[/bold]

        $ tocsin demo
        $ tocsin demo --fast --project shop --deployment 42
        $ tocsin tail &  tocsin demo
    """
    now = datetime.now(UTC)
    chosen = secrets.randbelow(10**6) if seed is None else seed
    # A story played without pauses is one that has just ended: its times are not ahead of now.
    started_at = now - timedelta(seconds=length_s(chosen)) if fast else now
    deployment_id = deployment or f"demo-{now:%Y%m%d-%H%M%S}"
    beats = list(story(project, deployment_id, started_at, chosen))
    run(_play(url, token, beats, is_fast=fast))


async def _play(url: str, token: str | None, beats: list[Beat], *, is_fast: bool) -> None:
    console = Console(highlight=False)
    pacing = Pacing()
    # Who has no server running shall hear of it at once; later losses are waited for.
    async with Client(url, token, patience_s=0) as probing:
        await probing.send(beats[0].message, _key(beats[0], 0))
    tell = note_wait(DEFAULT_PATIENCE_S)
    async with Client(url, token, patience_s=DEFAULT_PATIENCE_S, on_wait=tell) as client:
        stage = _Stage(console, is_fast=is_fast)
        with stage.progress:
            stage.show(beats[0])
            for number, beat in enumerate(beats[1:], start=1):
                if not is_fast:
                    await pacing.sleep(beat.pause_s)
                await client.send(beat.message, _key(beat, number))
                stage.show(beat)
        _say_where(console, client.url, beats[-1])


class _Stage:
    """What the person sees meanwhile: each ended step on its line, below it what is played."""

    def __init__(self, console: Console, *, is_fast: bool) -> None:
        self._console = console
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=is_fast or not console.is_terminal,
        )
        self._task = self.progress.add_task("", total=len(step_names()))

    def show(self, beat: Beat) -> None:
        message = beat.message
        kind = message["type"]
        if kind == "step_started":
            self.progress.update(self._task, description=str(message["step_name"]))
        elif kind in ("step_completed", "deployment_completed"):
            self._console.print(text_of(kind, message), soft_wrap=True)
        if message.get("step_status") == "completed":
            self.progress.advance(self._task)


def _say_where(console: Console, url: str, last: Beat) -> None:
    project, deployment_id = last.message["project"], last.message["deployment_id"]
    address = f"{url}/deployments/{quote(deployment_id, safe='')}"
    said = f"Look at it: {address}?project={quote(project, safe='')}"
    console.print(said, soft_wrap=True, markup=False)


def _key(beat: Beat, number: int) -> str:
    """One key a message, so that a repeat by a lost answer is stored once."""
    message = beat.message
    return f"demo-{message['deployment_id']}-{message['project']}-{number}"
