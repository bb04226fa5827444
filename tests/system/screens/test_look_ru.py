"""Every screen in Russian."""

import pytest

from tests.system.screens.conftest import Open
from tests.system.screens.looking import WIDTHS, look
from tests.system.server import Server


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_missing_or_a_barrier(shown: Server, opened: Open, width: int) -> None:
    look(shown, opened, "ru", width)
