"""The process that sends: takes frames from standard input, posts a step and its log lines.

Its standard output is the socket to the runner. Started as `python -m tocsin.running.sending`.
"""

import asyncio
import shlex
import socket
import sys
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime

from tocsin.client import messages
from tocsin.client.errors import BadAddress
from tocsin.client.messages import Line, Message, Where
from tocsin.client.terminal import harmless
from tocsin.running.brief import Brief, Ended, Progress
from tocsin.running.deliveries import Deliveries, Ending
from tocsin.running.frames import FrameReader
from tocsin.running.lines import Lines
from tocsin.running.masking import Masks

MAX_LINES = 1000
MAX_WAIT_S = 0.5
# A proxy in front takes bodies of 1 MB as a rule; JSON is larger than the text in it.
_MAX_CHARS = 200_000
_PIECE_BYTES = 256 * 1024
# A line of the socket holds all secrets.
_MAX_SAID_BYTES = 16 * 1024 * 1024
_MAX_NAME_CHARS = 200
_MAX_COMMAND_CHARS = 2000
# When the time is short, the end of the step goes before the rest of its lines.
_SHARE_FOR_LINES = 0.5
# So that the runner hears of it before it stops listening.
_EARLY_S = 0.1
# Of a runner that was killed.
_LAST_WAIT_S = 5.0

_BEGINNING = "the beginning of the step"
_END = "the end of the step"


class Sending:
    """One step: its beginning, its lines, its end."""

    def __init__(
        self, brief: Brief, output: asyncio.StreamReader, talk: asyncio.StreamWriter
    ) -> None:
        """Raises BadAddress."""
        self._brief = brief
        self._output = output
        self._talk = talk
        self._masks = Masks([brief.token, *brief.secrets])
        self._lines = Lines(self._masks)
        self._ending = Ending()
        self._deliveries = Deliveries(brief.url, brief.token, self._ending)
        self._limit = asyncio.timeout(None)
        self._made_lines = 0
        self._sent_lines = 0
        self._unsent = [_BEGINNING, _END]
        self._is_end_tried = False

    async def run(self, said: asyncio.StreamReader) -> None:
        """Send until all is sent, or the time after the command's end is used up."""
        listening = asyncio.create_task(self._listen(said))
        try:
            async with self._limit, self._deliveries.client:
                await self._post(_BEGINNING, self._beginning())
                async with aclosing(self._batches()) as batches:
                    async for lines in batches:
                        await self._post_lines(lines)
                await self._post_end()
        except TimeoutError:
            self._deliveries.note_no_answer()
        await listening
        await self._report(is_over=True)

    async def _listen(self, said: asyncio.StreamReader) -> None:
        """Wait for the command's end; a runner that vanishes was killed."""
        line = await said.readline()
        ended = Ended.read(line) if line else Ended(None, time.time(), _LAST_WAIT_S)
        self._ending.comes(ended)
        self._limit.reschedule(self._ending.time_after(1.0) - _EARLY_S)
        await self._report()

    async def _batches(self) -> AsyncGenerator[list[Line], None]:
        """Lines to be sent in one message: when many, or when they waited long enough."""
        loop, frames = asyncio.get_running_loop(), FrameReader()
        lines: list[Line] = []
        is_over = False
        while not is_over or lines:
            leave_at = loop.time() + MAX_WAIT_S if lines else None
            while not is_over and _length(lines) == len(lines) < MAX_LINES:
                try:
                    async with asyncio.timeout_at(leave_at):
                        piece = await self._output.read(_PIECE_BYTES)
                except TimeoutError:
                    break
                is_over = not piece
                made = [line for frame in frames.feed(piece) for line in self._lines.feed(frame)]
                made += self._lines.rest() if is_over else ()
                self._made_lines += len(made)
                lines += made
                leave_at = leave_at or (loop.time() + MAX_WAIT_S if lines else None)
            if length := _length(lines):
                yield lines[:length]
                lines = lines[length:]

    async def _post_lines(self, lines: list[Line]) -> None:
        message = messages.log_batch(self._where(), lines, step_name=self._step_name())
        key = uuid.uuid4().hex
        is_in = await self._deliveries.get_in(message, key, _SHARE_FOR_LINES)
        if not is_in and self._ending.has_come:
            # The end of the step says more than the rest of its lines.
            await self._post_end()
            is_in = await self._deliveries.get_in(message, key)
        self._sent_lines += len(lines) if is_in else 0
        if self._ending.has_come:
            await self._report()

    async def _post(self, name: str, message: Message) -> None:
        if await self._deliveries.get_in(message, uuid.uuid4().hex):
            self._unsent.remove(name)

    async def _post_end(self) -> None:
        ended = await self._ending.wait()
        if not self._is_end_tried:
            self._is_end_tried = True
            await self._post(_END, self._end(ended))

    def _beginning(self) -> Message:
        brief, hide = self._brief, self._masks.hide
        command = hide(shlex.join(map(hide, brief.command)))[:_MAX_COMMAND_CHARS]
        at = datetime.fromtimestamp(brief.started_at, UTC)
        said = messages.step(self._where(), self._step_name(), "started", at, logs=f"$ {command}")
        told = {"branch": brief.job.branch, "commit_hash": brief.job.commit_hash}
        return said | {name: hide(text)[:_MAX_NAME_CHARS] for name, text in told.items() if text}

    def _end(self, ended: Ended) -> Message:
        code = ended.exit_code
        what = "tocsin run was killed" if code is None else f"exit code {code}"
        return messages.step(
            self._where(),
            self._step_name(),
            "completed" if code == 0 else "failed",
            datetime.fromtimestamp(ended.at, UTC),
            kind="step_completed",
            duration_s=round(ended.at - self._brief.started_at, 3),
            logs=f"[tocsin run: {what}]",
        ) | {"level": "info" if code == 0 else "error", "exit_code": code}

    def _where(self) -> Where:
        job, hide = self._brief.job, self._masks.hide
        workflow = hide(job.workflow_name)[:_MAX_NAME_CHARS] or None
        return Where(job.project, job.deployment_id, workflow, job.workflow_id or None)

    def _step_name(self) -> str:
        # Masked anew each time: the output may name further secrets.
        return self._masks.hide(self._brief.step)[:_MAX_NAME_CHARS]

    async def _report(self, *, is_over: bool = False) -> None:
        hide = self._masks.hide
        progress = Progress(
            read_lines=self._lines.read,
            unsent_lines=self._made_lines - self._sent_lines,
            unsent=list(self._unsent),
            fault=harmless(hide(self._deliveries.fault)),
            is_over=is_over,
        )
        # The runner may have left.
        with suppress(OSError):
            self._talk.write(progress.line())
            await self._talk.drain()


def _length(lines: Sequence[Line]) -> int:
    """How many of `lines` make one message; at least one if there is one."""
    chars = 0
    for count, line in enumerate(lines[:MAX_LINES]):
        chars += len(line.text)
        if chars > _MAX_CHARS and count:
            return count
    return min(len(lines), MAX_LINES)


async def main() -> None:
    """Do what the runner says over the socket."""
    said, talk = await asyncio.open_connection(sock=socket.socket(fileno=1), limit=_MAX_SAID_BYTES)
    output = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(output), sys.stdin
    )
    try:
        sending = Sending(Brief.read(await said.readline()), output, talk)
    except BadAddress as error:
        await said.readline()
        progress = Progress(unsent=[_BEGINNING, _END], fault=harmless(str(error)), is_over=True)
        talk.write(progress.line())
        await talk.drain()
        return
    await sending.run(said)


if __name__ == "__main__":
    asyncio.run(main())
