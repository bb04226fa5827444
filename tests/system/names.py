"""Names that lead where a test wants them to, for a server in a process of its own.

Everything in the server is real; only what it asks for addresses, the resolver of the machine,
answers out of a file for names that end in `.test`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

# Put in the place of the resolver before anything of the server's is there.
_RESOLVER = """
import json, os, socket

ask_the_machine = socket.getaddrinfo

def look_up(host, *args, **more):
    if not str(host).endswith(".test"):
        return ask_the_machine(host, *args, **more)
    with open(os.environ["NAMES_OF_THE_TEST"]) as file:
        found = json.load(file).get(host)
    if not found:
        raise OSError(f"nobody knows {host}")
    return [
        (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0))
        for one in found
    ]

socket.getaddrinfo = look_up
"""


class Names:
    """The names there are; `settings` are for the server that asks for them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "names.json"
        place = folder / "resolver"
        place.mkdir()
        (place / "sitecustomize.py").write_text(_RESOLVER)
        also = os.environ.get("PYTHONPATH", "")
        self.settings = {
            "PYTHONPATH": os.pathsep.join(filter(None, (str(place), also))),
            "NAMES_OF_THE_TEST": str(self._file),
        }
        self.lead({})

    def lead(self, names: Mapping[str, Sequence[str]]) -> None:
        """From now on these names lead there, and there are no others."""
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(names))
        draft.replace(self._file)
