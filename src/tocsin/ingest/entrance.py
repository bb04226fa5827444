"""An entrance: a source set up with its options, its secrets and its keys."""

from dataclasses import dataclass, replace

from tocsin.ingest.signature import bad_signature
from tocsin.ingest.source import (
    Envelope,
    Extras,
    InboundCall,
    RemoteKeys,
    Source,
    SourceOptions,
    Verdict,
    extras_of,
    secrets_of,
)
from tocsin.model.inbound_call import SetUpKey

_NO_EXTRAS = Extras()


@dataclass(frozen=True, slots=True)
class Entrance:
    """A source with its options, under the name its events carry.

    `secrets` are all the shared ones that are good now. `takes_local`: while it is open, a caller
    on this machine needs nothing; else only those in `unsigned_networks` do not. `name` is that of
    the set-up, "" for the kind itself.
    """

    source_name: str
    source: Source
    options: SourceOptions
    secrets: tuple[str, ...] = ()
    keys: RemoteKeys | None = None
    extras: Extras = _NO_EXTRAS
    takes_local: bool = True
    name: str = ""

    @property
    def key(self) -> SetUpKey:
        return self.source_name, self.name

    @property
    def is_open(self) -> bool:
        """Whether neither a secret nor a verification is set."""
        verifies = getattr(self.options, "verify", "auto") != "auto"
        return not verifies and not self.secrets

    def shares(self, path: str) -> bool:
        """Whether the API answers those who read at this address."""
        is_webhook = self.source.ENVELOPE is Envelope.WEBHOOK
        return not is_webhook and not path.startswith("/hooks/")

    async def verify_again(self, call: InboundCall) -> Verdict:
        """Verify with the keys that the sender publishes now.

        Raises:
            Rejected: 401, none of them signed this.
        """
        if self.keys is not None:
            await self.keys.refresh()
            again = replace(call, keys=self.keys.known)
            verdict = self.source.verify(again, self.options, self.secrets)
            if verdict is not Verdict.NEEDS_KEYS:
                return verdict
        raise bad_signature("None of the sender's published keys signed this.")


def make_entrance(
    source_name: str,
    source: Source,
    options: SourceOptions,
    keys: RemoteKeys | None = None,
    *,
    name: str = "",
    is_production: bool = False,
) -> Entrance:
    """The entrance of a source with these options.

    In production a source that can verify who calls does so for callers on this machine too.
    """
    secrets, extras = secrets_of(options), extras_of(source)
    takes_local = not (is_production and hasattr(options, "verify"))
    return Entrance(source_name, source, options, secrets, keys, extras, takes_local, name)
