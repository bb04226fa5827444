"""The tree of settings: what there is, and what was probably meant."""

from dataclasses import dataclass

import pytest

from tocsin.settings.schema import Secret
from tocsin.settings.shape import Key, Section, Table, Value, file_target, find, nearest, shape_of
from tocsin.settings.shape import values as values_of


@pytest.fixture
def root() -> Section:
    return shape_of({})


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (("listen",), Value),
        (("ingest",), Section),
        (("ingest", "max_depth"), Value),
        (("retention", "by_source"), Table),
        (("retention", "by_source", "anything"), Value),
        (("ingest", "max_dept"), type(None)),
        (("ingest", "max_depth", "deeper"), type(None)),
    ],
)
def test_a_key_leads_to_its_node(root: Section, key: Key, kind: type) -> None:
    assert isinstance(find(root, key), kind)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (("ingest", "rate_limt_per_s"), ("ingest", "rate_limit_per_s")),
        (("ingst", "rate_limit_per_s"), ("ingest", "rate_limit_per_s")),
        (("listn",), ("listen",)),
        (("something_else_altogether",), None),
    ],
)
def test_a_slip_of_the_keyboard_is_told_what_was_meant(
    root: Section, written: Key, meant: Key | None
) -> None:
    assert nearest(root, written) == meant


def test_only_a_secret_may_come_from_a_file(root: Section) -> None:
    assert file_target(root, ("secret_key_file",)) == ("secret_key",)
    assert file_target(root, ("instance_id_file",)) is None


def test_the_options_of_a_kind_are_part_of_the_tree() -> None:
    @dataclass(frozen=True)
    class Options:
        secret: Secret

    root = shape_of({"forge": Options})

    assert isinstance(find(root, ("sources", "forge", "secret")), Value)
    assert ("sources", "forge", "secret") in [key for key, _ in values_of(root)]


def test_a_kind_has_its_options_once_more_for_each_name() -> None:
    @dataclass(frozen=True)
    class Options:
        secret: Secret

    root = shape_of({"forge": Options})
    written = ("sources", "forge", "named", "team-a", "secrt")

    assert isinstance(find(root, ("sources", "forge", "named")), Table)
    assert isinstance(find(root, ("sources", "forge", "named", "team-a")), Section)
    assert isinstance(find(root, ("sources", "forge", "named", "team-a", "secret")), Value)
    assert find(root, written) is None
    assert nearest(root, written) == (*written[:-1], "secret")
    assert nearest(root, ("sources", "forge", "name", "team-a", "secret")) == (
        "sources",
        "forge",
        "named",
        "team-a",
        "secret",
    )
    assert find(root, ("named_sources",)) is None
