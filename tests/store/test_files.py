"""The file store: the same in a folder and in a bucket; whole or not at all."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.appending import settings_with
from tests.s3 import s3_server
from tocsin.errors import ConfigError, Reason, Rejected, StoreDown
from tocsin.settings.schema import FilesSettings
from tocsin.store.files import FileStore, open_files

LARGE = os.urandom(1024) * 1024 * 12


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """HOST:PORT of a server with the bucket."""
    with s3_server("avatars") as endpoint:
        yield endpoint


def settings(endpoint: str = "", bucket: str = "avatars") -> FilesSettings:
    return replace(
        settings_with().files,
        endpoint=endpoint,
        bucket=bucket,
        access_key=SecretStr("someone"),
        secret_key=SecretStr("anything"),
        is_secure=False,
    )


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    endpoint = request.getfixturevalue("s3") if request.param == "bucket" else ""
    return open_files(settings(endpoint), tmp_path)


async def in_chunks(data: bytes, size: int = 300_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def read(files: FileStore, key: str) -> bytes:
    size, chunks = await files.read(key)
    data = b"".join([chunk async for chunk in chunks])
    assert size == len(data)
    return data


@pytest.mark.parametrize("data", [b"", b"a few", LARGE], ids=["nothing", "a few", "12 MiB"])
async def test_what_is_kept_is_read_as_it_was(data: bytes, files: FileStore) -> None:
    await files.write("trainings/a", in_chunks(data))

    assert await read(files, "trainings/a") == data


async def test_what_is_kept_again_takes_the_place_of_the_first(files: FileStore) -> None:
    await files.write("trainings/b", in_chunks(b"first"))
    await files.write("trainings/b", in_chunks(b"second"))

    assert await read(files, "trainings/b") == b"second"


async def test_what_fails_midway_leaves_nothing(files: FileStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for chunk in in_chunks(LARGE):
            yield chunk
        raise StoreDown("cut")

    with pytest.raises(StoreDown):
        await files.write("trainings/c", broken())

    with pytest.raises(Rejected) as raised:
        await files.read("trainings/c")
    assert (raised.value.status, raised.value.reason) == (404, Reason.NOT_FOUND)


async def test_what_is_removed_is_gone_and_may_be_removed_again(files: FileStore) -> None:
    await files.write("trainings/d", in_chunks(b"d"))

    await files.remove("trainings/d")
    await files.remove("trainings/d")

    with pytest.raises(Rejected):
        await files.read("trainings/d")


async def test_what_a_killed_process_left_goes_with_the_next_try(tmp_path: Path) -> None:
    files, folder = open_files(settings(), tmp_path), tmp_path / "files" / "trainings"
    folder.mkdir()
    for name in ("e#1", "e#2", "other#1"):
        (folder / name).write_bytes(b"half")

    await files.write("trainings/e", in_chunks(b"whole"))

    assert sorted(path.name for path in folder.iterdir()) == ["e", "other#1"]


async def test_a_bucket_that_is_not_there_is_a_store_that_is_down(s3: str, tmp_path: Path) -> None:
    files = open_files(settings(s3, "nowhere"), tmp_path)

    with pytest.raises(StoreDown) as raised:
        await files.write("trainings/a", in_chunks(b"a"))

    assert "anything" not in raised.value.message


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    open_files(settings(), tmp_path / "data")

    assert (tmp_path / "data" / "files").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(ConfigError) as raised:
        open_files(settings(), tmp_path / "data")

    assert "data_dir" in raised.value.problems[0]
