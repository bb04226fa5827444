"""A failure of a command is one harmless line that says what to do, and an exit code."""

import io

import pytest
import typer

from tocsin.client.client import Waiting
from tocsin.client.command import advice, lenient, note, note_wait, run
from tocsin.client.errors import (
    BadAddress,
    Busy,
    ClientError,
    NotTocsin,
    Refused,
    Unreachable,
)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (Unreachable("http://x", "connection refused"), "tocsin serve"),
        (Refused(401, "no"), "--token"),
        (Refused(403, "no"), "role"),
        (Refused(404, "no"), "--url"),
        (Refused(400, "no"), "refused: no."),
        (Busy(503, "no", None), "later"),
        (NotTocsin("x answers"), "--url"),
        (ClientError("odd"), "odd."),
    ],
)
def test_an_error_comes_with_advice(error: ClientError, word: str) -> None:
    assert word in advice(error)


async def fail_with(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "code"),
    [(BadAddress("x"), 2), (Refused(400, "x"), 1), (KeyboardInterrupt(), 130)],
)
def test_a_failure_has_its_exit_code(error: BaseException, code: int) -> None:
    with pytest.raises(typer.Exit) as caught:
        run(fail_with(error))

    assert caught.value.exit_code == code


def test_a_servers_words_do_not_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    note("\x1b[2J\nsaid")

    assert capsys.readouterr().err == "tocsin: ␛[2J⏎said\n"


def test_waiting_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    tell = note_wait(30)

    tell(Waiting("http://x does not answer", 1))
    tell(Waiting("http://x does not answer", 2))

    expected = "tocsin: http://x does not answer; trying again for up to 30 s\n"
    assert capsys.readouterr().err == expected


def test_what_an_encoding_lacks_does_not_end_the_command() -> None:
    bytes_out = io.BytesIO()
    stream = lenient(io.TextIOWrapper(bytes_out, encoding="ascii"))

    stream.write("✓ done")
    stream.flush()

    assert bytes_out.getvalue() == b"? done"
