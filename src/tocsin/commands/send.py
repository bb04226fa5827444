"""`tocsin send`: report steps, log lines, the end of a deployment, or any event."""

import json
import os
import sys
import uuid
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.client import Client, ClientError, Sent, messages
from tocsin.client.batches import batches
from tocsin.client.command import DEFAULT_PATIENCE_S, PatienceOption, note, note_wait, run
from tocsin.client.messages import Line, Message, Where
from tocsin.commands import DEFAULT_URL, TokenOption, UrlOption
from tocsin.model.times import rfc3339

ProjectArgument = Annotated[str, typer.Argument(help="Project, e.g. shop.", show_default=False)]
DeploymentArgument = Annotated[
    str, typer.Argument(help="Id of the deployment, e.g. the CI's run id.", show_default=False)
]
DurationOption = Annotated[
    float | None, typer.Option("--duration", min=0, metavar="SECONDS", help="How long it took.")
]
LogsOption = Annotated[
    str | None, typer.Option("--logs", help="What it said; - reads standard input.")
]
WorkflowOption = Annotated[str | None, typer.Option("--workflow", help="Name of the workflow.")]
WorkflowIdOption = Annotated[str | None, typer.Option("--workflow-id", help="Id of its run.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the receipt as JSON.")]


@dataclass(frozen=True, slots=True)
class Target:
    """The server to send to, and for how long to try."""

    url: str
    token: str | None
    patience_s: float

    def client(self) -> Client:
        return Client(
            self.url,
            self.token,
            patience_s=self.patience_s,
            on_wait=note_wait(self.patience_s),
        )


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    group = typer.Typer(
        help="Report steps, log lines and ends of deployments, or any event.",
        no_args_is_help=True,
        rich_markup_mode="rich",
    )
    group.command("step")(send_step)
    group.command("log")(send_log)
    group.command("done")(send_done)
    group.command("event")(send_event)
    app.add_typer(group, name="send")


def send_step(
    *,
    project: ProjectArgument,
    deployment: DeploymentArgument,
    name: Annotated[str, typer.Argument(help="Name of the step.", show_default=False)],
    status: Annotated[str, typer.Option("--status", "-s", help="How it stands.")] = "started",
    logs: LogsOption = None,
    duration: DurationOption = None,
    workflow: WorkflowOption = None,
    workflow_id: WorkflowIdOption = None,
    as_json: JsonOption = False,
    retry_for: PatienceOption = DEFAULT_PATIENCE_S,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
) -> None:
    """Report that a step of a deployment begins, changes or ends.

    Any word is taken as status, also GitHub's: started, in_progress, retrying, completed,
    success, failure, cancelled, skipped, timed_out …

    [bold]Examples[/bold]

        $ tocsin send step shop 123456789 Build
        $ tocsin send step shop 123456789 Build --status completed --duration 12.5
        $ tocsin send step shop 123456789 Tests --status failed --logs - < report.txt
    """
    where = Where(project, deployment, workflow, workflow_id)
    message = messages.step(where, name, status, _now(), duration_s=duration, logs=_text(logs))
    run(_send(Target(url, token, retry_for), message, as_json=as_json))


def send_done(
    *,
    project: ProjectArgument,
    deployment: DeploymentArgument,
    status: Annotated[str, typer.Option("--status", "-s", help="success, failure, cancelled …")],
    logs: LogsOption = None,
    duration: DurationOption = None,
    workflow: WorkflowOption = None,
    workflow_id: WorkflowIdOption = None,
    as_json: JsonOption = False,
    retry_for: PatienceOption = DEFAULT_PATIENCE_S,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
) -> None:
    """Report that a deployment has ended.

    [bold]Examples[/bold]

        $ tocsin send done shop 123456789 --status success --duration 45
        $ tocsin send done shop 123456789 --status "${{ job.status }}"
    """
    now = _now()
    message = messages.completed(
        Where(project, deployment, workflow, workflow_id),
        status,
        now,
        started_at=_before(now, duration),
        duration_s=duration,
        logs=_text(logs),
    )
    run(_send(Target(url, token, retry_for), message, as_json=as_json))


