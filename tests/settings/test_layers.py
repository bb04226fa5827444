"""Reading one place: names are checked, faults are collected, values are never told."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tocsin.settings.layers import MAX_SECRET_BYTES, Layer, Reader
from tocsin.settings.shape import Key, shape_of


@pytest.fixture
def reader() -> Reader:
    return Reader(shape_of({}), [])


def given_in(layer: Layer) -> Mapping[Key, tuple[object, str]]:
    return {key: (one.value, one.origin) for key, one in layer.items()}


def test_the_defaults_are_a_layer_like_others(reader: Reader) -> None:
    defaults = given_in(reader.defaults())

    assert defaults["ingest", "max_depth"] == (64, "default")
    assert reader.problems == []


def test_a_value_tells_where_it_was_given(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "tocsin.toml"
    file.write_text("[ingest]\nmax_depth = 9\n", encoding="utf-8")

    in_file = given_in(reader.file(file))
    in_environ = given_in(reader.variables({"TOCSIN_INGEST__MAX_DEPTH": "8", "HOME": "/"}))

    assert in_file == {("ingest", "max_depth"): (9, str(file))}
    assert list(in_environ) == [("ingest", "max_depth")]
    assert in_environ["ingest", "max_depth"][1] == "TOCSIN_INGEST__MAX_DEPTH"


def test_a_plain_name_counts_for_the_setting_it_means(reader: Reader) -> None:
    layer = given_in(reader.plain_variables({"LOG_LEVEL": "debug", "INSTANCE_ID": "", "X": "1"}))

    assert list(layer) == [("logs", "level")]


def test_everything_wrong_with_a_place_is_told_and_no_value(reader: Reader) -> None:
    reader.variables({"TOCSIN_LISTN": "hidden-1", "TOCSIN_INGEST__MAX_DEPT": "hidden-2"})

    said = "\n".join(reader.problems)
    assert len(reader.problems) == 2
    assert "TOCSIN_LISTN" in said
    assert "TOCSIN_INGEST__MAX_DEPTH" in said
    assert "hidden" not in said


@pytest.mark.parametrize(
    ("name", "content"),
    [("tocsin.toml", "[ingest\n"), ("tocsin.toml", "\xff"), ("missing.toml", None)],
)
def test_a_file_that_cannot_be_read_is_named(
    reader: Reader, tmp_path: Path, name: str, content: str | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content.encode("latin-1"))

    layer = reader.file(tmp_path / name)

    assert layer == {}
    assert [problem for problem in reader.problems if name not in problem] == []
    assert len(reader.problems) == 1


def test_a_secret_comes_from_a_file_without_its_line_end(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("s3cret\n", encoding="utf-8")

    layer = given_in(reader.variables({"TOCSIN_SECRET_KEY_FILE": str(file)}))

    assert layer["secret_key",][0] == "s3cret"


def test_a_file_too_large_for_a_secret_is_not_read(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "disk.img"
    file.write_bytes(b"x" * (MAX_SECRET_BYTES + 1))

    layer = reader.variables({"TOCSIN_SECRET_KEY_FILE": str(file)})

    assert layer == {}
    assert len(reader.problems) == 1
