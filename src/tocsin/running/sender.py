"""The sender as the runner sees it: a process beside, fed by a thread, asked at the end.

It is in a session of its own: Ctrl-C and a CI that ends the job's processes do not reach it,
and it ends by itself when the runner has gone.
"""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import IO

from tocsin.running.brief import Brief, Ended, Progress
from tocsin.running.passing import write_all
from tocsin.running.spool import Spool

# -P: a json.py in the build's folder is not the library's.
_COMMAND = (sys.executable, "-P", "-m", "tocsin.running.sending")
_TALK_BYTES = 64 * 1024


class Sender:
    """The process that sends."""

    def __init__(self, brief: Brief, spool: Spool, environ: Mapping[str, str]) -> None:
        """Start it; without a word when the machine cannot, since the build goes on anyway."""
        self.progress = Progress(fault="the process that sends could not be started")
        self._spool = spool
        self._talk, theirs = socket.socketpair()
        self._process: subprocess.Popen[bytes] | None = None
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - this interpreter and our own module
                    _COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=theirs.fileno(),
                    stderr=subprocess.DEVNULL,
                    env=dict(environ),
                    start_new_session=True,
                )
            except OSError:
                spool.close()
                return
        self.progress = Progress(fault="the process that sends has ended")
        self._say(brief.line())
        threading.Thread(target=self._feed, args=(self._process.stdin,), daemon=True).start()

    def finish(self, ended: Ended) -> Progress:
        """Tell it how the command ended, and wait for it as long as that says; how it went."""
        self._say(ended.line())
        until = time.monotonic() + ended.wait_s
        begun = b""
        while not self.progress.is_over and (left_s := until - time.monotonic()) > 0:
            self._talk.settimeout(left_s)
            try:
                piece = self._talk.recv(_TALK_BYTES)
            except OSError:
                break
            if not piece:
                break
            *lines, begun = (begun + piece).split(b"\n")
            for line in lines:
                self.progress = Progress.read(line)
        return self.progress

    def close(self) -> None:
        """End the process; after `finish` it has nothing left to do."""
        self._talk.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _say(self, line: bytes) -> None:
        try:
            self._talk.sendall(line)
        except OSError:
            # It is gone; that is told at the end, by the progress it made.
            self._spool.close()

    def _feed(self, pipe: IO[bytes]) -> None:
        """Carry what the spool has, to its end or that of the process."""
        try:
            with pipe:
                while (frames := self._spool.take()) is not None:
                    write_all(pipe.fileno(), frames)
                    self._spool.gather()
        except OSError:
            self._spool.close()
