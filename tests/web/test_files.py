"""Downloads: with a signed address, whole, and as nothing that a browser would run."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.appending import settings_with
from tests.call import Answer, called
from tests.journal import REMOTE, Told, told_in
from tests.trainings import LORA, ended
from tocsin.model.signed_address import Signer
from tocsin.store import training_files
from tocsin.store.files import FileStore, open_files
from tocsin.store.training_files import StoredFile
from tocsin.testing.clock import HandClock
from tocsin.web import files as module
from tocsin.web.api import build_api
from tocsin.web.files import download_address

DATA = b"\x00weights" * 300_000
SIGNER = Signer((b"k" * 32,), timedelta(minutes=15))


@dataclass(frozen=True)
class Downloads:
    app: FastAPI
    told: Told
    clock: HandClock
    files: FileStore

    async def file(self) -> StoredFile:
        """A stored file."""
        await self.told.append([ended("r-1", 0, LORA)])
        file = await self.told.database.write(
            lambda conn: training_files.take(conn, "me", self.clock.now(), timedelta(seconds=30))
        )
        assert file is not None
        await self.files.write(file.key, once(DATA))
        await self.told.database.write(
            lambda conn: training_files.mark_stored(conn, file.id, "me", len(DATA), "ab")
        )
        return file

    async def get(self, target: str) -> Answer:
        return await called(self.app, "GET", target, peer=REMOTE)


async def once(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.fixture
async def downloads(tmp_path: Path) -> AsyncIterator[Downloads]:
    clock, files = HandClock(), open_files(settings_with().files, tmp_path)
    async with told_in(tmp_path) as told:
        router = module.router(database=told.database, files=files, clock=clock, signer=SIGNER)
        app = build_api(routers=[router], version="1", extra_paths={})
        yield Downloads(app, told, clock, files)


async def test_a_signed_address_gives_the_whole_file(downloads: Downloads) -> None:
    file = await downloads.file()
    address, _ = download_address(file.id, SIGNER, downloads.clock.now())

    answer = await downloads.get(address)

    assert (answer.status, answer.body) == (200, DATA)
    assert answer.chunks > 1
    assert answer.headers["content-length"] == str(len(DATA))
    assert answer.headers["content-disposition"].startswith('attachment; filename="file 0"')
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "no-store" in answer.headers["cache-control"]


async def test_a_name_goes_into_the_header_safely() -> None:
    said = module._attachment('лора "x"\\\r\n.safetensors')

    assert said.isascii()
    assert "\r" not in said
    assert said.count('"') == 2
    assert "filename*=UTF-8''%D0%BB" in said


async def test_without_its_signature_or_after_its_time_it_is_403(downloads: Downloads) -> None:
    file = await downloads.file()
    address, _ = download_address(file.id, SIGNER, downloads.clock.now())
    forged = address[:-1] + ("0" if address[-1] != "0" else "1")
    longer = address.replace("expires=", "expires=9")

    answers = [await downloads.get(one) for one in (forged, longer)]
    downloads.clock.move(15 * 60)
    late = await downloads.get(address)

    assert [one.status for one in answers] == [403, 403]
    assert (late.status, late.json["reason"]) == (403, "not_allowed")


@pytest.mark.parametrize("query", ["", "?expires=1", "?expires=x&signature=a", "?a=b"])
async def test_an_address_that_is_none_is_422(query: str, downloads: Downloads) -> None:
    assert (await downloads.get(f"/api/v1/files/abc{query}")).status == 422


async def test_a_file_that_is_not_stored_yet_or_gone_is_404(downloads: Downloads) -> None:
    file = await downloads.file()
    address, _ = download_address(file.id, SIGNER, downloads.clock.now())
    nobody, _ = download_address("abc", SIGNER, downloads.clock.now())

    await downloads.files.remove(file.key)

    assert (await downloads.get(address)).status == 404
    assert (await downloads.get(nobody)).status == 404
