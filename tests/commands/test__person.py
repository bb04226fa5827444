"""Who the journal says did it, and names that cannot be one."""

import os
import pwd

import pytest
import typer

from tocsin.commands._person import checked_name, somebody


def test_the_machines_user_did_it() -> None:
    assert somebody() == f"{pwd.getpwuid(os.getuid()).pw_name} (command line)"


def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)

    assert somebody() == "user 4000000 (command line)"


def test_a_name_is_checked_before_anything_is_done() -> None:
    assert checked_name("김민아") == "김민아"
    with pytest.raises(typer.BadParameter, match="visible"):
        checked_name("")
