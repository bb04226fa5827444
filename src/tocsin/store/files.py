"""The file store: a folder, or a bucket of S3 or MinIO; files are written whole or not at all."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

from tocsin.errors import ConfigError, Reason, Rejected, StoreDown
from tocsin.settings.schema import FilesSettings

# How much of a file is in memory at a time.
CHUNK_BYTES = 1024 * 1024
# S3 takes parts of 5 MiB or more.
_PART_BYTES = 5 * 1024 * 1024
_CONNECT_S, _TIMEOUT_S = 10, 60


class FileStore:
    """Keeps files under keys such as `trainings/<id>`; `folder` is where, if it is one."""

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        """Keep what `chunks` give; nothing is kept when they, or the store, fail midway.

        Raises:
            StoreDown: the store does not take it now.
        """
        await self._remove_leftovers(key)
        try:
            await obstore.put_async(
                self._store, key, chunks, chunk_size=_PART_BYTES, max_concurrency=2
            )
        except (BaseError, OSError) as error:
            raise _down(error) from error

    async def read(self, key: str) -> tuple[int, AsyncIterator[bytes]]:
        """The size of a file, and its bytes.

        Raises:
            Rejected: 404, there is none.
            StoreDown: the store does not answer.
        """
        found: Any
        try:
            found = await obstore.get_async(self._store, key)
        except (NotFoundError, FileNotFoundError) as error:
            message = "The file is no longer in the file store."
            raise Rejected(404, Reason.NOT_FOUND, message) from error
        except (BaseError, OSError) as error:
            raise _down(error) from error
        return found.meta["size"], _bytes(found)

    async def remove(self, key: str) -> None:
        """Forget a file; one that is not there is forgotten already.

        Raises:
            StoreDown: the store does not answer.
        """
        await self._remove_leftovers(key)
        try:
            await obstore.delete_async(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise _down(error) from error

    async def _remove_leftovers(self, key: str) -> None:
        """Of a process that was killed while it wrote, the folder keeps what came until then."""
        if self._folder is not None:
            await asyncio.to_thread(_remove_all, self._folder / key)


def _remove_all(path: Path) -> None:
    """Remove the drafts of a file: obstore calls them by its name, "#" and a number."""
    for draft in path.parent.glob(f"{path.name}#*"):
        draft.unlink(missing_ok=True)


def open_files(settings: FilesSettings, data_dir: Path) -> FileStore:
    """The bucket of the settings; without one the folder `files` in the data folder.

    Raises:
        ConfigError: the folder cannot be made.
    """
    if settings.endpoint:
        return FileStore(_bucket(settings))
    folder = data_dir / "files"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        message = f"data_dir: cannot make the folder {folder}: {error.strerror}"
        raise ConfigError([message]) from error
    return FileStore(LocalStore(folder), folder)


def _bucket(settings: FilesSettings) -> ObjectStore:
    scheme = "https" if settings.is_secure else "http"
    endpoint = settings.endpoint
    return S3Store(
        settings.bucket,
        endpoint=endpoint if "://" in endpoint else f"{scheme}://{endpoint}",
        access_key_id=settings.access_key.get_secret_value(),
        secret_access_key=settings.secret_key.get_secret_value(),
        region=settings.region,
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": not settings.is_secure,
            "connect_timeout": timedelta(seconds=_CONNECT_S),
            "timeout": timedelta(seconds=_TIMEOUT_S),
        },
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=_TIMEOUT_S)},
    )


async def _bytes(found: Any) -> AsyncIterator[bytes]:
    try:
        async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(chunk)
    except (BaseError, OSError) as error:
        raise _down(error) from error


def _down(error: Exception) -> StoreDown:
    # The library's text names the address and may quote the store's answer.
    return StoreDown(f"The file store does not answer ({type(error).__name__}).", retry_after_s=30)
