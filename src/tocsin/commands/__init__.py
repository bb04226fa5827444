"""The commands: one file each, found by `cli.py`; the folder is the list.

A command's file has `def add_to(app: typer.Typer) -> None`, which adds one command, or a
group made as a Typer of its own (`app.add_typer(group, name="token")`). What it is handed
comes through typer's context:

    def check_config(ctx: typer.Context, config: ConfigOption = None) -> None:
        loaded = invocation(ctx).load(config=config)

- Nothing but `cli.py` reads the environment; a command finds it in `Invocation.environ`.
- Asynchronous work is one `asyncio.run(…)` in the command's function.
- A fault of the user is raised as `ConfigError` (exit 2), or another `TocsinError` (exit 1);
  `cli.py` prints its text, never a traceback. `raise typer.Exit(code)` for other codes.
- Results go to standard output, everything else to standard error.
- The docstring is the help; it ends with examples, as the others do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tocsin.settings import Loaded, load

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings in TOML; see docs/configuration.md."),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="FOLDER", help="Where the database and the key file are."),
]
EnvFileOption = Annotated[
    Path | None,
    typer.Option("--env-file", metavar="FILE", help="NAME=value lines, read as environment."),
]
ListenOption = Annotated[
    list[str] | None,
    typer.Option("--listen", metavar="HOST:PORT", help="Address to listen on; may be repeated."),
]
StagesOption = Annotated[
    str | None,
    typer.Option(
        "--stages",
        metavar="NAME,NAME",
        help="Run these stages only: ingest, live, notify, watch, web. Without: all.",
    ),
]
UrlOption = Annotated[
    str, typer.Option("--url", envvar="TOCSIN_URL", help="Address of the server.")
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="TOCSIN_TOKEN",
        help="Token that the server gave out. Not needed on the server's own machine.",
    ),
]
DEFAULT_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Invocation:
    """What `cli.py` hands to every command."""

    environ: Mapping[str, str]
    find_kinds: Callable[[], Mapping[str, type]]

    def load(
        self,
        *,
        config: Path | None = None,
        data_dir: Path | None = None,
        env_file: Path | None = None,
        listen: Sequence[str] | None = None,
        stages: str | None = None,
    ) -> Loaded:
        """The settings, for commands that work beside the server's data or start it.

        Raises:
            ConfigError: with everything that is wrong.
        """
        return load(
            environ=self.environ,
            kinds=self.find_kinds(),
            config=config,
            env_file=env_file,
            flags={
                "data_dir": data_dir,
                "listen": list(listen) if listen else None,
                "stages": None if stages is None else [one.strip() for one in stages.split(",")],
            },
        )


def invocation(ctx: typer.Context) -> Invocation:
    """The invocation that this command is part of."""
    found = ctx.find_object(Invocation)
    if found is None:
        raise RuntimeError("commands are run by tocsin.cli.run, which hands them an Invocation")
    return found
