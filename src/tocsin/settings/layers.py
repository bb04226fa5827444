"""Read each place a setting may come from into flat lists of given values.

A layer is what one place gives. Nothing here is validated but the names; a fault is added
to `problems` and the rest is read all the same, so that all faults are told at once. No
message holds a value: it may be a secret that stands under a wrong name.
"""

import io
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from dotenv.parser import parse_stream

from tocsin.settings.names import PLAIN_NAMES, dotted, environment_name, key_of
from tocsin.settings.shape import Key, Section, Table, Value, file_target, find, nearest

# A secret is a line; whoever names a larger file has named the wrong one.
MAX_SECRET_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Given:
    """One value as it was given; `origin` names the file, variable or flag."""

    key: Key
    value: object
    origin: str


Layer = Mapping[Key, Given]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one place after the other; collects what is wrong with them."""

    root: Section
    problems: list[str]

    def defaults(self) -> Layer:
        text = resources.files("tocsin.settings").joinpath("defaults.toml").read_text("utf-8")
        return self._layer(self._unfold((), tomllib.loads(text), "default", dotted))

    def file(self, path: Path) -> Layer:
        text = self._text(path)
        if text is None:
            return {}
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self.problems.append(f"{path}: not valid TOML: {error}")
            return {}
        return self._layer(self._unfold((), table, str(path), dotted))

    def variables(self, environ: Mapping[str, str], place: str = "") -> Layer:
        """The variables with Tocsin's prefix; `place` is added to their names as origin."""
        return self._layer(
            given
            for name in sorted(environ)
            if (key := key_of(name)) is not None
            for given in self._variable(key, environ[name], name + place)
        )

    def plain_variables(self, environ: Mapping[str, str], place: str = "") -> Layer:
        """The variables without prefix that Tocsin knows; an empty one counts as not set."""
        return self._layer(
            given
            for name, key in PLAIN_NAMES.items()
            # A kind of source that is not there leaves nothing for its name to mean.
            if environ.get(name) and find(self.root, key) is not None
            for given in self._variable(key, environ[name], name + place)
        )

    def env_file(self, path: Path) -> Mapping[str, str]:
        """The variables of a file of NAME=value lines, taken literally: nothing is expanded."""
        text = self._text(path)
        found: dict[str, str] = {}
        # python-dotenv's own dotenv_values only logs a line that it cannot read.
        for line in parse_stream(io.StringIO(text or "")):
            if line.error or (line.key is not None and line.value is None):
                self.problems.append(f"{path}, line {line.original.line}: expected NAME=value")
            elif line.key is not None:
                found[line.key] = line.value or ""
        return found

    def flags(self, flags: Mapping[str, object]) -> Layer:
        """Flags of the command line by the name of their setting; None is one not given."""
        return {
            (name,): Given((name,), value, "--" + name.replace("_", "-"))
            for name, value in flags.items()
            if value is not None
        }

    def _variable(self, key: Key, text: str, origin: str) -> Iterator[Given]:
        node = find(self.root, key)
        value: object = text
        if isinstance(node, Section | Table) or (
            isinstance(node, Value) and node.is_list and text.lstrip().startswith("[")
        ):
            try:
                value = json.loads(text)
            except ValueError:
                kind = "list" if isinstance(node, Value) else "object"
                self.problems.append(f"{origin}: expected a JSON {kind}")
                return
        elif isinstance(node, Value) and node.is_list:
            value = [part.strip() for part in text.split(",") if part.strip()]
        yield from self._unfold(key, value, origin, environment_name)

    def _unfold(
        self, key: Key, value: object, origin: str, written: Callable[[Key], str]
    ) -> Iterator[Given]:
        """Each single value under `key`, with the files of secrets read."""
        node = find(self.root, key)
        if isinstance(node, Value):
            yield Given(key, None if node.is_optional and value == "" else value, origin)
        elif node is not None and isinstance(value, Mapping):
            for name, inner in value.items():
                yield from self._unfold((*key, str(name)), inner, origin, written)
        elif node is not None:
            self.problems.append(f"{dotted(key)}: expected a table (from {origin})")
        elif target := file_target(self.root, key):
            yield from self._secret_file(target, value, origin)
        else:
            self.problems.append(self._unknown(key, origin, written))

    def _unknown(self, key: Key, origin: str, written: Callable[[Key], str]) -> str:
        near = nearest(self.root, key)
        hint = f"; did you mean {written(near)}?" if near else ""
        name = written(key)
        place = "" if origin == name else f" (from {origin})"
        return f"{name}: there is no such setting{hint}{place}"

    def _secret_file(self, target: Key, value: object, origin: str) -> Iterator[Given]:
        if not isinstance(value, str) or not value:
            self.problems.append(f"{dotted(target)}_file: expected a file name (from {origin})")
            return
        text = self._text(Path(value), MAX_SECRET_BYTES, origin)
        if text is None:
            return
        secret = text.rstrip("\r\n")
        if not secret:
            self.problems.append(f"{dotted(target)}: {value} is empty (from {origin})")
            return
        yield Given(target, secret, f"{origin} ({value})")

    def _text(self, path: Path, max_bytes: int = -1, origin: str = "") -> str | None:
        place = f" (from {origin})" if origin else ""
        try:
            with path.open("rb") as file:
                data = file.read(max_bytes + 1 if max_bytes >= 0 else -1)
            if 0 <= max_bytes < len(data):
                self.problems.append(f"{path}: larger than {max_bytes} bytes{place}")
                return None
            return data.decode("utf-8-sig")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.problems.append(f"{path}: cannot be read: {reason}{place}")
            return None

    def _layer(self, given: Iterator[Given]) -> Layer:
        layer: dict[Key, Given] = {}
        for one in given:
            if one.key in layer:
                other = layer[one.key].origin
                self.problems.append(
                    f"{dotted(one.key)}: given twice (from {other} and from {one.origin})"
                )
            layer[one.key] = one
        return layer
