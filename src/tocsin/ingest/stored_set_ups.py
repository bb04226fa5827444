"""Keep the set-ups as they are stored, whoever stores them, and change what is stored.

Every instance looks by itself whether something changed; a look reads a few numbers.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from tocsin.clock import Clock
from tocsin.errors import Reason, Rejected
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.set_ups import SetUp, SetUps
from tocsin.ingest.source import InboundCall, Verdict
from tocsin.model.audit import setting_changed
from tocsin.model.event import new_event_id
from tocsin.model.inbound_call import SetUpKey
from tocsin.model.source_setup import (
    KeptSecret,
    SecretView,
    SetUpView,
    StoredSetUp,
    Verification,
    ends_of_settings,
    hint_of,
    new_secret,
    rotated,
    without_former,
)
from tocsin.store import source_setups
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.store.key import Vault

# A rotation is to be known everywhere within 5 s.
LOOK_EVERY_S = 2.0


class StoredSetUps:
    """Used from one event loop; `step` is the loop that looks for changes."""

    def __init__(
        self, set_ups: SetUps, database: Database, journal: Journal, vault: Vault, clock: Clock
    ) -> None:
        self._set_ups = set_ups
        self._database = database
        self._journal = journal
        self._vault = vault
        self._clock = clock
        self._stored: list[StoredSetUp] = []
        self._marks: source_setups.Marks = {}
        self._next_end: datetime | None = None

    async def load(self) -> None:
        """Set up what is stored.

        Raises:
            ConfigError: a secret is sealed with another key, or was tampered with.
            StoreDown: it cannot be read now; what was known stays.
        """
        async with self._database.read() as conn:
            # In this order: what changes between the two is read again the next time.
            marks = await source_setups.marks(conn)
            stored = await source_setups.read_all(conn, self._vault)
        self._stored, self._marks = list(stored), marks
        self._apply()

    async def step(self) -> None:
        """Let time pass, then end the secrets whose time is over and look for changes."""
        await self._clock.sleep(LOOK_EVERY_S)
        if self._next_end is not None and self._next_end <= self._clock.now():
            self._apply()
        async with self._database.read() as conn:
            marks = await source_setups.marks(conn)
        if marks != self._marks:
            await self.load()

    def _apply(self) -> None:
        now = self._clock.now()
        self._set_ups.apply(self._stored, now)
        ends = [
            at
            for one in self._stored
            for at in (
                *(secret.ends_at for secret in one.secrets),
                *(setting.ends_at for setting in one.ended_settings),
            )
            if at is not None and at > now
        ]
        self._next_end = min(ends, default=None)

    # --- as people see them

    def views(self) -> list[SetUpView]:
        """All set-ups, by kind and name."""
        return [self._view(one) for _, one in sorted(self._set_ups.all.items())]

    def view(self, key: SetUpKey) -> SetUpView:
        """One of them.

        Raises:
            Rejected: 404, there is none.
        """
        return self._view(self.set_up(key))

    def set_up(self, key: SetUpKey) -> SetUp:
        """The set-up itself.

        Raises:
            Rejected: 404, there is none.
        """
        found = self._set_ups.all.get(key)
        if found is None:
            raise Rejected(404, Reason.NOT_FOUND, "There is no set-up of this source and name.")
        return found

    def _view(self, one: SetUp) -> SetUpView:
        now = self._clock.now()
        kind, name = one.key
        return SetUpView(
            kind,
            name,
            one.addresses,
            _verification(one, now),
            one.is_stored,
            _secret_views(one, now),
            one.entrance.extras.sample is not None,
        )

    # --- changes, each with its event

    async def create(
        self, kind: str, name: str, by: str, secret: str | None = None
    ) -> tuple[SetUpView, str]:
        """Set a source up once more, with a secret of its own; gives that, too.

        Raises:
            Rejected: 404, there is no such source, or it needs settings; 409, the name is taken.
            StoreDown: nothing is changed.
        """
        if self._set_ups.options_for_new(kind) is None:
            message = "There is no such source, or it is not set up in the settings."
            raise Rejected(404, Reason.NOT_FOUND, message)
        if (kind, name) in self._set_ups.all:
            raise Rejected(409, Reason.CONFLICT, "This source has a set-up of that name already.")
        now, text = self._clock.now(), secret or new_secret()
        new = StoredSetUp(kind, name, True, now, (KeptSecret(new_event_id(), text, now),))
        await self._journal.append(
            [setting_changed("source.created", label((kind, name)), by, now)],
            lambda conn: source_setups.add(conn, self._vault, new),
        )
        await self.load()
        return self.view((kind, name)), text

    async def remove(self, key: SetUpKey, by: str) -> None:
        """Take a stored set-up away, with its secrets and what is kept of its calls.

        Raises:
            Rejected: 404, there is none; 409, it is in the settings.
            StoreDown: nothing is changed.
        """
        if not self.set_up(key).is_stored:
            message = "This set-up is in the settings, and can be removed there only."
            raise Rejected(409, Reason.CONFLICT, message)
        await self._journal.append(
            [setting_changed("source.removed", label(key), by, self._clock.now())],
            lambda conn: source_setups.remove(conn, key),
        )
        await self.load()

    async def rotate(
        self, key: SetUpKey, by: str, keep_former: timedelta, secret: str | None = None
    ) -> tuple[SetUpView, str]:
        """Give a set-up a new secret; the former ones end after `keep_former`. Gives it, too.

        Raises:
            Rejected: 404, there is no such set-up.
            StoreDown: nothing is changed.
        """
        now, text = self._clock.now(), secret or new_secret()
        new = KeptSecret(new_event_id(), text, now)
        settings = self.set_up(key).from_settings
        await self._change(
            key, "source.secret_rotated", by, lambda one: rotated(one, settings, new, keep_former)
        )
        return self.view(key), text

    async def end_former(self, key: SetUpKey, by: str) -> None:
        """Have the present secret be the only one, at once.

        Raises:
            Rejected: 404, there is no such set-up.
            StoreDown: nothing is changed.
        """
        now, settings = self._clock.now(), self.set_up(key).from_settings
        await self._change(
            key, "source.former_ended", by, lambda one: without_former(one, settings, now)
        )

    async def _change(
        self, key: SetUpKey, what: str, by: str, work: Callable[[StoredSetUp], StoredSetUp]
    ) -> None:
        now, vault = self._clock.now(), self._vault
        await self._journal.append(
            [setting_changed(what, label(key), by, now)],
            lambda conn: source_setups.change(conn, vault, key, work, now),
        )
        await self.load()


def label(key: SetUpKey) -> str:
    """A set-up as its address has it behind /hooks/."""
    return "/".join(filter(None, key))


def _verification(one: SetUp, now: datetime) -> Verification:
    entrance = one.entrance
    if entrance.keys is not None:
        return Verification.KEYS
    if entrance.is_open:
        return Verification.OPEN
    make = entrance.extras.sample
    if make is None:
        return Verification.SECRET
    # Whether an example is verified tells what the source looks at, with the options it has.
    made = make(entrance.options, entrance.secrets, now)
    headers = {name.lower(): value for name, value in made.headers.items()}
    call = InboundCall(headers, {}, made.body, entrance.name, now, BodyLimits(), one.addresses[-1])
    try:
        verdict = entrance.source.verify(call, entrance.options, entrance.secrets)
    except Rejected:
        return Verification.SIGNATURE
    return Verification.SIGNATURE if verdict is Verdict.VERIFIED else Verification.SECRET


def _secret_views(one: SetUp, now: datetime) -> list[SecretView]:
    """Those that are good now; the present one first."""
    kept = () if one.stored is None else one.stored.secrets
    found = [
        SecretView(secret.id, True, hint_of(secret.text), secret.created_at, secret.ends_at)
        for secret in kept
    ]
    for at, text in enumerate(one.from_settings, start=1):
        ends_at = None if one.stored is None else ends_of_settings(one.stored, text)
        found.append(SecretView(f"settings-{at}", False, hint_of(text), None, ends_at))
    return [secret for secret in found if secret.ends_at is None or now < secret.ends_at]
