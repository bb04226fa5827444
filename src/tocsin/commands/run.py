"""`tocsin run`: run a step's command in any CI, and show it live while it runs."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from time import time
from typing import Annotated

import typer

from tocsin.commands import DEFAULT_URL, TokenOption, UrlOption, invocation
from tocsin.running.brief import Brief
from tocsin.running.job import Job, job_of
from tocsin.running.masking import MIN_CHARS, is_too_short
from tocsin.running.runner import run_command, tell

DEFAULT_WAIT_S = 5.0


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    # What stands behind the command's name is the command's, also when it looks like an option.
    settings = {"allow_interspersed_args": False, "ignore_unknown_options": False}
    app.command("run", context_settings=settings)(run)


def run(
    ctx: typer.Context,
    *,
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="What to run.", show_default=False)
    ],
    step: Annotated[str, typer.Option("--step", help="Name of the step.", show_default=False)],
    project: Annotated[
        str, typer.Option("--project", "-p", help="Project; by default the CI's.")
    ] = "",
    deployment: Annotated[
        str,
        typer.Option("--deployment", "-d", help="Id of the deployment; by default the CI's run."),
    ] = "",
    mask: Annotated[
        list[str] | None,
        typer.Option("--mask", metavar="SECRET", help="Never send this; may be repeated."),
    ] = None,
    mask_env: Annotated[
        list[str] | None,
        typer.Option(
            "--mask-env",
            metavar="NAME",
            help="Never send the value of this variable, * is any text; may be repeated.",
        ),
    ] = None,
    mask_file: Annotated[
        list[Path] | None,
        typer.Option(
            "--mask-file", metavar="FILE", help="Never send a line of this; may be repeated."
        ),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(
            "--wait",
            min=0,
            max=600,
            metavar="SECONDS",
            help="How long at most to go on sending once the command has ended.",
        ),
    ] = DEFAULT_WAIT_S,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
) -> None:
    """Run a command as a step of a deployment: send its beginning, its output live, its end.

    Its output, exit code and signals are passed on as they are. The server is not needed: what
    cannot be sent is kept and tried again while the command runs, and told at the end.

    In GitHub Actions, GitLab CI and Jenkins --project and --deployment need not be given.
    Ends with the command's exit code; 127 if there is no such command, 126 if it cannot be run.

    [bold]Examples[/bold]

        $ tocsin run --step Build -- make -j4
        $ tocsin run -p shop -d 42 --step Deploy --mask-env 'DB_*' -- ./deploy.sh --all
        $ tocsin run -p shop -d 42 --step Tests -- sh -c 'make test | tee report.txt'
    """
    environ = invocation(ctx).environ
    job = _job(job_of(environ), project, deployment)
    secrets = [*(mask or ()), *_values(environ, mask_env or ()), *_contents(mask_file or ())]
    for secret in filter(is_too_short, secrets):
        tell(f"a secret of {len(secret.strip())} characters is not masked; {MIN_CHARS} are needed")
    brief = Brief(url, token or "", step, command, secrets, job, time())
    raise typer.Exit(run_command(brief, environ, wait))


def _job(found: Job, project: str, deployment: str) -> Job:
    """The job as the CI and the options tell it.

    Raises:
        typer.BadParameter: neither says which deployment this is.
    """
    job = replace(
        found,
        project=project or found.project,
        deployment_id=deployment or found.deployment_id,
    )
    missing = {"--project": job.project, "--deployment": job.deployment_id}
    if not all(missing.values()):
        names = " and ".join(name for name, value in missing.items() if not value)
        raise typer.BadParameter(f"this is none of the known CIs: give {names}")
    return job


def _values(environ: Mapping[str, str], patterns: Iterable[str]) -> Iterable[str]:
    for pattern in patterns:
        values = [value for name, value in environ.items() if fnmatchcase(name, pattern)]
        if not values:
            tell(f"--mask-env {pattern}: there is no such variable")
        yield from values


def _contents(files: Iterable[Path]) -> Iterable[str]:
    """Raises typer.BadParameter: to go on would show what is to be masked."""
    for file in files:
        try:
            yield file.read_text("utf-8", "surrogateescape")
        except OSError as error:
            raise typer.BadParameter(f"--mask-file: {error}") from error
