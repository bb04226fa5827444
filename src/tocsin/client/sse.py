"""Read Server-Sent Events out of bytes that come in any pieces.

Pure: bytes in, messages out. Follows the HTML standard, 9.2.6 (2024): line ends are CR, LF
or CRLF, a message ends with an empty line, one without data is dropped, an unfinished one
at the end of the stream is dropped too.
"""

import codecs
import re
from dataclasses import dataclass

_LINE_END = re.compile("\r\n|\n|\r")

# Tocsin takes bodies of 10 MB, which JSON escapes can make six times as long. A message beyond
# this is not one, and what keeps it from filling the memory is this limit.
MAX_MESSAGE_CHARS = 64 * 1024 * 1024


class MessageTooLong(ValueError):
    """What comes is no event stream: no message of one is this long."""


@dataclass(frozen=True, slots=True)
class SseMessage:
    """One message. `last_id` is the id in force: its own, or the latest one before it."""

    event: str
    data: str
    last_id: str


class SseParser:
    """Turns pieces of a stream into messages; one parser a connection."""

    def __init__(self, last_id: str = "", max_chars: int = MAX_MESSAGE_CHARS) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._max_chars = max_chars
        self._is_after_cr = False
        self._begun: list[str] = []  # pieces of the line that has not ended yet
        self._begun_chars = 0
        self._event = ""
        self._data: list[str] = []
        self._data_chars = 0
        self._last_id = last_id

    def feed(self, piece: bytes) -> list[SseMessage]:
        """The messages that `piece` completes.

        Raises:
            MessageTooLong: a line or message goes beyond the limit.
        """
        text = self._decoder.decode(piece)
        if self._is_after_cr and text.startswith("\n"):
            # The CR ended the line already; this is the second half of a CRLF cut in two.
            text = text[1:]
            self._is_after_cr = False
        if not text:
            return []
        self._is_after_cr = text[-1] == "\r"
        *ended, begun = _LINE_END.split(text)
        messages = []
        for line in ended:
            message = self._take("".join([*self._begun, line]))
            self._begun, self._begun_chars = [], 0
            if message is not None:
                messages.append(message)
        if begun:
            self._begun.append(begun)
            self._begun_chars += len(begun)
        if self._begun_chars + self._data_chars > self._max_chars:
            raise MessageTooLong(f"a message longer than {self._max_chars} characters")
        return messages

    def _take(self, line: str) -> SseMessage | None:
        if not line:
            return self._finish()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._data_chars += len(value) + 1
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._last_id = value
        # An empty name is a comment; `retry` and all others ask nothing of us.
        return None

    def _finish(self) -> SseMessage | None:
        event, data = self._event, self._data
        self._event, self._data, self._data_chars = "", [], 0
        if not data:
            return None
        return SseMessage(event or "message", "\n".join(data), self._last_id)
