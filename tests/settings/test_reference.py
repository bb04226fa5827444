"""defaults.toml, the dataclasses and docs/configuration.md say the same."""

import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tocsin.ingest.source import find_sources
from tocsin.settings.names import PLAIN_NAMES, dotted, environment_name
from tocsin.settings.reference import described, description_of, render_configuration
from tocsin.settings.shape import Key, find, shape_of, values

KEYS = [key for key, _ in values(shape_of({}))]


def test_every_setting_has_a_default_and_every_default_a_setting() -> None:
    text = resources.files("tocsin.settings").joinpath("defaults.toml").read_text("utf-8")
    table = tomllib.loads(text)

    assert list(_keys(table)) == KEYS


def _keys(table: dict[str, Any], above: Key = ()) -> Iterator[Key]:
    for name, value in table.items():
        if isinstance(value, dict) and (value or not above):
            yield from _keys(value, (*above, name))
        else:
            yield (*above, name)


def test_every_setting_and_section_is_described_in_the_order_of_the_file() -> None:
    entries = list(described())

    assert [one.key for one in entries if one.default is not None] == KEYS
    assert [one.key for one in entries if not one.text.strip()] == []


@pytest.fixture(scope="module")
def page() -> str:
    return render_configuration()


@pytest.mark.parametrize("key", KEYS, ids=dotted)
def test_the_page_names_every_setting(page: str, key: Key) -> None:
    assert f"### `{dotted(key)}`" in page
    assert f"`{environment_name(key)}`" in page


@pytest.mark.parametrize(
    ("setting", "begin"),
    [
        ("listen", "Addresses to listen on"),
        ("auth.local_role", "What a caller on this machine is"),
        ('retention.by_type."log.*"', "Other numbers of days by event type"),
        ("sources.deployment.secret", "Options of the sources"),
        ("nothing.of.this", ""),
    ],
)
def test_a_setting_is_described_by_its_own_comment_or_its_tables(setting: str, begin: str) -> None:
    assert description_of(setting).startswith(begin)


def test_the_page_in_docs_is_the_one_that_is_made() -> None:
    page = Path(__file__).parents[2] / "docs" / "configuration.md"

    assert page.read_text("utf-8") == render_configuration()


def test_every_plain_name_means_a_setting_that_exists() -> None:
    root = shape_of({name: kind.Options for name, kind in find_sources().items()})

    assert [name for name, key in PLAIN_NAMES.items() if find(root, key) is None] == []
