"""Every screen in Russian."""

from tests.system.screens.conftest import Open
from tests.system.screens.looking import look
from tests.system.server import Server


def test_nothing_is_cut_missing_or_a_barrier(shown: Server, opened: Open) -> None:
    look(shown, opened, "ru")
