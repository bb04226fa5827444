"""`tocsin user`: let people in, and give them a new password when they forgot it."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from tocsin.commands import ConfigOption, DataDirOption, EnvFileOption, invocation
from tocsin.commands._person import RoleOption, checked_name, somebody
from tocsin.model.access import Role
from tocsin.model.audit import setting_changed
from tocsin.model.event import new_event_id
from tocsin.model.people import MAX_PASSWORD_CHARS, Person, password_fault
from tocsin.settings import Settings
from tocsin.store import people
from tocsin.store.beside import change, opened
from tocsin.store.passwords import Passwords
from tocsin.store.people import PersonChange

NameArgument = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password's line from standard input.")
]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="People who sign in with a browser.", no_args_is_help=True)
    group.command("add")(add)
    group.command("passwd")(passwd)
    app.add_typer(group, name="user")


def add(
    ctx: typer.Context,
    name: NameArgument,
    *,
    role: RoleOption,
    password_stdin: StdinOption = False,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Add somebody; the password is asked for twice. The first one should be an admin.

    [bold]Examples[/bold]

        $ tocsin user add mina --role admin

        $ pass show tocsin | tocsin user add mina --role operator --password-stdin
    """
    checked_name(name)
    settings = invocation(ctx).load(config=config, data_dir=data_dir, env_file=env_file).settings
    asyncio.run(_add(settings, name, Role.parse(role), _password(from_stdin=password_stdin)))
    typer.echo(f"{name} can sign in.", err=True)


def passwd(
    ctx: typer.Context,
    name: NameArgument,
    *,
    password_stdin: StdinOption = False,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Give somebody a new password and end their sessions.

    [bold]Examples[/bold]

        $ tocsin user passwd mina
    """
    settings = invocation(ctx).load(config=config, data_dir=data_dir, env_file=env_file).settings
    asyncio.run(_passwd(settings, name, _password(from_stdin=password_stdin)))
    typer.echo(f"{name} has a new password.", err=True)


def _password(*, from_stdin: bool) -> str:
    """The password, from a line of standard input or asked for twice without showing it."""
    if from_stdin:
        # A little more than may be, so that one too long is told and not cut.
        password = sys.stdin.readline(MAX_PASSWORD_CHARS + 3).rstrip("\r\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    fault = password_fault(password)
    if fault is not None:
        raise typer.BadParameter(f"the password: {fault}")
    return password


async def _add(settings: Settings, name: str, role: Role, password: str) -> None:
    now = datetime.now(UTC)
    person = Person(new_event_id(), name, role, now)
    password_hash = await Passwords().hash(password)
    async with opened(settings.database_url, settings.data_dir) as database:
        event = setting_changed("person.added", name, somebody(), now)
        await change(database, [event], lambda conn: people.add(conn, person, password_hash))


async def _passwd(settings: Settings, name: str, password: str) -> None:
    now = datetime.now(UTC)
    wanted = PersonChange(password_hash=await Passwords().hash(password))
    async with opened(settings.database_url, settings.data_dir) as database:
        async with database.read() as conn:
            person = await conn.run_sync(people.by_name, name)
        event = setting_changed("person.password_changed", person.name, somebody(), now)
        await change(database, [event], lambda conn: people.change(conn, person.id, wanted, now))
