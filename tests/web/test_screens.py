"""The screens' page at every address of theirs, under every prefix, and the files of it."""

import gzip
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.call import Answer, called
from tocsin.edge.callers import Callers
from tocsin.settings import AuthSettings, HttpSettings
from tocsin.web.screens import PLACES, STATIC, Screens

AUTH = AuthSettings(local_role="viewer", allowed_origins=(), session_days=14, sign_in_minutes=60)
HTTP = HttpSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))
PROXY = "10.0.0.1"
SCRIPT = "assets/index-abc.js"
PAGE = (
    '<meta name="tocsin-prefix" content="" /><link href="./icon.svg" />'
    f'<script type="module" src="./{SCRIPT}"></script>'
)


@pytest.fixture
def screens(tmp_path: Path) -> Screens:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / SCRIPT).write_text("run()")
    (tmp_path / f"{SCRIPT}.gz").write_bytes(gzip.compress(b"run()"))
    return made(tmp_path)


def made(folder: Path) -> Screens:
    class Nobody:
        def remembered(self, kind: str, digest: str) -> None: ...

        async def find(self, kind: str, digest: str) -> None: ...

    return Screens(Callers(Nobody(), AUTH, HTTP), folder)


async def get(
    screens: Screens, path: str, headers: Mapping[str, str] | None = None, peer: str = "127.0.0.1"
) -> Answer:
    return await called(screens, "GET", path, headers=headers or {}, peer=peer)


@pytest.mark.parametrize("path", ["/", "/deployments/a%2Fb", "/sign-in", "/events/x", "/system"])
async def test_every_address_of_a_screen_has_the_page(screens: Screens, path: str) -> None:
    page = await get(screens, path)

    assert screens.takes("GET", path)
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f'src="/{SCRIPT}"' in page.body.decode()


@pytest.mark.parametrize(
    ("path", "headers", "peer", "prefix"),
    [
        ("/", {}, PROXY, ""),
        ("/project-dashboard", {}, PROXY, "/project-dashboard"),
        ("/project-dashboard/events/1", {}, PROXY, "/project-dashboard"),
        ("/events/1", {"x-forwarded-prefix": "/tools/tocsin/"}, PROXY, "/tools/tocsin"),
        ("/", {"x-forwarded-prefix": "/a, /b"}, PROXY, "/b"),
        (
            "/project-dashboard/",
            {"x-forwarded-prefix": "/project-dashboard"},
            PROXY,
            "/project-dashboard",
        ),
        (
            "/project-dashboard/",
            {"x-forwarded-prefix": "/tools"},
            PROXY,
            "/tools/project-dashboard",
        ),
        ("/", {"x-forwarded-prefix": "/tools"}, "192.0.2.1", ""),
        ("/", {"x-forwarded-prefix": "/tools"}, "127.0.0.1", ""),
        ("/", {"x-forwarded-prefix": '/"><script>'}, PROXY, ""),
        ("/", {"x-forwarded-prefix": "//evil.example"}, PROXY, ""),
        ("/", {"x-forwarded-prefix": "/.."}, PROXY, ""),
    ],
)
async def test_the_page_knows_under_what_it_stands(
    screens: Screens, path: str, headers: dict[str, str], peer: str, prefix: str
) -> None:
    page = (await get(screens, path, headers, peer)).body.decode()

    assert f'name="tocsin-prefix" content="{prefix}"' in page
    assert f'src="{prefix}/{SCRIPT}"' in page
    assert f'href="{prefix}/icon.svg"' in page


@pytest.mark.parametrize(
    "path", ["/api/v1/events", "/health", "/ws", "/hooks/github", "/assets/none.js", "/index.html"]
)
def test_what_belongs_to_others_is_left_to_them(screens: Screens, path: str) -> None:
    assert not screens.takes("GET", path)
    assert not screens.takes("GET", f"/project-dashboard{path}")


def test_only_reading_is_answered(screens: Screens) -> None:
    assert screens.takes("HEAD", "/")
    assert not screens.takes("POST", "/sign-in")


async def test_a_file_named_by_its_content_is_kept_for_ever(screens: Screens) -> None:
    file = await get(screens, f"/project-dashboard/{SCRIPT}")
    icon = await get(screens, "/icon.svg")

    assert (file.status, file.body) == (200, b"run()")
    assert file.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in file.headers["cache-control"]
    assert icon.headers["cache-control"] == "no-cache"
    assert icon.headers["content-type"] == "image/svg+xml"


async def test_a_file_is_sent_packed_to_who_can_unpack_it(screens: Screens) -> None:
    packed = await get(screens, f"/{SCRIPT}", {"accept-encoding": "br, gzip"})
    plain = await get(screens, f"/{SCRIPT}", {"accept-encoding": "br"})

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body == b"run()"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


async def test_what_a_browser_has_is_not_sent_again(screens: Screens) -> None:
    first = await get(screens, "/icon.svg")

    again = await get(screens, "/icon.svg", {"if-none-match": f"W/{first.headers['etag']}"})

    assert (again.status, again.body) == (304, b"")


async def test_the_policy_lets_nothing_foreign_and_nothing_inline_run(screens: Screens) -> None:
    page = await get(screens, "/")

    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-cache"


def test_without_built_screens_nothing_is_taken(tmp_path: Path) -> None:
    assert not made(tmp_path).takes("GET", "/")


def test_the_places_are_those_of_the_router() -> None:
    router = Path("ui/src/router.ts").read_text()
    named = set(re.findall(r'(?:path|alias): "/([a-z-]*)[^"]*"', router))

    assert named == PLACES


def test_the_package_has_its_screens_and_nothing_in_them_is_inline() -> None:
    page = (STATIC / "index.html").read_text()

    assert 'name="tocsin-prefix" content=""' in page
    assert 'src="./assets/' in page
    assert not re.search(r"<style|<script(?![^>]*src=)|\son\w+=", page)
