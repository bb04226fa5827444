"""`tocsin serve`: run the server until it is told to stop."""

import typer
import uvloop

from tocsin.app.serving import serve as run_server
from tocsin.commands import (
    ConfigOption,
    DataDirOption,
    EnvFileOption,
    ListenOption,
    StagesOption,
    invocation,
)
from tocsin.logs import set_up_logs
from tocsin.settings import instance_of


def add_to(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    ctx: typer.Context,
    *,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    listen: ListenOption = None,
    stages: StagesOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Run the server, until SIGTERM or Ctrl+C.

    It stops within 10 seconds and finishes what is in hand; a second signal ends it at once.

    [bold]Examples[/bold]

        $ tocsin serve

        $ tocsin serve --data-dir /var/lib/tocsin --listen 0.0.0.0:8000 --listen [::1]:8001

        $ tocsin serve --config /etc/tocsin.toml --env-file /etc/tocsin.env

        $ tocsin serve --config /etc/tocsin.toml --stages live,web
    """
    loaded = invocation(ctx).load(
        config=config, data_dir=data_dir, env_file=env_file, listen=listen, stages=stages
    )
    logs = loaded.settings.logs
    set_up_logs(logs.level, logs.format, instance=instance_of(loaded.settings))
    code = uvloop.run(run_server(loaded))
    raise typer.Exit(code)