def send_log(
    *,
    project: ProjectArgument,
    deployment: DeploymentArgument,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MESSAGE", help="The line; without it, standard input.", show_default=False
        ),
    ] = None,
    level: Annotated[
        str, typer.Option("--level", "-l", help="debug, info, warning, error …")
    ] = "info",
    step: Annotated[str | None, typer.Option("--step", help="Step that it belongs to.")] = None,
    as_json: JsonOption = False,
    retry_for: PatienceOption = DEFAULT_PATIENCE_S,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
) -> None:
    """Send a log line, or all lines of standard input while they come.

    When the server is away for too long, the rest of standard input is read and dropped, so
    that the program that writes it is not held up and not ended; the exit code is then 1.

    [bold]Examples[/bold]

        $ tocsin send log shop 123456789 "Uploading the bundle"
        $ tocsin send log shop 123456789 --level warning --step Build "Cache is cold"
        $ make build 2>&1 | tocsin send log shop 123456789 --step Build
    """
    where = Where(project, deployment)
    target = Target(url, token, retry_for)
    if words:
        line = Line(" ".join(words), _now(), level)
        message = messages.log_entry(where, line, step_name=step, source="cli")
        run(_send(target, message, as_json=as_json))
        return
    if sys.stdin.isatty():
        note("reading lines; Ctrl-D ends")
    run(_send_lines(target, where, level, step, as_json=as_json))


def send_event(
    *,
    kind: Annotated[
        str, typer.Argument(metavar="TYPE", help="E.g. backup.completed.", show_default=False)
    ],
    project: Annotated[str | None, typer.Option("--project", "-p", help="Project.")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="What it is about.")] = None,
    data: Annotated[
        str, typer.Option("--data", metavar="JSON|@FILE|-", help="What it holds, as JSON.")
    ] = "{}",
    source: Annotated[str, typer.Option("--source", help="Where it comes from.")] = "/cli",
    as_json: JsonOption = False,
    retry_for: PatienceOption = DEFAULT_PATIENCE_S,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
) -> None:
    """Send any event, as a CloudEvent.

    [bold]Examples[/bold]

        $ tocsin send event backup.completed --project shop --data '{"size_bytes": 1048576}'
        $ tocsin send event order.paid --subject 4711 --data @order.json
        $ uname -a | jq -R '{machine: .}' | tocsin send event host.seen --data -
    """
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": source,
        "type": kind,
        "time": rfc3339(_now()),
        "datacontenttype": "application/json",
        "data": _read_data(data),
    }
    event |= {"subject": subject} if subject else {}
    event |= {"project": project} if project else {}
    run(_publish(Target(url, token, retry_for), event, as_json=as_json))


async def _send(target: Target, message: Message, *, as_json: bool) -> None:
    async with target.client() as client:
        _print_receipt(await client.send(message), as_json=as_json)


async def _publish(target: Target, event: Mapping[str, Any], *, as_json: bool) -> None:
    async with target.client() as client:
        _print_receipt(await client.publish(event), as_json=as_json)


async def _send_lines(
    target: Target, where: Where, level: str, step: str | None, *, as_json: bool
) -> None:
    """Send standard input to its end; after a failure read on and drop, then raise it."""
    failure: ClientError | None = None
    sent: Sent | None = None
    line_count = 0
    async with target.client() as client, aclosing(batches(_read_input)) as found:
        async for texts in found:
            if failure is not None:
                continue
            now = _now()
            lines = [Line(text, now, level) for text in texts]
            try:
                sent = await client.send(messages.log_batch(where, lines, step_name=step))
                line_count += len(lines)
            except ClientError as error:
                failure = error
                note(f"{error}; {line_count} lines were sent, the rest is read and dropped")
    if failure is not None:
        raise failure
    if sent is not None:
        _print_receipt(sent, as_json=as_json, lines=line_count)


def _print_receipt(sent: Sent, *, as_json: bool, **more: int) -> None:
    if as_json:
        typer.echo(json.dumps({"event_id": sent.event_id, "seq": sent.seq, **more}))
    else:
        typer.echo(sent.seq)


def _text(said: str | None) -> str | None:
    """The text an option means: itself, or with "-" all of standard input."""
    if said != "-":
        return said
    return sys.stdin.buffer.read().decode(errors="replace")


def _read_data(said: str) -> object:
    """The JSON that `--data` means.

    Raises:
        typer.BadParameter: the file cannot be read, or it is no JSON.
    """
    try:
        if said == "-":
            said = sys.stdin.buffer.read().decode()
        elif said.startswith("@"):
            said = Path(said[1:]).read_text(encoding="utf-8")
        return json.loads(said)
    except OSError as error:
        raise typer.BadParameter(f"--data: {error}") from error
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"--data is not JSON: {error}") from error


def _read_input() -> bytes:
    """What standard input has now; waits while it has nothing, b"" at its end."""
    try:
        # Not by way of Python's buffer: a thread that waits in it would block the exit.
        number = sys.stdin.fileno()
    except OSError:
        # Standard input is not a file of the system, as in tests.
        return sys.stdin.buffer.read(64 * 1024)
    return os.read(number, 64 * 1024)


def _now() -> datetime:
    return datetime.now(UTC)


def _before(at: datetime, seconds: float | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return at - timedelta(seconds=seconds)
    except OverflowError:
        return None
