"""The stage that tells people, on top of an open journal."""

from collections.abc import Collection

from tocsin.app.ground import Ground
from tocsin.app.loops import Loops
from tocsin.notify.stage import Ground as NotifyGround
from tocsin.notify.stage import Notify
from tocsin.settings import stages_of
from tocsin.store.old_deliveries import OldDeliveries


async def make_notify(ground: Ground) -> Notify:
    """The stage, with the callbacks that people have made.

    Where it does not run its callbacks are known all the same: `web` shows them and tests them.

    Raises:
        ConfigError: a callback's secrets are sealed with another key.
        StoreDown: they cannot be read.
    """
    notify = Notify(
        NotifyGround(
            database=ground.database,
            journal=ground.journal,
            vault=ground.vault,
            clock=ground.clock,
            settings=ground.settings.notify,
            registry=ground.registry,
            owner=ground.leases.owner,
        ),
        ground.hub.position,
    )
    ground.stack.push_async_callback(notify.http.close)
    await notify.load()
    if "notify" in stages_of(ground.settings):
        ground.commits.listen(notify.told)
    return notify


def delivery_loops(ground: Ground, notify: Notify) -> Loops:
    """What removes old deliveries, on one instance at a time."""

    async def used() -> Collection[str]:
        await notify.known.look()
        return notify.known.destinations

    old = OldDeliveries(ground.database, ground.clock, ground.settings.notify, used)
    return (("store.deliveries", ground.leases.alone("store.deliveries", old.step)),)
