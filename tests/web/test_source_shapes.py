"""The shapes of the API for sources: what goes out holds no secret but where it is meant to."""

import pytest
from pydantic import ValidationError

from tocsin.web.source_shapes import NewSetUp, Rotation, key_of


@pytest.mark.parametrize(("name", "key"), [("-", ("github", "")), ("a", ("github", "a"))])
def test_a_dash_is_the_kind_itself(name: str, key: tuple[str, str]) -> None:
    assert key_of("github", name) == key


def test_what_comes_in_does_not_show_a_secret() -> None:
    assert "hunter22" not in repr(NewSetUp(kind="github", name="a", secret="hunter22"))
    assert "hunter22" not in repr(Rotation(secret="hunter22"))


@pytest.mark.parametrize("seconds", [-1, 2_592_001, True, "soon"])
def test_a_former_secret_is_kept_for_a_month_at_most(seconds: object) -> None:
    with pytest.raises(ValidationError):
        Rotation.model_validate({"keep_former_s": seconds})

    assert Rotation.model_validate({"keep_former_s": "60"}).keep_former_s == 60
