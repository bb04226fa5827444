"""Which loops there are, by the settings."""

from pathlib import Path

from tests.app.whole import loaded
from tocsin.app.building import build
from tocsin.testing.clock import HandClock


async def test_failed_deliveries_are_asked_for_where_there_are_a_token_and_hooks(
    tmp_path: Path,
) -> None:
    token = {"SOURCES__GITHUB__API_TOKEN": "ghp_1"}
    owners = {"SOURCES__GITHUB__SWEEP_OWNERS": "o/shop"}
    named = {
        "SOURCES__GITHUB__NAMED__SAME__SECRET": "s",
        "SOURCES__GITHUB__NAMED__OTHER__SWEEP_OWNERS": "p",
    }
    found = []
    for number, environ in enumerate((token, owners, token | owners | named)):
        folder = tmp_path / f"{number}"
        async with build(loaded(folder, **environ), HandClock()) as tocsin:
            names = [name for name, _ in tocsin.loops]
            found.append([name for name in names if name.startswith("watch.redelivery")])

    assert found == [[], [], ["watch.redelivery", "watch.redelivery.other"]]
