"""Pages of lists: where the next one begins, as a text that means nothing to a client.

Pure. A cursor names the last item of the page before, not a count of items: what is added
or removed meanwhile neither repeats an item nor leaves one out.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

from tocsin.errors import FieldFault, Reason, Rejected

T = TypeVar("T")
Place = int | str

MAX_CURSOR_CHARS = 2_000
LARGEST_INT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list in its order; `is_more` tells that others follow.

    It may hold fewer items than were asked for although more follow, when they are large.
    """

    items: Sequence[T]
    is_more: bool


def encode_cursor(kind: str, *place: Place) -> str:
    """The cursor of the list `kind` behind the item at `place`."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *place])).rstrip(b"=").decode()


def decode_cursor(kind: str, text: str, shape: Sequence[type[Place]]) -> list[Place]:
    """The place that `encode_cursor` was given; `shape` are the types of its parts.

    Raises:
        Rejected: 422, it is no cursor of this list.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        said = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, orjson.JSONDecodeError) as error:
        raise no_cursor() from error
    if not isinstance(said, list) or len(said) != len(shape) + 1 or said[0] != kind:
        raise no_cursor()
    place = said[1:]
    for part, wanted in zip(place, shape, strict=True):
        # A bool is an int to Python; a number beyond 64 bits is more than a database takes.
        if type(part) is not wanted or (isinstance(part, int) and not 0 <= part <= LARGEST_INT):
            raise no_cursor()
    return place


def no_cursor() -> Rejected:
    """The refusal of a text that is no cursor of the list."""
    fault = FieldFault("cursor", "expected the next_cursor of a page of this list")
    return Rejected(422, Reason.BAD_FIELD, f"cursor: {fault.message}", fields=(fault,))
