"""`tocsin serve`: run the server until it is told to stop."""

import typer
import uvloop

from tocsin import app as server
from tocsin.commands import (
    ConfigOption,
    DataDirOption,
    EnvFileOption,
    ListenOption,
    invocation,
)
from tocsin.logs import set_up_logs


def add_to(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    ctx: typer.Context,
    *,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    listen: ListenOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Run the server, until SIGTERM or Ctrl+C.

    It stops within 10 seconds and finishes what is in hand; a second signal ends it at once.

    [bold]Examples[/bold]

        $ tocsin serve

        $ tocsin serve --data-dir /var/lib/tocsin --listen 0.0.0.0:8000 --listen [::1]:8001

        $ tocsin serve --config /etc/tocsin.toml --env-file /etc/tocsin.env
    """
    loaded = invocation(ctx).load(
        config=config, data_dir=data_dir, env_file=env_file, listen=listen
    )
    set_up_logs(loaded.settings.logs.level, loaded.settings.logs.format)
    code = uvloop.run(server.serve(loaded))
    raise typer.Exit(code)
