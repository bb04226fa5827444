"""`tocsin fake`: run a chat platform on this machine, to try callbacks out."""

import asyncio
import json
import shlex
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any

import typer

from tocsin.client.command import note, run
from tocsin.client.terminal import harmless
from tocsin.commands import DEFAULT_URL, UrlOption
from tocsin.errors import ConfigError
from tocsin.testing.platform import COMMON_FAULTS, Kind, Running, find_platforms, platform

NETWORKS = """TOCSIN_NOTIFY__ALLOWED_NETWORKS='["127.0.0.0/8"]'"""
OTHER_NAMES = {"lark": "feishu", "generic": "custom", "webhook": "custom"}

ChannelArgument = Annotated[
    str,
    typer.Argument(
        metavar="CHANNEL",
        help="feishu, dingtalk, wecom, wechat, slack, discord, telegram, teams, email or custom.",
    ),
]
ListenOption = Annotated[
    str, typer.Option("--listen", metavar="HOST:PORT", help="Where it listens; port 0 is any.")
]
SecretOption = Annotated[
    str,
    typer.Option("--secret", help="What it checks senders by; feishu and dingtalk sign with it."),
]
KeywordOption = Annotated[
    list[str] | None,
    typer.Option("--keyword", help="Word that messages have to hold; may be repeated."),
]
RateOption = Annotated[
    int | None, typer.Option("--rate", min=1, help="Messages a minute, not the platform's own.")
]
FaultOption = Annotated[
    str, typer.Option("--fault", help="What sends meet; --fault help lists what there is.")
]
TimesOption = Annotated[
    int | None, typer.Option("--times", min=1, help="So many sends meet it; else all of them do.")
]
UseOption = Annotated[
    str, typer.Option("--use", help="Which of its configurations to print, such as bot or app.")
]
ProjectOption = Annotated[
    str, typer.Option("--project", "-p", help="Project of the callback that is printed.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("fake")(fake)


def fake(
    channel: ChannelArgument,
    *,
    listen: ListenOption = "127.0.0.1:9100",
    secret: SecretOption = "",
    keyword: KeywordOption = None,
    rate: RateOption = None,
    fault: FaultOption = "",
    times: TimesOption = None,
    use: UseOption = "",
    project: ProjectOption = "demo-shop",
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Run a fake of a chat platform, as strict as the real one, and see what arrives.

    Prints the configuration of a channel that works with it, and a command that makes a callback
    of it. Open its address in a browser: a page draws each message as the platform would, and
    lists the calls with their answers; /taken has all of that as JSON.

    It checks what the platform checks: signature and time, sizes, keywords, rates, tokens. With
    --fault it fails as the platform does, for all sends or for the first --times of them.

    Tocsin calls this machine only if it is allowed to, which the first printed lines tell.
    Ctrl-C ends it.

    [bold]Examples[/bold]

        $ tocsin fake feishu

        $ tocsin fake dingtalk --secret SECdemo --keyword 发布 --rate 5

        $ tocsin fake slack --use bot --fault rate_limited --times 2

        $ tocsin fake custom --listen 127.0.0.1:9200 --fault slow
    """
    kind = OTHER_NAMES.get(channel, channel)
    found = find_platforms().get(kind)
    if found is None:
        known = ", ".join(find_platforms())
        raise ConfigError([f"CHANNEL: there is no fake of {channel}, only of {known}"])
    if fault == "help":
        _print_faults(found)
        return
    host, port = _address(listen)
    given = {"secret": secret, "keywords": tuple(keyword or ()), "rate": rate}
    options = _options(kind, found, {name: value for name, value in given.items() if value})
    run(_serve(kind, options, (host, port), (fault, times), _Printed(use, project, url)))


class _Printed:
    """What is printed for pasting."""

    def __init__(self, use: str, project: str, url: str) -> None:
        self._use = use
        self._project = project
        self._url = url

    def config(self, fake: Running) -> Mapping[str, Any]:
        """The configuration that was asked for.

        Raises:
            ConfigError: there is none for that.
        """
        if self._use and self._use not in fake.configs:
            raise ConfigError([f"--use: {fake.kind} has only {', '.join(fake.configs)}"])
        return fake.configs[self._use] if self._use else fake.config

    def text(self, fake: Running) -> str:
        """All of it."""
        use = self._use or next(iter(fake.configs))
        channel = {"type": fake.kind, "enabled": True, "config": self.config(fake)}
        callback = {
            "events": ["step_*", "deployment_*"],
            "language": "en",
            "channels": [channel],
        }
        address = f"{self._url}/api/v1/release/projects/{self._project}/callbacks"
        environment = [NETWORKS]
        if use in fake.fake.BY_BASE_URL:
            environment.append(f"TOCSIN_NOTIFY__{fake.kind.upper()}__BASE_URL={fake.url}")
        settings = " \\\n    ".join([*environment, "TOCSIN_AUTH__LOCAL_ROLE=admin tocsin serve"])
        return "\n".join(
            [
                f"{fake.fake.TITLE} (a fake) is at {fake.url}/ - look at it in a browser.",
                "",
                "Unless it runs so already, start Tocsin so that it may call this machine:",
                f"  {settings}",
                "",
                f"The configuration of the channel{self._others(fake, use)}:",
                json.dumps(channel, ensure_ascii=False, indent=2),
                "",
                "Make a callback of it (language: en, zh, ko or ru):",
                f"  curl -sS -X POST {shlex.quote(address)} \\",
                "    -H 'Content-Type: application/json' \\",
                f"    -d {shlex.quote(json.dumps(callback, ensure_ascii=False))}",
                "",
            ]
        )

    def _others(self, fake: Running, use: str) -> str:
        others = [one for one in fake.configs if one != use]
        return f" (there is also --use {', '.join(others)})" if others else ""


async def _serve(
    kind: str,
    options: Mapping[str, Any],
    address: tuple[str, int],
    trouble: tuple[str, int | None],
    printed: _Printed,
) -> None:
    host, port = address
    fault, times = trouble
    try:
        async with platform(kind, host=host, port=port, **options) as running:
            _set(running, fault, times)
            typer.echo(printed.text(running))
            running.on_news(_tell)
            # Until Ctrl-C.
            await asyncio.get_running_loop().create_future()
    except OSError as error:
        raise ConfigError([f"--listen: {host}:{port}: {error.strerror or error}"]) from error


def _set(running: Running, fault: str, times: int | None) -> None:
    if not fault:
        return
    try:
        if times:
            running.script(*[fault] * times)
        else:
            running.always(fault)
    except ValueError as error:
        raise ConfigError([f"--fault: {error}"]) from error


def _tell(news: str) -> None:
    note(f"{datetime.now().astimezone():%H:%M:%S} {harmless(news)}")


def _print_faults(kind: Kind) -> None:
    own = {name: one.meaning for name, one in kind.Platform.FAULTS.items()}
    for name, meaning in {**own, **COMMON_FAULTS}.items():
        typer.echo(f"{name:14} {meaning}")


def _options(kind: str, found: Kind, given: Mapping[str, Any]) -> Mapping[str, Any]:
    known = {one.name for one in fields(found.Options)}
    flags = {"keywords": "--keyword"}
    problems = [
        f"{flags.get(name, f'--{name}')}: {kind} has no such thing"
        for name in given
        if name not in known
    ]
    if problems:
        raise ConfigError(problems)
    return given


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(["--listen: expected HOST:PORT such as 127.0.0.1:9100"])
    return host.strip("[]"), int(port)
