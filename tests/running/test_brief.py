"""What one process says, the other one reads."""

import pytest

from tocsin.running.brief import Brief, Ended, Progress, Said
from tocsin.running.job import Job


@pytest.mark.parametrize(
    "said",
    [
        Brief("http://x", "tsn_1", "Bau\n部署", ["make"], ["a\nb"], Job("p", "d"), 1.5),
        Ended(3, 2.5, 5.0),
        Ended(None, 2.5, 5.0),
        Progress(1, 2, ["the end of the step"], "no answer", is_over=True),
    ],
)
def test_what_is_said_is_one_line_that_reads_as_the_same(said: Said) -> None:
    line = said.line()

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert type(said).read(line) == said
