"""All routes under `/api/v1/release`: words come before ids, and each is described."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.web.callbacks.house import CallbackHouse, callback_house
from tocsin.model.access import Role
from tocsin.web.release_envelope import PREFIX


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[CallbackHouse, None]:
    async with callback_house(tmp_path) as house:
        yield house


@pytest.mark.parametrize("word", ["history", "stats", "destinations", "channels", "export"])
async def test_a_word_is_no_id(house: CallbackHouse, word: str) -> None:
    good = await house.call("GET", f"/callbacks/{word}", role=Role.VIEWER)
    wrong = await house.call("PUT", f"/callbacks/{word}", {"name": "x"})

    assert (good.status, good.json["code"]) == (200, 0)
    assert (wrong.status, wrong.json["code"]) == (405, 3405)
    assert "GET" in wrong.headers["allow"]


async def test_every_answer_is_described_in_the_envelope(house: CallbackHouse) -> None:
    document = house.app.openapi()
    shapes = document["components"]["schemas"]

    for path, methods in document["paths"].items():
        if not path.startswith(PREFIX):
            continue
        for operation in methods.values():
            good, *bad = operation["responses"].items()
            assert good[0] == "200", path
            content = good[1]["content"]["application/json"]["schema"]
            shape = shapes[content["$ref"].rpartition("/")[2]]
            assert set(shape["properties"]) == {"code", "data", "msg"}, path
            assert {"401", "403", "422", "503"} <= {status for status, _ in bad}, path
            for status, answer in bad:
                schema = answer["content"]["application/json"]["schema"]
                assert schema["properties"]["code"] == {"const": 3000 + int(status)}, path


async def test_the_nine_addresses_of_the_document_are_there(house: CallbackHouse) -> None:
    paths = house.app.openapi()["paths"]
    one, project = "/callbacks/{callback_id}", "/projects/{project_id}/callbacks"

    for method, path in (
        ("get", "/callbacks"),
        ("get", project),
        ("post", project),
        ("put", one),
        ("delete", one),
        ("post", f"{one}/test"),
        ("get", "/callbacks/history"),
        ("get", "/tasks/{task_id}/callbacks"),
        ("get", f"{one}/history"),
    ):
        assert method in paths[PREFIX + path], path
