"""Have the servers that we start end when we do, even if we are killed and can stop nothing.

prctl's PDEATHSIG would do it too, but it goes by the thread that started them, not the process.
"""

import os
import signal
import subprocess
import sys
from functools import cache

# A process of its own: it is told of others, and ends them once nobody can tell it any more. A
# descriptor stands for one process; a number may be another's by then (pidfd_open(2)).
_WARDEN = """
import os, signal, sys

told = []
for line in sys.stdin:
    try:
        pid, sign = map(int, line.split())
        told.append((os.pidfd_open(pid), sign))
    except ProcessLookupError:
        pass
for one, sign in told:
    try:
        signal.pidfd_send_signal(one, sign)
    except ProcessLookupError:
        pass
"""


def end_with_us(process: "subprocess.Popen[bytes]", sign: signal.Signals = signal.SIGKILL) -> None:
    """Have `process` sent `sign` when this one is gone; if it has ended by then, nothing is.

    SIGKILL leaves nobody to clean up: what has children of its own needs another.
    """
    os.write(_line_to_warden(), f"{process.pid} {sign.value}\n".encode())


@cache
def _line_to_warden() -> int:
    """A pipe to it, which the system closes when this process is gone."""
    reading, writing = os.pipe()
    warden = subprocess.Popen(
        [sys.executable, "-ISc", _WARDEN],
        stdin=reading,
        stdout=subprocess.DEVNULL,
        # A Ctrl-C in the terminal is for us.
        start_new_session=True,
    )
    os.close(reading)
    # Nobody waits for it, for it ends after us.
    warden.returncode = 0
    return writing
