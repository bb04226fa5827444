"""Kinds of channels by the names that people call them."""

from tocsin.web.callbacks.desk import CallbackDesk


def kind_called(desk: CallbackDesk, name: str) -> str:
    """The kind that is called so; a name that is nobody's stays, and is found nowhere."""
    return desk.channel_type(name) or name


def one_of_the_kinds(desk: CallbackDesk) -> str:
    """What is expected in place of a name that is nobody's."""
    return f"expected one of {', '.join(sorted(one.type for one in desk.channels()))}"
