"""`tocsin migrate`: bring the database's schema up to date without starting the server."""

import asyncio

import typer

from tocsin.commands import ConfigOption, DataDirOption, EnvFileOption, invocation
from tocsin.store.address import address_of
from tocsin.store.migrate import migrate as bring_up_to_date


def add_to(app: typer.Typer) -> None:
    app.command()(migrate)


def migrate(
    ctx: typer.Context,
    *,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Bring the database up to date and print its revision.

    The server does this at each start; this is for doing it beforehand. Twice changes nothing.

    [bold]Examples[/bold]

        $ tocsin migrate --data-dir /var/lib/tocsin
    """
    settings = invocation(ctx).load(config=config, data_dir=data_dir, env_file=env_file).settings
    url = address_of(settings.database_url, settings.data_dir)
    typer.echo(asyncio.run(bring_up_to_date(url)))
