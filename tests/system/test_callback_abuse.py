"""Whatever is sent to the routes of callbacks is answered, soon, and with no fault of Tocsin's."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import quote

import orjson
import pytest
import pytest_asyncio

from tests.system.release import People, Route, Told, people_at, to_import
from tests.system.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1024 * 1024
TURNS = 8
# Far above what any answer takes, for a machine that halts for three seconds.
SOON_S = 8.0
CUSTOM = {"type": "custom", "config": {"url": "http://127.0.0.1:9/a"}}
# A good body for each route that has one, so that one field at a time can be wrong.
BODIES: Mapping[str, Mapping[str, Any]] = {
    "POST /callbacks/batch": {"action": "retry", "ids": ["nothing"]},
    "POST /callbacks/export": {"ids": [], "project_id": "", "passphrase": "correct horse"},
    "POST /callbacks/history/replay": {
        "since": "2030-01-01T00:00:00Z",
        "until": "2030-01-02T00:00:00Z",
        "event_type": ["none"],
        "event_id": "none",
        "status": "failed",
        **dict.fromkeys(("config_id", "task_id", "project_id", "channel", "destination_id"), "x"),
    },
    "POST /callbacks/import": {
        **to_import({"project_id": "p", "name": "n", "channels": [CUSTOM]}, dry_run=True),
        "templates": [{"id": "1", "name": "n", "title": "t", "body": "b"}],
    },
    "POST /callbacks/template/preview": {
        "channel_type": "custom",
        "config": CUSTOM["config"],
        "language": "en",
        "event_type": "canary_started",
        "event_id": "",
        "title": "t",
        "body": "b",
    },
    "POST /callbacks/template/validate": {"title": "t", "body": "b", "channel_type": "custom"},
    "POST /callbacks/test-direct": {**CUSTOM, "language": "en", "event_type": "x"},
    "POST /callbacks/{callback_id}/test": {"channel_type": "custom", "channel_id": ""},
    "POST /events": {
        "event_type": "e",
        "project": {"id": "p", "name": "n", "description": "d"},
        "version": {"id": "v", "name": "n"},
        "task": {"id": "t", "type": "t", "strategy": "s", "status": "s"},
        "deployment": {"total_count": 1, "failed_count": 0, "hosts": ["h"]},
        "timestamp": "2026-01-06T20:00:00Z",
        "duration": "5m30s",
        "environment": "e",
        "more": "m",
    },
    "POST /projects/{project_id}/callbacks": {
        "name": "n",
        "channels": [CUSTOM],
        "events": ["none"],
        "condition": "event.type == 'x'",
        "quiet_hours": {"zone": "UTC", "from": "22:00", "to": "08:00", "but": ["x"]},
        "grouping": {"by": ["project"], "wait_s": 1, "interval_s": 1},
        "enabled": False,
    },
    "POST /templates": {"name": "n", "channel_type": "", "event_type": "", "title": "t"},
    "POST /templates/{template_id}/copy": {"name": "n"},
    "PUT /callbacks/{callback_id}": {"name": "n", "channels": [CUSTOM], "events": ["none"]},
    "PUT /templates/{template_id}": {"name": "n", "title": "t", "body": "b"},
}
ODD: tuple[Any, ...] = (
    *("a\0b", "\ud800", "\u202egpj.exe", "\ufeff\u200b", "a" * MIB, "\U0001f468\u200d" * 5_000),
    *("../../etc/passwd", "%00", "'; DROP TABLE events; --", "{{7*7}}", "{% raw", "\r\nX: y", "*"),
    *(
        "[" * 3_000,
        "=1+1",
        10**30,
        -(10**400),
        1e308,
        True,
        None,
        [],
        {},
        [[[[]]]],
        {"a": {"b": 1}},
    ),
    *("event." * 300 + "a", "(" * 900, "[0].map(a, [0].map(b, [0].map(c, [0].all(d, true))))"),
)
RAW: tuple[bytes, ...] = (
    *(b"", b" ", b"null", b"1", b'"a"', b"[]", b"[{}]", b"{", b'{"a":}', b"\xff\xfe{\x00", b"{}{}"),
    *(b"[" * 100_000, b'{"a":' * 100_000, b'{"a":' + b"[" * 60_000 + b"]" * 60_000 + b"}"),
    *(b'{"a":NaN}', b'{"a":1e999}', b'{"a":"\\ud800"}', b'{"a":' + b"9" * 100_000 + b"}"),
    *(b'{"a":1,"a":2}', "{'a': 1}".encode("utf-16"), b"a=1&b=2", b"\0" * 1000),
    orjson.dumps({str(number): number for number in range(100_000)}),
)
BOMBS = (
    *("{{ 'a' * 10**10 }}", "{{ ['a'] * 10**9 }}", "{{ 10**10**10 }}", "{{ 'a'.ljust(10**9) }}"),
    *("{{ '%1000000000d' % 1 }}", "{{ '{:>1000000000}'.format(1) }}", "{{ event|pprint }}"),
    "{% for a in range(10**9) %}a{% endfor %}",
    "{% for a in event.id %}" * 12 + "x" + "{% endfor %}" * 12,
    "{% set n = namespace(a='a') %}{% for _ in 'a' * 99 %}{% set n.a = n.a ~ n.a %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{{ ''.__class__.__mro__ }}{{ event.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    *("{{" * 3_000, "{% if x %}" * 2_000, "[" * 9_000, "*" * 9_000, "> " * 5_000, "`" * 9_000),
    "[a](" * 4_000,
)


@dataclass(frozen=True)
class House:
    """A server, with one thing of each kind in it."""

    people: People
    ids: Mapping[str, str]
    document: Mapping[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    settings = {
        "TOCSIN_AUTH__LOCAL_ROLE": "admin",
        "TOCSIN_NOTIFY__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    }
    server = Server(tmp_path_factory.mktemp("abuse"), settings)
    try:
        await asyncio.to_thread(server.start)
        async with people_at(server) as people:
            document = (await people.ask("GET", "/openapi.json")).json()
            yield House(people, await made_ids(people), document)
        assert "Traceback" not in server.log()
    finally:
        server.clean_up()


async def made_ids(people: People) -> Mapping[str, str]:
    """Of one thing of each kind."""
    wish = {"channels": [CUSTOM], "events": ["none"], "enabled": False}
    callback = await people.data("POST", "/projects/p/callbacks", wish)
    template = await people.data("POST", "/templates", {"name": "t", "body": "b"})
    tested = await people.data("POST", f"/callbacks/{callback['id']}/test")
    return {
        "callback_id": callback["id"],
        "template_id": template["id"],
        "delivery_id": tested["results"][0]["delivery_id"],
        "project_id": "p",
        "task_id": "t",
        "destination_id": "d",
    }


def fault_in(told: Told) -> str:
    """Why an answer is none that may be given; "" for a good one."""
    if told.status >= 500 or told.took_s > SOON_S:
        return f"{told.status} after {told.took_s:.1f} s: {told.text[:300]}"
    if told.status == 200:
        return ""
    said = told.json()
    is_whole = said["code"] == 3000 + told.status and said["data"] is None and said["msg"]
    # What was sent is not sent back.
    return "" if is_whole and len(told.text) < 20_000 else told.text[:300]


def without_ends(routes: list[Route]) -> list[Route]:
    """Those that leave what the others need."""
    return [route for route in routes if route.method != "DELETE"]


async def test_every_route_with_a_body_is_tried(house: House) -> None:
    assert {str(one) for one in await house.people.routes() if one.has_body} == set(BODIES)


async def test_each_of_these_bodies_is_good(house: House) -> None:
    """Else it would be refused for something else than what was made wrong with it."""
    for route in await house.people.routes():
        if route.has_body:
            told = await house.people.ask(route.method, route.at(house.ids), BODIES[str(route)])
            assert told.status == 200, (str(route), told.text)


async def test_a_body_that_cannot_be_read_is_refused(house: House) -> None:
    wrong = {}
    for route in (one for one in await house.people.routes() if one.has_body):
        for body in RAW:
            told = await house.people.ask(route.method, route.at(house.ids), body)
            if (fault := fault_in(told)) or told.status not in {200, 400, 413, 422}:
                wrong[f"{route} {body[:20]!r}"] = fault or told.status

    assert wrong == {}


def odd_bodies(body: Any, turn: Iterator[int]) -> Iterator[Any]:
    """The body with one thing in it, at any depth, replaced by something odd.

    Of what is odd each thing takes another part in turn, else there would be too many.
    """
    if isinstance(body, Mapping):
        for name, value in body.items():
            yield from ({**body, name: odd} for odd in odd_bodies(value, turn))
        yield {**body, "\0": 1, "\ud800": 1}
        yield {**body, "a" * 10_000: 1}
    elif isinstance(body, list):
        yield from ([odd] for one in body for odd in odd_bodies(one, turn))
        yield body * 5_000
    yield from ODD[next(turn) % TURNS :: TURNS]


async def test_no_odd_value_of_any_field_makes_a_fault(house: House) -> None:
    wrong, tried, turn = {}, 0, count()
    for route in (one for one in await house.people.routes() if one.has_body):
        for body in odd_bodies(BODIES[str(route)], turn):
            raw = json.dumps(body).encode()
            told = await house.people.ask(route.method, route.at(house.ids), raw)
            tried += 1
            if (fault := fault_in(told)) or told.status not in {200, 400, 404, 409, 413, 422}:
                wrong[f"{route} {raw[:300]!r}"] = fault or told.text

    assert wrong == {}
    assert tried > 400


async def test_no_odd_parameter_makes_a_fault(house: House) -> None:
    odd = [quote(one[:600], errors="surrogatepass") for one in ODD if isinstance(one, str)]
    odd += ["-1", "0", "99999999999999999999", "1e9", "NaN", "%ff%fe", "", "9999-12-31T23:59:59Z"]
    odd += ["0001-01-01T00:00:00%2B14:00", "2026-02-30"]
    wrong, turn = {}, count()
    for route in without_ends(await house.people.routes()):
        said = house.document["paths"][route.path][route.method.lower()]
        body = BODIES.get(str(route))
        for parameter in said.get("parameters", []):
            for value in odd[next(turn) % TURNS :: TURNS]:
                name, where = parameter["name"], parameter["in"]
                if where == "query":
                    path = f"{route.at(house.ids)}?{name}={value}&{name}={value}"
                elif where == "path" and value not in {"", "%00"}:
                    path = route.at({**house.ids, name: value.replace("/", "%2F")})
                else:
                    continue
                told = await house.people.ask(route.method, path, body)
                if (fault := fault_in(told)) or told.status not in {200, 400, 404, 409, 414, 422}:
                    wrong[f"{route.method} {path[:200]}"] = fault or told.text

    assert wrong == {}


async def test_a_body_that_is_too_large_is_refused_without_being_read(house: House) -> None:
    for route in (one for one in await house.people.routes() if one.has_body):
        body = b'{"name":"' + b"a" * (26 * MIB if str(route) in LARGE else 5 * MIB) + b'"}'
        for role, status in (("admin", 413), ("", 401)):
            told = await house.people.ask(route.method, route.at(house.ids), body, role=role)

            assert (told.status, told.took_s < SOON_S) == (status, True), (str(route), told.text)


LARGE = {"POST /events", "POST /callbacks/import"}


async def test_a_template_costs_a_bounded_time_whatever_it_wants(house: House) -> None:
    for bomb in BOMBS:
        for words in ({"title": bomb[:1_000]}, {"body": bomb}):
            answers = [
                await house.people.ask("POST", "/callbacks/template/validate", words),
                await house.people.ask("POST", "/callbacks/template/preview", words, role="viewer"),
                await house.people.ask("POST", "/templates", {"name": "b", **words}),
            ]

            assert not [fault for one in answers if (fault := fault_in(one))], words
            assert "uid=" not in "".join(one.text for one in answers)
            assert "<class" not in answers[1].text
