"""The options of channels as people give and see them: checked, masked, and as a form. Pure."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from pydantic import SecretStr, TypeAdapter, ValidationError

from tocsin.errors import FieldFault
from tocsin.model.callback_desk import ChannelKind, ChannelRate
from tocsin.model.masks import MASK
from tocsin.notify.channel import ALIASES, Channel, extras_of
from tocsin.settings.shape import holds_secret

# Shorter secrets are told by their last letters, so none of those are shown.
_MIN_HINTED_CHARS = 16
_HINT_CHARS = 4
# Of thousands of unknown options each would be compared with all that there are.
_MAX_UNKNOWN = 20


def kind_of(name: str, channel: Channel, base_url: str) -> ChannelKind:
    """What people are told of a kind of channel."""
    limits, extras = channel.LIMITS, extras_of(channel)
    return ChannelKind(
        type=name,
        aliases=tuple(sorted(other for other, kind in ALIASES.items() if kind == name)),
        schema=_schema(channel.Options, extras.EXAMPLE),
        secrets=tuple(sorted(secret_fields(channel.Options))),
        can_update=extras.CAN_UPDATE is not False,
        can_fold=limits.can_fold,
        max_size=limits.max_size,
        rates=tuple(ChannelRate(one.count, one.per_s) for one in limits.rates),
        timeout_s=limits.timeout_s,
        base_url=base_url,
    )


def _schema(options: type, example: Mapping[str, Any]) -> dict[str, Any]:
    """The options as JSON Schema, with an example of each that can be guessed from one."""
    schema, hidden = TypeAdapter(options).json_schema(), secret_fields(options)
    for name, value in example.items():
        # Of a secret that is none but an address people see by one what it looks like.
        if name not in hidden or str(value).startswith("https://"):
            schema["properties"][name].setdefault("examples", [value])
    return schema


def secret_fields(options: type) -> set[str]:
    """The options that are never shown."""
    hints = get_type_hints(options, include_extras=True)
    return {part.name for part in fields(options) if holds_secret(hints[part.name])}


def faults_of(channel: Channel, config: Mapping[str, Any]) -> list[FieldFault]:
    """What is wrong with options; what they hold is never told."""
    masked = [
        FieldFault(name, "expected the secret itself, as there is none stored to keep")
        for name in sorted(secret_fields(channel.Options))
        if _is_masked(config.get(name))
    ]
    if masked:
        return masked
    unknown = list(islice(_unknown(channel.Options, config), _MAX_UNKNOWN))
    if unknown:
        return unknown
    try:
        options: Any = TypeAdapter(channel.Options).validate_python(dict(config))
        extras_of(channel).check(options)
    except ValidationError as error:
        return [
            FieldFault(
                ".".join(str(part) for part in one["loc"]), _sentence(one["type"], one["msg"])
            )
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    except ValueError as error:
        return [FieldFault("", str(error))]
    return []


def _unknown(options: type, config: Mapping[str, Any]) -> Iterator[FieldFault]:
    # An option may have a name that Python keeps for itself, such as `from`.
    known = [*TypeAdapter(options).json_schema()["properties"]]
    for name in config:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield FieldFault(name, f"there is no such option{hint}")


def _sentence(kind: str, text: str) -> str:
    if kind == "missing":
        return "is required"
    text = text.removeprefix("Value error, ").replace("Input should be", "expected")
    return text[:1].lower() + text[1:]


def masked(channel: Channel, config: Mapping[str, Any]) -> dict[str, Any]:
    """The options as they may be shown, also those that are not valid."""
    hidden = secret_fields(channel.Options)
    return {name: _hidden(value) if name in hidden else value for name, value in config.items()}


def unmasked(
    channel: Channel, config: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """The options with each secret that stands as it was shown taken from `stored`."""
    hidden = secret_fields(channel.Options)
    return {
        name: _kept(value, stored.get(name)) if name in hidden else value
        for name, value in config.items()
    }


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_hidden(one) for one in value]
    if value is None or value == "":
        return value
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    host = _host(text)
    # Of an address what is behind its host is the secret.
    hidden = text.partition("://")[2].partition("/")[2] if host else text
    hint = hidden.rstrip("=")[-_HINT_CHARS:] if len(hidden) >= _MIN_HINTED_CHARS else ""
    return f"{host}{MASK}{hint}"


def _host(text: str) -> str:
    """Of an address what is before its path, which tells people where it leads."""
    if not text.startswith(("http://", "https://")):
        return ""
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}{port}/"


def _kept(value: Any, stored: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(stored, Mapping):
        return {name: _kept(one, stored.get(name)) for name, one in value.items()}
    if isinstance(value, list) and isinstance(stored, Sequence):
        return _kept_in_list(value, stored)
    return stored if stored is not None and value == _hidden(stored) else value


def _kept_in_list(value: Sequence[Any], stored: Sequence[Any]) -> list[Any]:
    """Each by how it is shown; of those that look alike the first one is the first."""
    left, kept = [(_hidden(one), one) for one in stored], []
    for one in value:
        at = next((at for at, (shown, _) in enumerate(left) if shown == one), None)
        kept.append(one if at is None else left.pop(at)[1])
    return kept


def _is_masked(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_is_masked(one) for one in value.values())
    if isinstance(value, str):
        return MASK in value
    return isinstance(value, Sequence) and any(_is_masked(one) for one in value)
