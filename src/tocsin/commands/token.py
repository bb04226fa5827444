"""`tocsin token`: make, list and revoke what programs show to be let in."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tocsin.commands import ConfigOption, DataDirOption, EnvFileOption, invocation
from tocsin.commands._person import RoleOption, checked_name, somebody
from tocsin.model.access import Role
from tocsin.model.audit import setting_changed
from tocsin.model.event import new_event_id
from tocsin.model.times import rfc3339
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.settings import Settings
from tocsin.store import tokens
from tocsin.store.beside import change, opened

PAGE = 1000

NameOption = Annotated[str, typer.Option("--name", help="What it is for; seen in lists and logs.")]
DaysOption = Annotated[
    int | None,
    typer.Option("--expires-days", min=1, max=3650, help="Days it is good for; else for ever."),
]
WhichArgument = Annotated[str, typer.Argument(metavar="ID|NAME", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Tokens for programs: CI jobs, scripts, other services.", no_args_is_help=True
    )
    group.command("create")(create)
    group.command("list")(list_all)
    group.command("revoke")(revoke)
    app.add_typer(group, name="token")


def create(
    ctx: typer.Context,
    *,
    role: RoleOption,
    name: NameOption,
    expires_days: DaysOption = None,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Make a token and print it, alone, on standard output. It is never shown again.

    Works on the server's data, also while the server runs; it knows the token at once.

    [bold]Examples[/bold]

        $ tocsin token create --role sender --name ci

        $ TOCSIN_TOKEN=$(tocsin token create --role viewer --name wall --expires-days 90)
    """
    checked_name(name)
    settings = invocation(ctx).load(config=config, data_dir=data_dir, env_file=env_file).settings
    typer.echo(asyncio.run(_create(settings, Role.parse(role), name, expires_days)))


def list_all(
    ctx: typer.Context,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """List the tokens, revoked ones too; never their text.

    [bold]Examples[/bold]

        $ tocsin token list

        $ tocsin token list --json | jq -r 'select(.last_used_at == null) | .name'
    """
    settings = invocation(ctx).load(config=config, data_dir=data_dir, env_file=env_file).settings
    found = asyncio.run(_all(settings))
    if as_json:
        for token in found:
            typer.echo(json.dumps(_row(token), ensure_ascii=False))
    else:
        _print_table(found)


def revoke(
    ctx: typer.Context,
    which: WhichArgument,
    *,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Revoke a token; a running server refuses it within two seconds.

    [bold]Examples[/bold]

        $ tocsin token revoke ci
    """
    settings = invocation(ctx).load(config=config, data_dir=data_dir, env_file=env_file).settings
    token = asyncio.run(_revoke(settings, which))
    typer.echo(f"{token.name} is revoked.", err=True)


async def _create(settings: Settings, role: Role, name: str, expires_days: int | None) -> str:
    now, by, text = datetime.now(UTC), somebody(), new_token()
    expires_at = None if expires_days is None else now + timedelta(days=expires_days)
    token = Token(new_event_id(), name, role, now, by, expires_at)
    async with opened(settings.database_url, settings.data_dir) as database:
        event = setting_changed("token.created", name, by, now)
        await change(database, [event], lambda conn: tokens.add(conn, token, digest_of(text)))
    return text


async def _all(settings: Settings) -> Sequence[Token]:
    found: list[Token] = []
    async with (
        opened(settings.database_url, settings.data_dir) as database,
        database.read() as conn,
    ):
        while page := await tokens.page(conn, PAGE, found[-1].id if found else None):
            found.extend(page)
    return found


async def _revoke(settings: Settings, which: str) -> Token:
    now = datetime.now(UTC)
    async with opened(settings.database_url, settings.data_dir) as database:
        async with database.read() as conn:
            token = await conn.run_sync(tokens.in_use, which)
        event = setting_changed("token.revoked", token.name, somebody(), now)
        await change(database, [event], lambda conn: tokens.revoke(conn, token.id, now))
    return token


def _row(token: Token) -> dict[str, str | None]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role.word,
        "created_at": rfc3339(token.created_at),
        "created_by": token.created_by,
        "expires_at": rfc3339(token.expires_at),
        "last_used_at": rfc3339(token.last_used_at),
        "revoked_at": rfc3339(token.revoked_at),
    }


def _print_table(found: Sequence[Token]) -> None:
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False)
    for title in ("name", "role", "state", "last used", "created", "by", "id"):
        table.add_column(title, overflow="fold")
    for token in found:
        state = _state(token, now)
        cells = (
            token.name,
            token.role.word,
            state,
            _day(token.last_used_at),
            _day(token.created_at),
            token.created_by,
            token.id,
        )
        style = "" if token.is_good(now) else "dim"
        table.add_row(*(Text(cell) for cell in cells), style=style)
    Console(highlight=False).print(table)


def _state(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if not token.is_good(now):
        return "expired"
    return "good" if token.expires_at is None else f"until {_day(token.expires_at)}"


def _day(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d}"
