"""A pseudo-terminal in place of the terminal that the command would have written to.

Programs colour their output and draw progress bars on a terminal only, and ask it for its size.
"""

import fcntl
import os
import struct
import termios
import tty
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_SIZE_BYTES = struct.calcsize("4H")


@dataclass(frozen=True, slots=True)
class Terminal:
    """`real` is the terminal in front, `master` our end of the pseudo-terminal.

    `saved` are the attributes of the real one while it passes on what is typed as it is; None
    when the command reads from where we would.
    """

    real: int
    master: int
    slave_name: str
    saved: list[Any] | None

    @property
    def owns_input(self) -> bool:
        return self.saved is not None

    def copy_size(self) -> None:
        """Make the pseudo-terminal as large as the real one."""
        with suppress(OSError):
            size = fcntl.ioctl(self.real, termios.TIOCGWINSZ, b"\0" * _SIZE_BYTES)
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def restore(self) -> None:
        """Give the real terminal its attributes back."""
        if self.saved is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.real, termios.TCSADRAIN, self.saved)


def open_terminal(real: int, *, takes_input: bool) -> tuple[Terminal, int]:
    """A pseudo-terminal like the one at descriptor `real`, and the command's end of it.

    With `takes_input`, and when what is typed at `real` is ours to read, the command gets all
    of it by the pseudo-terminal, which then makes signals of Ctrl-C and the like.

    Raises:
        OSError: there are no more pseudo-terminals.
    """
    master, slave = os.openpty()
    try:
        saved = termios.tcgetattr(real) if takes_input and _is_ours(real) else None
        if saved is None:
            # The real terminal makes CR LF of LF; done twice, bytes would not be the same.
            tty.setraw(slave)
        else:
            termios.tcsetattr(slave, termios.TCSANOW, saved)
            tty.setraw(real, termios.TCSADRAIN)
        made = Terminal(real, master, os.ttyname(slave), saved)
    except termios.error as error:
        os.close(master)
        os.close(slave)
        raise OSError(*error.args) from error
    made.copy_size()
    return made, slave


def _is_ours(real: int) -> bool:
    """Whether standard input is this terminal too, and this process in front of it."""
    try:
        is_same = os.path.sameopenfile(real, 0) or os.ttyname(real) == os.ttyname(0)
        return is_same and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
