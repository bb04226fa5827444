"""Who an instance is, and which of the stages it runs."""

import re
import socket

from tocsin.settings.schema import STAGES, Settings

# Whose the loops are of parts that are no stage. What goes by the clock is `watch`, and only those
# who show something to live clients, or tell people, have to hear of other instances' commits.
_STAGES_OF = {"bus": ("live", "notify"), "store": ("watch",)}
# What an instance does whatever it runs. Set-ups of sources, and callbacks, are shown and tried out
# by `web`.
_ALWAYS = ("bus.send", "store.leases", "ingest.set_ups", "ingest.call_log", "notify.known")


def instance_of(settings: Settings) -> str:
    """The name of this instance; the machine's, if none is set."""
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:64]
    return settings.instance_id or host or "tocsin"


def stages_of(settings: Settings) -> tuple[str, ...]:
    """The stages that this instance runs, in the order of the data's route."""
    return tuple(one for one in STAGES if not settings.stages or one in settings.stages)


def is_run(loop: str, stages: tuple[str, ...]) -> bool:
    """Whether a loop of this name goes on where these stages are run."""
    part = loop.partition(".")[0]
    of = _STAGES_OF.get(part, (part,))
    if not set(of) <= set(STAGES):
        raise ValueError(f"the loop {loop} belongs to no stage")
    return loop in _ALWAYS or any(stage in stages for stage in of)
