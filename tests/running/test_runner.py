"""What is told in the end: nothing when all was sent, else what was not and why."""

import pytest

from tocsin.running.brief import Progress
from tocsin.running.runner import tell, unsent


@pytest.mark.parametrize(
    ("progress", "given", "told"),
    [
        (Progress(read_lines=5, is_over=True), 5, ""),
        (Progress(5, 1, [], "why"), 5, "not sent: 1 log line; why"),
        (Progress(5, 2, ["the end of the step"], "why"), 15, "not sent: 12 log lines, the end of"),
        (Progress(5), 6, "not sent: 1 log line; there was more"),
        (Progress(6), 5, ""),
    ],
)
def test_what_was_not_sent_is_told_with_the_reason(
    progress: Progress, given: int, told: str
) -> None:
    assert unsent(progress, given).startswith(told)
    assert bool(unsent(progress, given)) == bool(told)


def test_a_line_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert tell("böse \udcff") == "tocsin: böse ?\n".encode()
    assert capfd.readouterr().err == "tocsin: böse ?\n"
