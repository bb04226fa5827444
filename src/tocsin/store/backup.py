"""A backup of an SQLite database in use: whole, checked, and for nobody else's eyes."""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.engine import URL

from tocsin.errors import ConfigError, StoreDown
from tocsin.store import facts
from tocsin.store.failures import translated_errors
from tocsin.store.sqlite import file_of, writing_engine

# 8 MiB of a file with pages of 4 KiB.
PORTION_PAGES = 2_048

# Pages that are done, and how many there are.
Tell = Callable[[int, int], None]


def back_up(url: URL, file: Path, tell: Tell) -> int:
    """Write the database at `url`, as it is now, to `file`; gives the newest seq in it.

    The file is there once it is whole, and never takes the place of another one.

    Raises:
        ConfigError: there is such a file, or there can be none, or there is no database.
        StoreDown: the database cannot be read, or is damaged.
    """
    if not file_of(url).is_file():
        raise ConfigError([f"database_url: there is no file {file_of(url)}"])
    if file.exists():
        raise ConfigError([f"FILE: {file} is there already"])
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with translated_errors():
            _copy(file_of(url), draft, tell)
            newest = _mark(draft)
        _check(draft)
        _put(draft, file)
    except OSError as error:
        raise ConfigError([f"FILE: cannot write {file}: {error.strerror}"]) from error
    finally:
        for left in (draft, Path(f"{draft}-wal"), Path(f"{draft}-shm")):
            with suppress(OSError):
                left.unlink()
    return newest


def back_up_files(folder: Path, to: Path) -> int:
    """Copy what trainings have brought into a new folder, for nobody else's eyes; how many files.

    A file never changes, so that those which the database tells of are whole once it is copied;
    what is removed meanwhile, or still on its way, is left out.

    Raises:
        ConfigError: there is such a folder, or there can be none.
    """
    files = [one for one in folder.rglob("*") if one.is_file() and "#" not in one.name]
    copied = 0
    try:
        to.mkdir(mode=0o700)
        for one in files:
            target = to / one.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                shutil.copyfile(one, target)
                copied += 1
    except OSError as error:
        raise ConfigError([f"FILE: cannot write {to}: {error.strerror}"]) from error
    return copied


def _copy(source: Path, draft: Path, tell: Tell) -> None:
    with (
        closing(sqlite3.connect(source, isolation_level=None)) as reading,
        closing(sqlite3.connect(draft)) as writing,
    ):
        # Else it would begin anew whenever the server commits (sqlite.org/backup.html): a snapshot
        # that is held lasts over all portions.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master")
        reading.backup(
            writing, pages=PORTION_PAGES, progress=lambda _, left, total: tell(total - left, total)
        )


def _mark(draft: Path) -> int:
    engine = writing_engine(URL.create("sqlite", database=str(draft)))
    try:
        with engine.begin() as conn:
            return facts.mark_as_backup(conn)
    finally:
        engine.dispose()


def _check(draft: Path) -> None:
    with closing(sqlite3.connect(draft)) as reading:
        (found,) = reading.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise StoreDown(f"The database is damaged, and so would be its backup: {found}")


def _put(draft: Path, file: Path) -> None:
    """Give the draft its name, and make both survive a loss of power."""
    for path in (draft, file.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if path is draft:
            file.hardlink_to(draft)
