"""Read where the deployments stand that events tell of."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.standing import Standing, standing_of
from tocsin.store.folded import UNKNOWN_PROJECT
from tocsin.store.packing import unpack_state
from tocsin.store.statement import in_list, json_list
from tocsin.store.tables.deployments import deployments, steps

# A deployment by its project and the id that its senders give it.
Identity = tuple[str, str]


async def standings_of(
    conn: AsyncConnection, wanted: Iterable[Identity]
) -> Mapping[Identity, Standing]:
    """The standing of each that is a deployment.

    One that no project was named for is also found under the project named later.
    """
    identities = {one for one in wanted if one[1]}
    if not identities:
        return {}
    columns = (
        deployments.c.pk,
        deployments.c.project,
        deployments.c.deployment_id,
        deployments.c.state,
    )
    named = (
        select(*columns)
        .where(in_list(deployments.c.deployment_id, "ids"))
        .order_by(deployments.c.pk)
    )
    ids = json_list({deployment_id for _, deployment_id in identities})
    found = [
        row
        for row in await conn.execute(named, {"ids": ids})
        if not identities.isdisjoint(
            {(row.project, row.deployment_id), (UNKNOWN_PROJECT, row.deployment_id)}
        )
    ]
    marks: dict[int, list[tuple[str, str]]] = {row.pk: [] for row in found}
    of_them = (
        select(steps.c.deployment_pk, steps.c.name, steps.c.marks)
        .where(in_list(steps.c.deployment_pk, "pks"))
        .order_by(steps.c.deployment_pk, steps.c.position)
    )
    for pk, name, packed in await conn.execute(of_them, {"pks": json_list(marks)}):
        marks[pk].append((name, packed))
    standings = {
        (row.project, row.deployment_id): standing_of(
            row.project, row.deployment_id, unpack_state(row.state, marks[row.pk])
        )
        for row in found
    }
    for row in found:
        # The first of an id is the one that messages without a project went to.
        standing = standings[row.project, row.deployment_id]
        standings.setdefault((UNKNOWN_PROJECT, row.deployment_id), standing)
    return standings
