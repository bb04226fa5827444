"""Make docs/configuration.md out of defaults.toml and the shape of the settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from tocsin.settings.names import PLAIN_NAMES, dotted, environment_name
from tocsin.settings.shape import Key, Value, find, shape_of

_INTRODUCTION = """\
<!-- Made by `make docs` out of src/tocsin/settings/defaults.toml; change that file instead. -->
# Configuration

Tocsin needs no settings to start. What is set comes from these places; a later one wins:

1. the defaults on this page;
2. a TOML file, named by `--config FILE`;
3. plain names such as `DATABASE_URL` (see the end of this page);
4. the environment: `TOCSIN_` and the key in capitals, with `__` between the parts;
5. flags of the command line, such as `--listen`.

`--env-file FILE` reads a file of `NAME=value` lines as environment. Values stand as they are,
nothing in them is expanded, and variables of the process win over those of the file.

In the environment a list is written with commas or as JSON, a table as JSON:
`TOCSIN_HTTP__TRUSTED_PROXIES=10.0.0.0/8,::1`,
`TOCSIN_RETENTION__BY_SOURCE='{"github": 90}'`. One entry of a table can be set by its name:
`TOCSIN_RETENTION__BY_SOURCE__GITHUB=90`.

Keys marked *secret* may come from a file: `secret_key_file = "/run/secrets/key"`, or
`TOCSIN_SECRET_KEY_FILE=/run/secrets/key`. Line ends after the secret are left out. Secrets are
shown as `••••` wherever Tocsin shows settings.

A key that does not exist stops the start, and so does a value that cannot be; all faults are
told at once. `tocsin check-config` does the same without starting, and shows each value in
force with the place it came from. `TOCSIN_URL` and `TOCSIN_TOKEN` are read by the client
commands (`tocsin send`, `tocsin tail` …) and mean nothing to the server.
"""

_PLAIN = """\
## Plain names

Other programs' names for the same settings. They count when they stand in the file named by
`--env-file`, and, from the environment of the process, when `ENVIRONMENT` is `production`.
The name with `TOCSIN_` wins over the plain one. Other names in the file are left alone, as it
may serve other programs too; an unknown one with `TOCSIN_` is an error.

| Name | Key |
|---|---|
"""


@dataclass(frozen=True, slots=True)
class Described:
    """One entry of defaults.toml: `text` is the comment above it; a section has no default."""

    key: Key
    text: str
    default: str | None


def described() -> Iterator[Described]:
    """What defaults.toml says, in its order. It is written plainly enough to be read by line."""
    source = resources.files("tocsin.settings").joinpath("defaults.toml").read_text("utf-8")
    section: Key = ()
    comment: list[str] = []
    for line in source.splitlines():
        if line.startswith("#"):
            comment.append(line.removeprefix("#").removeprefix(" "))
            continue
        if line.startswith("["):
            section = tuple(line.strip("[]").split("."))
            yield Described(section, "\n".join(comment), None)
        elif line:
            name, _, default = line.partition(" = ")
            yield Described((*section, name), "\n".join(comment), default)
        comment = []


def description_of(setting: str) -> str:
    """What defaults.toml says of a setting, by its dotted name; of what is in a table, its table.

    An entry of a table has a name of its own, and a kind's options are described as a whole.
    """
    texts = {dotted(one.key): one.text for one in described()}
    while setting and setting not in texts:
        setting = setting.rpartition(".")[0]
    return texts.get(setting, "")


def render_configuration() -> str:
    """The page as Markdown."""
    parts = [_INTRODUCTION, "## At the top of the file\n"]
    for one in described():
        if one.default is None:
            parts.append(f"## {dotted(one.key)}\n\n{_paragraph(one.text)}\n")
        else:
            parts.append(_entry(one))
    names = "".join(f"| `{name}` | `{dotted(key)}` |\n" for name, key in PLAIN_NAMES.items())
    return "\n".join([*parts, _PLAIN + names])


def _entry(one: Described) -> str:
    node = find(shape_of({}), one.key)
    is_secret = isinstance(node, Value) and node.is_secret
    secret = " *secret*" if is_secret else ""
    name = environment_name(one.key)
    return (
        f"### `{dotted(one.key)}`{secret}\n\n{_paragraph(one.text)}\n\n"
        f"Default `{one.default}`, environment `{name}`.\n"
    )


def _paragraph(text: str) -> str:
    """The comment as Markdown; lines that are set in, as the options of a kind, stay apart."""
    lines = [
        f"- `{line.split()[0]}`: {' '.join(line.split()[1:])}" if line.startswith("  ") else line
        for line in text.splitlines()
    ]
    # A list wants an empty line before and after it.
    listed = [line.startswith("- ") for line in lines]
    starts = [now != before for before, now in zip([False, *listed], listed, strict=False)]
    return "\n".join(
        "\n" + line if is_start else line for line, is_start in zip(lines, starts, strict=True)
    )
