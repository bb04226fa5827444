"""Headers of people's own that a call may have: those that HTTP and the signature leave free.

RFC 9110, 5.1 and 5.5. Pure.
"""

import re

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]*")
# Made by HTTP itself or by the signature; a second one would mean something else to each reader.
_NOT_FREE = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
        "x-hub-signature-256",
    }
)


def check_header(name: str, value: str) -> None:
    """Refuse a header that could not be sent, or that would say something else than Tocsin says.

    Raises:
        ValueError: what was expected; nothing of the value is told.
    """
    # The name may stand in what is shown, the value may not.
    if not _NAME.fullmatch(name):
        raise ValueError("headers: expected names of letters, digits and -")
    if name.lower() in _NOT_FREE:
        raise ValueError(f"headers.{name}: is set by Tocsin itself")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"headers.{name}: expected one line of Latin letters")
