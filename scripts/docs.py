"""Write the pages of docs/ that are made from code; with --check only say which are stale.

To add a page, add a line to PAGES: its place below docs/ and what renders it.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from inspect import cleandoc
from pathlib import Path
from typing import Any

import typer
from pydantic import SecretStr, TypeAdapter

from tocsin.cli import build
from tocsin.ingest.source import Envelope, Source, find_sources
from tocsin.notify.channel import ALIASES, Channel, extras_of, find_channels
from tocsin.settings.names import dotted, environment_name
from tocsin.settings.reference import render_configuration

DOCS = Path(__file__).parent.parent / "docs"

_KINDS = """\
<!-- Made by `make docs` out of the files in src/tocsin/ingest/sources/; change those instead. -->
# Kinds

What Tocsin can be extended with is a folder of files, one file a kind; the folder is the list.
There are [sources](#sources) and [channels](#channels). How to add one:
[contributing.md](contributing.md).

## Sources

A source is a kind of inbound call, with its addresses, its verification and its reading. Each
also answers at its address with one more part, `/hooks/<source>/<name>`: the name keeps apart
several senders of the same kind. `[sources.<source>.named.<name>]` takes the same options for that
name alone; what it leaves out it has from the source ([set-ups](contracts.md#set-ups)). Who is let
in is told in [contracts.md](contracts.md#receivers).
"""

_CHANNELS = """\
## Channels

A channel is a kind of chat, or of anything else that takes messages. Its options stand in the
`config` of a [callback's](callbacks.md) channel of that `type`. A secret is stored sealed, and
shown masked. The examples could be somebody's.
"""

_ENVELOPES = {
    Envelope.WEBHOOK: "`{success, message, …}`",
    Envelope.OBJECT: "the receipt alone, or problem details",
    Envelope.AVATAR: "`{status, …}`, or `{detail, status_code}`",
    Envelope.EMPTY: "nothing, or problem details",
}

_COMMANDS = """\
<!-- Made by `make docs` out of the files in src/tocsin/commands/; change those instead. -->
# Commands

Every command ends with 0 when it is done, with 1 when it failed, and with 2 when the command line
or the settings are wrong; `tocsin tail` ended by Ctrl-C ends with 130, and `tocsin run` with the
code of the command that it runs. Results go to standard output, everything else to standard error.

Client commands (`demo`, `run`, `send`, `tail`) talk to a running server, named by `--url` or
`TOCSIN_URL`, as whoever `--token` or `TOCSIN_TOKEN` says. `fake` stands for itself. The others work
on the settings and the data folder, beside a server that may be running there.
"""


def render_kinds() -> str:
    """docs/kinds.md: what each source and each channel is, and its options."""
    sources = (_source(name, source) for name, source in find_sources().items())
    channels = (_channel(name, channel) for name, channel in find_channels().items())
    return "\n".join([_KINDS, *sources, _CHANNELS, *channels])


def _source(name: str, source: Source) -> str:
    addresses = [*source.ENTRANCES, f"/hooks/{name}", f"/hooks/{name}/<name>"]
    rows = "".join(_option(name, one) for one in fields(source.Options))
    return (
        f"### `{name}`\n\n{(source.__doc__ or '').strip()}\n\n"
        f"- Addresses: {', '.join(f'`POST {address}`' for address in addresses)}\n"
        f"- Takes: {', '.join(f'`{kind}`' for kind in source.OPENAPI)}\n"
        f"- Answers: {_ENVELOPES[source.ENVELOPE]} (see [contracts.md](contracts.md#answers))\n\n"
        f"{cleandoc(source.Options.__doc__ or '')}\n\n"
        f"| Option | Environment | Default |\n|---|---|---|\n{rows}"
    )


def _option(kind: str, one: "Field[Any]") -> str:
    default = one.default if one.default_factory is MISSING else one.default_factory()
    shown = default.get_secret_value() if isinstance(default, SecretStr) else default
    shown = ", ".join(map(str, shown)) if isinstance(shown, tuple) else shown
    text = "required" if shown is MISSING else f"`{shown}`" if shown else "none"
    key = ("sources", kind, one.name)
    return f"| `{dotted(key)}` | `{environment_name(key)}` | {text} |\n"


def _channel(name: str, channel: Channel) -> str:
    schema = TypeAdapter(channel.Options).json_schema()
    needed = schema.get("required", ())
    rows = "".join(
        _cells(
            f"`{key}`", one["title"], _type(one), _default(one, is_needed=key in needed), _said(one)
        )
        for key, one in schema["properties"].items()
    )
    others = [other for other, kind in ALIASES.items() if kind == name]
    also = f"- Also: {', '.join(f'`{other}`' for other in others)}\n" if others else ""
    example = {"type": name, "enabled": True, "config": extras_of(channel).EXAMPLE}
    shown = json.dumps(example, ensure_ascii=False, indent=2)
    return (
        f"### Channel `{name}`\n\n{(channel.__doc__ or '').strip()}\n\n"
        f"{also}{_limits(channel)}\n{schema['description']}\n\n"
        f"| Option | | Type | Default | |\n|---|---|---|---|---|\n{rows}\n"
        f"```json\n{shown}\n```\n"
    )


def _limits(channel: Channel) -> str:
    limits = channel.LIMITS
    paces = " and ".join(f"{one.count} in {one.per_s:g} s" for one in limits.rates)
    return (
        f"- Pace: {paces or 'none of its own'}\n"
        f"- Beyond it: {'folded into a digest' if limits.can_fold else 'each waits'}\n"
    )


def _type(schema: Mapping[str, Any]) -> str:
    """What an option holds, in a word or two."""
    kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return " or ".join(_kind_of(one) for one in kinds)


def _kind_of(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("writeOnly"):
        return "secret"
    if schema["type"] == "array":
        return f"list of {_kind_of(schema['items'])}"
    if schema["type"] == "object":
        return f"object of {_kind_of(schema['additionalProperties'])}"
    low, high = schema.get("minimum"), schema.get("maximum")
    name = {"string": "text", "integer": "number", "boolean": "true or false"}[schema["type"]]
    return name if low is None or high is None else f"{low} to {high}"


def _default(schema: Mapping[str, Any], *, is_needed: bool) -> str:
    if is_needed:
        return "required"
    default = schema.get("default")
    return "none" if default in (None, "", [], {}) else f"`{json.dumps(default)}`"


def _said(schema: Mapping[str, Any]) -> str:
    return str(schema.get("description", ""))


def render_commands() -> str:
    """docs/commands.md: what each command takes, out of its own help."""
    program = typer.main.get_command(build())
    return "\n".join([_COMMANDS, *(_command(words, one) for words, one in _leaves(program))])


def _leaves(command: Any, words: str = "tocsin") -> Iterator[tuple[str, Any]]:
    """Each command that does something, with what to type for it."""
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
        return
    for name, child in sorted(children.items()):
        yield from _leaves(child, f"{words} {name}")


def _command(words: str, command: Any) -> str:
    text, _, examples = re.sub(r"\[/?\w+\]", "", command.help).partition("Examples\n")
    typed = "\n".join(line.strip() for line in examples.splitlines() if line.strip())
    rows = "".join(_parameter(one) for one in command.params if one.name != "help")
    table = f"| | |\n|---|---|\n{rows}\n" if rows else ""
    return f"## `{words}`\n\n{text.strip()}\n\n{table}```console\n{typed}\n```\n"


def _parameter(one: Any) -> str:
    is_option = one.opts[0].startswith("-")
    names = one.opts if is_option else [one.metavar or one.name.upper()]
    said = [one.help or "", f"Also `{one.envvar}`." if one.envvar else ""]
    cells = (", ".join(f"`{name}`" for name in names), " ".join(filter(None, said)))
    return _cells(*cells)


def _cells(*cells: str) -> str:
    # A bar would end the cell, also inside of backticks.
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": render_commands,
    "configuration.md": render_configuration,
    "kinds.md": render_kinds,
}


def main(args: list[str]) -> int:
    """0 when all pages are as they should be, 1 when --check found one that is not."""
    stale = [
        (DOCS / place, text)
        for place, render in PAGES.items()
        if _text(DOCS / place) != (text := render())
    ]
    is_check = "--check" in args
    for page, text in stale:
        if is_check:
            print(f"docs/{page.relative_to(DOCS)} is stale; run `make docs`", file=sys.stderr)
        else:
            page.write_text(text, encoding="utf-8")
            print(f"wrote docs/{page.relative_to(DOCS)}")
    return 1 if is_check and stale else 0


def _text(page: Path) -> str:
    return page.read_text("utf-8") if page.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
