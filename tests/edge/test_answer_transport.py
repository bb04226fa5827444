"""An answer's head and the begin of its body are one write."""

import asyncio
from typing import cast

from tocsin.edge.answer_transport import MAX_JOINED_BYTES, AnswerTransport


class Noting:
    """A transport that notes what is done with it."""

    def __init__(self) -> None:
        self.done: list[bytes | None] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append(None)

    def is_closing(self) -> bool:
        return None in self.done


def answering(*, has_body: bool = True) -> tuple[AnswerTransport, Noting]:
    noting = Noting()
    return AnswerTransport(cast("asyncio.Transport", noting), has_body=has_body), noting


async def test_head_and_body_are_one_write() -> None:
    answer, noting = answering()
    answer.write(b"head ")
    answer.write(b"body")

    await asyncio.sleep(0)
    assert noting.done == [b"head body"]


async def test_a_head_alone_goes_out_in_the_next_pass_of_the_loop() -> None:
    answer, noting = answering()
    answer.write(b"head")
    assert noting.done == []

    await asyncio.sleep(0)
    assert noting.done == [b"head"]


async def test_what_follows_is_written_as_it_comes() -> None:
    answer, noting = answering()
    answer.write(b"head ")
    answer.write(b"begin")
    answer.write(b"more")
    answer.write(b"end")

    assert noting.done == [b"head begin", b"more", b"end"]


async def test_a_large_body_is_not_copied() -> None:
    answer, noting = answering()
    body = b"x" * (MAX_JOINED_BYTES + 1)
    answer.write(b"head")
    answer.write(body)

    await asyncio.sleep(0)
    assert noting.done[0] == b"head"
    assert noting.done[1] is body


async def test_an_empty_body_lets_the_head_go() -> None:
    answer, noting = answering()
    answer.write(b"head")
    answer.write(b"")

    assert noting.done == [b"head"]


async def test_a_head_without_a_body_is_written_before_the_end() -> None:
    answer, noting = answering()
    answer.write(b"head")
    answer.close()

    await asyncio.sleep(0)
    assert noting.done == [b"head", None]
    assert answer.is_closing()


async def test_what_is_closed_with_nothing_written_stays_silent() -> None:
    answer, noting = answering()
    answer.close()

    await asyncio.sleep(0)
    assert noting.done == [None]


async def test_a_reader_that_has_gone_is_written_nothing() -> None:
    """Those of uvloop raise then, for each of the calls that such a reader sent at once."""
    answer, noting = answering()
    answer.write(b"head")
    noting.close()
    answer.write(b"x" * (MAX_JOINED_BYTES + 1))
    answer.write(b"more")

    await asyncio.sleep(0)
    assert noting.done == [None]


async def test_a_head_that_no_body_follows_waits_for_nothing() -> None:
    answer, noting = answering(has_body=False)
    answer.write(b"head")

    assert noting.done == [b"head"]


async def test_to_be_told_to_go_on_is_not_the_head() -> None:
    answer, noting = answering()
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    answer.write(go_on)
    at_once = list(noting.done)
    answer.write(b"head ")
    answer.write(b"body")

    assert at_once == [go_on]
    assert noting.done == [go_on, b"head body"]
