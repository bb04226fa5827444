"""`tocsin check-config`: say what the settings are and where each comes from."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tocsin.commands import (
    ConfigOption,
    DataDirOption,
    EnvFileOption,
    ListenOption,
    invocation,
)
from tocsin.settings import Explained, explain

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")]
ChangedOption = Annotated[bool, typer.Option("--changed", help="Only what is not a default.")]


def add_to(app: typer.Typer) -> None:
    app.command("check-config")(check_config)


def check_config(
    ctx: typer.Context,
    *,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    listen: ListenOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
    changed: ChangedOption = False,
) -> None:
    """Check the settings and show what is in force and where it comes from; secrets masked.

    Takes the options of serve. Ends with 0, or with 2 and all that is wrong on standard error.

    [bold]Examples[/bold]

        $ tocsin check-config --config /etc/tocsin.toml

        $ TOCSIN_AUTH__LOCAL_ROLE=none tocsin check-config --changed

        $ tocsin check-config --json | jq .settings
    """
    loaded = invocation(ctx).load(
        config=config, data_dir=data_dir, env_file=env_file, listen=listen
    )
    rows = explain(loaded, with_defaults=not changed)
    if as_json:
        typer.echo(json.dumps({"settings": [asdict(row) for row in rows]}, ensure_ascii=False))
    else:
        _print_table(rows)


def _print_table(rows: Sequence[Explained]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("setting", "value", "from"):
        # Folded, never cut: a cut value would be taken for the whole one.
        table.add_column(title, overflow="fold")
    for row in rows:
        style = "dim" if row.origin == "default" else ""
        table.add_row(Text(row.key), Text(_text(row.value)), Text(row.origin), style=style)
    Console(highlight=False).print(table)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value) or "–"
    return "–" if value in {"", None} else str(value)
