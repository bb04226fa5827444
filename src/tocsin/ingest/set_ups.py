"""All set-ups of all sources, by their addresses: those of the settings and those that are stored.

A look-up is one in a dictionary, since every call makes two. When something stored changes, or a
former secret ends, all of it is made anew and takes the old one's place at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import SecretStr

from tocsin.ingest.entrance import Entrance, make_entrance
from tocsin.ingest.fields import MAX_NAME_CHARS
from tocsin.ingest.source import RemoteKeys, Source, SourceOptions
from tocsin.model.inbound_call import SetUpKey
from tocsin.model.source_setup import StoredSetUp, good_secrets

HOOKS = "/hooks/"

MakeKeys = Callable[[str, SourceOptions], RemoteKeys | None]


def no_keys(_kind: str, _options: SourceOptions) -> RemoteKeys | None:
    """Of sources whose senders publish none."""
    return None


@dataclass(frozen=True, slots=True)
class SetUp:
    """A source set up once; `from_settings` are the secrets it has there."""

    entrance: Entrance
    from_settings: tuple[str, ...]
    stored: StoredSetUp | None

    @property
    def key(self) -> SetUpKey:
        return self.entrance.key

    @property
    def is_stored(self) -> bool:
        """Whether it is stored itself, and not in the settings."""
        return self.stored is not None and self.stored.is_stored

    @property
    def addresses(self) -> tuple[str, ...]:
        kind, name = self.key
        if name:
            return (f"{HOOKS}{kind}/{name}",)
        return (*self.entrance.source.ENTRANCES, f"{HOOKS}{kind}")

    @property
    def known_secrets(self) -> tuple[str, ...]:
        """All it has and lately had, so that none of them is ever shown."""
        kept = () if self.stored is None else self.stored.secrets
        return (*self.from_settings, *(one.text for one in kept))


class SetUps:
    """Answers which set-up an address belongs to."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        options: Mapping[str, SourceOptions],
        named: Mapping[str, Mapping[str, SourceOptions]],
        make_keys: MakeKeys = no_keys,
        *,
        is_production: bool = False,
    ) -> None:
        self._options = options

        def in_settings(kind: str, name: str, one: SourceOptions) -> SetUp:
            keys = make_keys(kind, one)
            entrance = make_entrance(
                kind, sources[kind], one, keys, name=name, is_production=is_production
            )
            return SetUp(entrance, entrance.secrets, None)

        self._in_settings = [
            in_settings(kind, name, one)
            for kind in sources
            for name, one in {
                **({"": options[kind]} if kind in options else {}),
                **named.get(kind, {}),
            }.items()
        ]
        self.all: Mapping[SetUpKey, SetUp] = {}
        self._by_path: dict[str, tuple[Entrance, str]] = {}
        self._kinds_with_names: frozenset[str] = frozenset()
        self._place(self._in_settings)

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds that are set up at all."""
        return sorted({kind for kind, _ in self.all})

    def entrance_of(self, path: str) -> tuple[Entrance, str] | None:
        """The entrance at `path`, and the name behind the source's."""
        found = self._by_path.get(path)
        if found is not None:
            return found
        if path.endswith("/"):
            found = self._by_path.get(path[:-1])
            if found is not None:
                return found
        if not path.startswith(HOOKS):
            return None
        kind, _, name = path.removeprefix(HOOKS).partition("/")
        # With names of its own, a kind takes calls under no other.
        if kind in self._kinds_with_names or len(name) > MAX_NAME_CHARS:
            return None
        of_kind = self.all.get((kind, ""))
        return None if of_kind is None else (of_kind.entrance, name)

    def options_for_new(self, kind: str) -> SourceOptions | None:
        """The options of a set-up that is stored; None while the kind itself is not set up."""
        options = self._options.get(kind)
        return None if options is None else _without_secrets(options)

    def apply(self, stored: Sequence[StoredSetUp], now: datetime) -> None:
        """Set up what is stored beside the settings, with the secrets that are good now.

        What is stored of a kind that the settings no longer have is left alone.
        """
        known = {(one.kind, one.name): one for one in stored}
        found = [_with_stored(one, known.pop(one.key, None), now) for one in self._in_settings]
        by_kind = {one.key[0]: one for one in self._in_settings if not one.key[1]}
        for key, one in known.items():
            of_kind = by_kind.get(key[0])
            if of_kind is not None and one.is_stored:
                options = _without_secrets(of_kind.entrance.options)
                entrance = replace(of_kind.entrance, options=options, name=key[1])
                found.append(_with_stored(SetUp(entrance, (), None), one, now))
        self._place(found)

    def _place(self, found: Sequence[SetUp]) -> None:
        by_path: dict[str, tuple[Entrance, str]] = {}
        for one in found:
            entrance = one.entrance
            by_path.update((path, (entrance, entrance.name)) for path in one.addresses)
        # In one go for whoever looks: there is no await between these.
        self.all = {one.key: one for one in found}
        self._by_path = by_path
        self._kinds_with_names = frozenset(kind for kind, name in self.all if name)


def _with_stored(one: SetUp, stored: StoredSetUp | None, now: datetime) -> SetUp:
    secrets = good_secrets(stored, one.from_settings, now)
    return SetUp(replace(one.entrance, secrets=secrets), one.from_settings, stored)


def _without_secrets(options: SourceOptions) -> SourceOptions:
    """A set-up's secrets are its own."""
    none = SecretStr("")
    bare: SourceOptions = replace(options, secret=none, previous_secret=none)  # type: ignore[type-var]  # every kind's options are a dataclass
    return bare
