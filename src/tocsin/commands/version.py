"""`tocsin version`: say which Tocsin this is."""

import platform

import typer

from tocsin import __version__


def add_to(app: typer.Typer) -> None:
    app.command()(version)


def version() -> None:
    """Print the version of Tocsin and of the Python it runs on.

    [bold]Examples[/bold]

        $ tocsin version
    """
    typer.echo(f"tocsin {__version__} (Python {platform.python_version()})")
