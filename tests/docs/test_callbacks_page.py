"""What the page of callbacks says of channels, options, reasons and events is what the code has."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.docs.pages import ROOT, first_cells, page
from tests.notify.telling import event
from tocsin.notify.channel import find_channels
from tocsin.notify.condition import check, holds
from tocsin.notify.options import faults_of
from tocsin.notify.wording.template import VARIABLES
from tocsin.notify.wording.template import check as check_template
from tocsin.web.callbacks.shapes import NewCallback

CALLBACKS = page("docs/callbacks.md")
CHANNELS = find_channels()
BLOCKS: list[dict[str, Any]] = [json.loads(block) for block in CALLBACKS.blocks("json")]
EXAMPLES = [block for block in BLOCKS if "type" in block]

# They are reasons of the API's own answers.
OF_THE_API = {"bad_field", "conflict"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one["type"])
def test_every_example_of_a_channel_is_taken(example: dict[str, Any]) -> None:
    assert faults_of(CHANNELS[example["type"]], example["config"]) == []


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_has_its_section_with_its_options(name: str) -> None:
    section = CALLBACKS.section(name)
    options = TypeAdapter(CHANNELS[name].Options).json_schema()["properties"]

    missing = [one for one in options if not re.search(rf"[`\"]{one}[`\"]", section)]
    assert missing == []
    assert f"[`{name}`](#{name})" in CALLBACKS.section("Channels")


@pytest.mark.parametrize("block", [one for one in BLOCKS if one not in EXAMPLES], ids=str)
def test_every_part_of_a_callback_is_taken(block: dict[str, Any]) -> None:
    channels = [{"type": "custom", "config": {"url": "https://a.example"}}]

    TypeAdapter(NewCallback).validate_python({"channels": channels, **block})


def test_every_condition_on_the_page_can_be_one() -> None:
    section = CALLBACKS.section("Condition")
    conditions = [one.replace("\\|", "|") for one in first_cells(section.replace("\\|", "¦"))]
    data = {"status": "failed", "branch": "main", "duration": 700, "environment": "production"}
    told = event(data={**data, "labels": {"severity": "critical"}})

    assert len(conditions) == 5
    for one in conditions:
        check(one.replace("¦", "|"))
        assert holds(one.replace("¦", "|"), told), one


def test_every_variable_of_templates_is_on_the_page() -> None:
    (example,) = CALLBACKS.blocks("jinja")

    assert set(VARIABLES) <= set(first_cells(CALLBACKS.section("Own words")))
    assert check_template(example.strip(), "") == []


def test_every_reason_of_a_failure_is_on_the_page() -> None:
    files = [*(ROOT / "src/tocsin/notify").rglob("*.py"), ROOT / "src/tocsin/edge/outbound.py"]
    used = {
        one.lower() for file in files for one in re.findall(r"\bReason\.([A-Z_]+)", _text(file))
    }
    named = set(first_cells(CALLBACKS.section("When something fails")))

    # That of a paused destination is made where the history is read.
    assert named == used - OF_THE_API | {"paused"}


def _text(file: Path) -> str:
    return file.read_text("utf-8")
