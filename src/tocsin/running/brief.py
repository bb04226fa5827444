"""What the runner and the sender tell each other: one JSON object a line, over a socket.

The token and the secrets to mask go this way because a command line can be seen by everybody
on the machine.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Self

from tocsin.running.job import Job


@dataclass(frozen=True, slots=True)
class Said:
    """A message between the two; made of one line, and into one."""

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        return cls(**json.loads(line))


@dataclass(frozen=True, slots=True)
class Brief(Said):
    """What the sender has to do; the first that the runner says."""

    url: str
    token: str
    step: str
    command: list[str]
    secrets: list[str]
    job: Job
    started_at: float

    @classmethod
    def read(cls, line: bytes) -> Self:
        said = json.loads(line)
        return cls(**{**said, "job": Job(**said["job"])})


@dataclass(frozen=True, slots=True)
class Ended(Said):
    """How the command ended, and for how long the sender may still try.

    `exit_code` is None when nobody knows it, since the runner was killed.
    """

    exit_code: int | None
    at: float
    wait_s: float


@dataclass(frozen=True, slots=True)
class Progress(Said):
    """Where the sender stands, of the lines it was given; `fault` is a sentence for a person.

    `unsent` names the messages beside log lines that did not get through.
    """

    read_lines: int = 0
    unsent_lines: int = 0
    unsent: list[str] = field(default_factory=list)
    fault: str = ""
    is_over: bool = False
