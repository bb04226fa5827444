"""`tocsin version` says which Tocsin this is."""

import pytest

from tocsin import __version__
from tocsin.cli import run


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["version"], {})

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"tocsin {__version__} (Python 3.")
