"""The key: made once, never overwritten, read by its owner only; what it seals stays shut."""

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import ConfigError
from tocsin.store.key import (
    KEY_FILE,
    MIN_KEY_CHARS,
    NEXT_KEY_FILE,
    Sealed,
    SecretKey,
    Vault,
    begin_rotation,
    end_rotation,
    load_keys,
)

KEY = SecretKey.of("k" * MIN_KEY_CHARS, "here")
VAULT = Vault([KEY])


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = load_keys("", tmp_path / "data", may_make=True)
    second = load_keys("", tmp_path / "data", may_make=True)

    assert first == second
    assert (tmp_path / "data" / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == [KEY_FILE]


def test_many_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    found: list[str] = []

    def load() -> None:
        found.extend(key.text for key in load_keys("", tmp_path, may_make=True))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_key_that_is_set_needs_no_file(tmp_path: Path) -> None:
    keys = load_keys(KEY.text + "\n", tmp_path, may_make=False)

    assert keys == [KEY]
    assert not list(tmp_path.iterdir())


def test_several_instances_need_a_key_that_is_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="secret_key: is required"):
        load_keys("", tmp_path, may_make=False)


def test_a_short_key_is_refused_without_being_told(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("hunter2")
    (tmp_path / KEY_FILE).chmod(0o600)

    for setting in ("hunter2", ""):
        with pytest.raises(ConfigError, match="at least 32") as refused:
            load_keys(setting, tmp_path, may_make=True)
        assert "hunter2" not in str(refused.value)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_keys("", tmp_path, may_make=True)
    (tmp_path / KEY_FILE).chmod(0o640)

    with pytest.raises(ConfigError, match="chmod 600"):
        load_keys("", tmp_path, may_make=True)


def test_a_key_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).mkdir()

    with pytest.raises(ConfigError, match="cannot be read"):
        load_keys("", tmp_path, may_make=True)


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="cannot be written"):
        load_keys("", tmp_path / "file", may_make=True)


def test_a_rotation_keeps_both_keys_until_it_ends(tmp_path: Path) -> None:
    (old,) = load_keys("", tmp_path, may_make=True)

    new = begin_rotation(tmp_path)
    during = load_keys("", tmp_path, may_make=True)
    again = begin_rotation(tmp_path)
    end_rotation(tmp_path)
    end_rotation(tmp_path)
    after = load_keys("", tmp_path, may_make=True)

    assert during == [old, new]
    assert again == new != old
    assert after == [new]
    assert not (tmp_path / NEXT_KEY_FILE).exists()
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


@given(st.text(), st.text())
def test_what_is_sealed_opens_under_its_name(name: str, plain: str) -> None:
    name = name.encode("utf-8", "replace").decode()

    sealed = VAULT.seal(name, plain)

    assert VAULT.open(name, sealed) == plain
    assert VAULT.seal(name, plain).ciphertext != sealed.ciphertext


@given(st.integers(min_value=0), st.integers(1, 255))
def test_any_flipped_byte_is_seen(place: int, flip: int) -> None:
    sealed = VAULT.seal("slack", "hunter2")
    changed = bytearray(sealed.ciphertext)
    changed[place % len(changed)] ^= flip

    with pytest.raises(ConfigError, match="damaged"):
        VAULT.open("slack", Sealed(sealed.key_id, bytes(changed)))


@pytest.mark.parametrize("cut", [0, 5, 12, 20])
def test_a_text_cut_short_is_seen(cut: int) -> None:
    sealed = VAULT.seal("slack", "hunter2")

    with pytest.raises(ConfigError, match="damaged"):
        VAULT.open("slack", Sealed(sealed.key_id, sealed.ciphertext[:cut]))


def test_a_secret_does_not_open_in_anothers_place_or_with_another_key() -> None:
    sealed = VAULT.seal("slack", "hunter2")

    with pytest.raises(ConfigError, match="damaged"):
        VAULT.open("feishu", sealed)
    with pytest.raises(ConfigError, match="another key"):
        Vault([SecretKey.new()]).open("slack", sealed)


def test_a_key_shows_itself_nowhere() -> None:
    assert KEY.text not in repr(KEY)
    assert KEY.text not in KEY.id


def test_each_purpose_has_a_key_of_its_own_from_each_key() -> None:
    other = SecretKey.of("o" * MIN_KEY_CHARS, "here")

    first, second = Vault([KEY, other]).derive("addresses")

    assert Vault([KEY]).derive("addresses") == (first,)
    assert Vault([other]).derive("addresses") == (second,)
    assert Vault([KEY]).derive("anything else") != (first,)
    assert len(first) == 32
