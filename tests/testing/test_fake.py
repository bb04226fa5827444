"""What a platform's file does not say is asked for, and what most have alike is there."""

import pytest

from tests.testing.platforms.calling import clock_at
from tocsin.testing.fake import Fake, Trouble, html
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.shelf import Shelf

CALL = Asked("POST", "/", {}, {}, b"")


class Bare(Fake):
    TITLE = "Bare"
    FAULTS = {"gone": Trouble("it is gone", Reply(status=404)), "odd": Trouble("it depends")}  # noqa: RUF012 - as in a platform's file


def test_a_fault_has_its_answer_or_the_file_has_to_give_one() -> None:
    bare = Bare(Shelf(clock_at(0)))

    assert bare.fault("gone", CALL).status == 404
    with pytest.raises(NotImplementedError, match="odd"):
        bare.fault("odd", CALL)


def test_what_only_a_file_can_know_it_has_to_say() -> None:
    bare = Bare(Shelf(clock_at(0)))

    for asked in (bare.configs, lambda: bare.take(CALL), lambda: bare.refuse("1", CALL)):
        with pytest.raises(NotImplementedError):
            asked()


async def test_a_message_comes_by_post_and_a_no_by_its_status() -> None:
    bare = Bare(Shelf(clock_at(0)))

    async with bare.beside():
        bare.expire_tokens()

    assert bare.sends(CALL)
    assert not bare.sends(Asked("GET", "/", {}, {}, b""))
    assert bare.is_refusal(html(429, "429 Too Many Requests"))
    assert not bare.is_refusal(Reply())
