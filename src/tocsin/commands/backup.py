"""`tocsin backup`: write the database to a file, while the server runs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tocsin.commands import ConfigOption, DataDirOption, EnvFileOption, invocation
from tocsin.errors import ConfigError
from tocsin.store.address import address_of, is_postgres
from tocsin.store.backup import back_up, back_up_files

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="Where to; a file that is there is not touched.")
]


def add_to(app: typer.Typer) -> None:
    app.command()(backup)


def backup(
    ctx: typer.Context,
    file: FileArgument,
    *,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Write an SQLite database to FILE, as it is now, while the server runs.

    The copy is checked, and readable by you only. Files of trainings, where they lie in the data
    folder, are put into FILE.files beside it. To restore, stop the server and put the two where
    tocsin.db and files were. The key of stored secrets is not in it: keep secret.key too, in
    another place.

    PostgreSQL has its own: pg_dump; see docs/operations.md.

    [bold]Examples[/bold]

        $ tocsin backup /backups/tocsin-$(date +%F).db

        $ tocsin backup before-upgrade.db --data-dir /var/lib/tocsin
    """
    settings = invocation(ctx).load(config=config, data_dir=data_dir, env_file=env_file).settings
    url = address_of(settings.database_url, settings.data_dir)
    if is_postgres(url):
        message = "backup: the database is PostgreSQL: back it up by `pg_dump --format=custom`"
        raise ConfigError([message])
    # Of trainings; those in a bucket are the bucket's.
    files, files_to = settings.data_dir / "files", file.with_name(f"{file.name}.files")
    if files.is_dir() and files_to.exists():
        raise ConfigError([f"FILE: {files_to} is there already"])
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(file.name, total=None)
        newest = back_up(
            url, file, lambda done, total: progress.update(task, completed=done, total=total)
        )
    typer.echo(f"{file}: {file.stat().st_size} bytes, up to seq {newest}, checked")
    if files.is_dir():
        typer.echo(f"{files_to}: {back_up_files(files, files_to)} files")
