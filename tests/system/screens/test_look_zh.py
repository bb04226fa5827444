"""Every screen in Chinese."""

import pytest

from tests.system.screens.conftest import Open
from tests.system.screens.looking import TURNS, look
from tests.system.server import Server


@pytest.mark.long
@pytest.mark.parametrize("turn", range(TURNS))
def test_nothing_is_cut_missing_or_a_barrier(shown: Server, opened: Open, turn: int) -> None:
    look(shown, opened, "zh", turn)
