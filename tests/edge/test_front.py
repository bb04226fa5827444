"""The front: which part a call is for, with or without the prefix that senders know."""

from typing import Any

import pytest

from tocsin.edge.calls import Receive, Scope, Send
from tocsin.edge.front import Front, Part


class Heard:
    """A part that notes which calls it got."""

    def __init__(self) -> None:
        self.paths: list[tuple[str, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append((scope["path"], scope["raw_path"]))


async def call(front: Front, path: str, raw_path: str | None = None, method: str = "POST") -> None:
    async def nothing(*_args: Any) -> Any:
        raise AssertionError

    raw = (path if raw_path is None else raw_path).encode()
    await front({"method": method, "path": path, "raw_path": raw}, nothing, nothing)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/api/x", "/api/x"),
        ("/project-dashboard/api/x", "/api/x"),
        ("/project-dashboard", "/"),
        ("/project-dashboard/", "/"),
        ("/project-dashboard/project-dashboard/api", "/project-dashboard/api"),
        ("/project-dashboards/api", "/project-dashboards/api"),
        ("/project-dashboard-2/api", "/project-dashboard-2/api"),
        ("/api/project-dashboard/x", "/api/project-dashboard/x"),
        ("/Project-Dashboard/api", "/Project-Dashboard/api"),
        ("/", "/"),
        ("", ""),
    ],
)
async def test_the_prefix_is_taken_off_once_and_as_a_whole(path: str, found: str) -> None:
    rest = Heard()

    await call(Front([], rest), path)

    assert [one for one, _ in rest.paths] == [found]


async def test_the_path_as_it_was_sent_loses_the_prefix_too() -> None:
    rest = Heard()

    await call(Front([], rest), "/project-dashboard/api/ü", "/project-dashboard/api/%C3%BC")

    assert rest.paths == [("/api/ü", b"/api/%C3%BC")]


async def test_the_first_part_that_takes_a_call_gets_it() -> None:
    first, second, rest = Heard(), Heard(), Heard()
    front = Front(
        [
            Part(lambda method, path: method == "POST" and path == "/a", first),
            Part(lambda _method, path: path in ("/a", "/b"), second),
        ],
        rest,
    )

    for method, path in (("POST", "/a"), ("GET", "/a"), ("POST", "/b"), ("POST", "/c")):
        await call(front, path, method=method)
    await call(front, "/project-dashboard/a")

    assert [path for path, _ in first.paths] == ["/a", "/a"]
    assert [path for path, _ in second.paths] == ["/a", "/b"]
    assert [path for path, _ in rest.paths] == ["/c"]


async def test_a_part_that_knows_an_address_with_the_prefix_gets_it_whole() -> None:
    whole, without, rest = Heard(), Heard(), Heard()
    front = Front(
        [
            Part(lambda _method, path: path == "/live", without),
            Part(lambda _method, path: path.startswith("/project-dashboard/live"), whole),
        ],
        rest,
    )

    for path in ("/project-dashboard/live", "/project-dashboard/live/", "/live", "/live/"):
        await call(front, path)

    assert whole.paths == [
        ("/project-dashboard/live", b"/project-dashboard/live"),
        ("/project-dashboard/live/", b"/project-dashboard/live/"),
    ]
    assert [path for path, _ in without.paths] == ["/live"]
    assert [path for path, _ in rest.paths] == ["/live/"]
