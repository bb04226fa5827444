"""`tocsin run` itself: the command, its output, and what is told about it in the end."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from tocsin.running.brief import Brief, Ended, Progress
from tocsin.running.child import CannotStart, hold_signals, start
from tocsin.running.frames import Kind
from tocsin.running.passing import drain, pass_input, pass_on, write_all
from tocsin.running.sender import Sender
from tocsin.running.spool import Spool

_ENOUGH = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def run_command(brief: Brief, environ: Mapping[str, str], wait_s: float) -> int:
    """Run the command of `brief` and send what it does; its exit code.

    The server is waited for `wait_s` at most, and only once the command has ended.
    """
    _fill_standard_descriptors()
    mask = hold_signals()
    spool = Spool()
    try:
        child = start(brief.command, environ, mask)
    except CannotStart as error:
        spool.put(Kind.ERR, time.time(), tell(str(error)))
        sender = Sender(brief, spool, environ)
        code = error.exit_code
    else:
        passing = pass_on(child.outputs, spool)
        if child.terminal is not None and child.terminal.owns_input:
            pass_input(child.terminal.master)
        sender = Sender(brief, spool, environ)
        code = child.wait()
        _unless_interrupted(lambda: drain(passing))
        if child.terminal is not None:
            child.terminal.restore()
    spool.close()
    _finish(sender, spool, Ended(code, time.time(), wait_s))
    return code


def _finish(sender: Sender, spool: Spool, ended: Ended) -> None:
    """Wait for the sender, and tell what it could not send."""
    _unless_interrupted(lambda: sender.finish(ended))
    sender.close()
    spool.clean_up()
    missing = unsent(sender.progress, spool.lines)
    if missing:
        tell(missing)


def _unless_interrupted(work: Callable[[], object]) -> None:
    """The command has ended: a signal now means that nobody wants to wait for the rest.

    One may have come before, and ends it before it begins.
    """
    try:
        for one in _ENOUGH:
            signal.signal(one, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENOUGH)
        work()
    except KeyboardInterrupt:
        return
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENOUGH)


def unsent(progress: Progress, given_lines: int) -> str:
    """What to tell about what was not sent; "" when all of it was."""
    lines = max(0, given_lines - progress.read_lines) + progress.unsent_lines
    what = [f"{lines} log line{'' if lines == 1 else 's'}"] if lines else []
    what += progress.unsent
    if not what:
        return ""
    why = progress.fault or "there was more than could be kept or sent in time"
    return f"not sent: {', '.join(what)}; {why}"


def tell(text: str) -> bytes:
    """One line on standard error; gives what was written."""
    said = f"tocsin: {text}\n".encode(errors="replace")
    with suppress(OSError):
        write_all(2, said)
    return said


def _fill_standard_descriptors() -> None:
    """Let none of our own files become standard output where that was closed."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(opened)
