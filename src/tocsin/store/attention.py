"""Which deployments need a look: those that stalled, and those whose failure nothing made good."""

from sqlalchemy import CTE, ColumnElement, and_, or_, select
from sqlalchemy import func as sql

from tocsin.model.words import DeploymentState
from tocsin.store.keyset import unindexed
from tocsin.store.projects import project_names
from tocsin.store.tables.deployments import deployments

# A deployment in any other state needs none.
NEEDY = (DeploymentState.PENDING, DeploymentState.RUNNING, DeploymentState.FAILED)


def needs_attention() -> ColumnElement[bool]:
    """Whether a deployment stalled, or failed and no later one of its project succeeded.

    The latest success of each project is found once. To look for a later success at each failure
    would take half a minute where ten thousand failures follow each other.
    """
    successes = _latest_successes()
    latest = select(successes.c.seq).where(successes.c.project == deployments.c.project)
    return or_(
        deployments.c.is_stalled,
        and_(
            deployments.c.status == DeploymentState.FAILED.value,
            deployments.c.opened_seq > sql.coalesce(latest.scalar_subquery(), 0),
        ),
    )


def _latest_successes() -> CTE:
    """The newest deployment of each project that succeeded, by its place in lists."""
    names = project_names()
    one = deployments.alias("one")
    newest = select(sql.max(one.c.opened_seq)).where(
        one.c.project == names.c.name,
        # By the index on the project, from its newest deployment back.
        unindexed(one.c.status == DeploymentState.SUCCESS.value),
    )
    return select(names.c.name.label("project"), newest.scalar_subquery().label("seq")).cte(
        "latest_successes"
    )
