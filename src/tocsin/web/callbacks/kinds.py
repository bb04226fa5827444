"""Kinds of channels: by the names that people call them, and which of their options are secret."""

from collections.abc import Mapping
from typing import Any

from tocsin.web.callbacks.desk import CallbackDesk


def kind_called(desk: CallbackDesk, name: str) -> str:
    """The kind that is called so; a name that is nobody's stays, and is found nowhere."""
    return desk.channel_type(name) or name


def one_of_the_kinds(desk: CallbackDesk) -> str:
    """What is expected in place of a name that is nobody's."""
    return f"expected one of {', '.join(sorted(one.type for one in desk.channels()))}"


def secret_names(desk: CallbackDesk, channel_type: str) -> set[str] | None:
    """The options of a channel that are never shown; None for a kind that nobody knows."""
    kinds = {one.type: set(one.secrets) for one in desk.channels()}
    return kinds.get(channel_type)


def secrets_in(
    desk: CallbackDesk, channel_type: str, config: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Those of the options that are never shown; of an unknown kind that may be any."""
    names = secret_names(desk, channel_type)
    return {name: said for name, said in config.items() if names is None or name in names}
