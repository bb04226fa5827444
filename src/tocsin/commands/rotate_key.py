"""`tocsin rotate-key`: seal the stored secrets with a new key.

The steps are in an order in which stopping after any of them loses nothing: the new key is kept
somewhere before anything is sealed with it, and the old one goes only when nothing needs it.
"""

import asyncio
from datetime import UTC, datetime

import typer

from tocsin.commands import ConfigOption, DataDirOption, EnvFileOption, invocation
from tocsin.commands._person import somebody
from tocsin.model.audit import setting_changed
from tocsin.settings import Settings
from tocsin.store import secrets
from tocsin.store.address import address_of, is_postgres
from tocsin.store.beside import change, opened
from tocsin.store.key import SecretKey, Vault, begin_rotation, end_rotation, load_keys


def add_to(app: typer.Typer) -> None:
    app.command("rotate-key")(rotate_key)


def rotate_key(
    ctx: typer.Context,
    *,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Seal all stored secrets with a new key. Restart the server afterwards.

    With the key file in the data folder that is all. With `secret_key` set by you, the new key
    is printed, alone, on standard output before it is used: put it where the old one was.

    [bold]Examples[/bold]

        $ tocsin rotate-key --data-dir /var/lib/tocsin

        $ tocsin rotate-key > new.key
    """
    settings = invocation(ctx).load(config=config, data_dir=data_dir, env_file=env_file).settings
    asyncio.run(_rotate(settings, settings.secret_key.get_secret_value()))


async def _rotate(settings: Settings, setting: str) -> None:
    now = datetime.now(UTC)
    url = address_of(settings.database_url, settings.data_dir)
    old = load_keys(setting, settings.data_dir, may_make=not is_postgres(url))
    async with opened(settings.database_url, settings.data_dir) as database:
        await database.write(lambda conn: secrets.check_key(conn, Vault(old), now))
        new = _new_key(settings, setting)
        event = setting_changed("secret_key.rotated", new.id, somebody(), now)
        count = await change(database, [event], lambda conn: secrets.reseal(conn, old, new, now))
    if setting:
        typer.echo("Set secret_key to the new key: the old one opens nothing any more.", err=True)
    else:
        end_rotation(settings.data_dir)
    typer.echo(f"{count} secrets are sealed with the key {new.id}; restart Tocsin.", err=True)


def _new_key(settings: Settings, setting: str) -> SecretKey:
    if not setting:
        return begin_rotation(settings.data_dir)
    new = SecretKey.new()
    # The person holds it before anything is sealed with it: a stop now loses nothing.
    typer.echo(new.text)
    return new
