"""Which deployment, and which run of it, an address and its query mean."""

from collections.abc import Sequence

from tocsin.errors import Reason, Rejected
from tocsin.model.runs import Run
from tocsin.model.views import Summary
from tocsin.web.ambiguous import Ambiguous, ambiguous_responses
from tocsin.web.problems import problem_responses

# What every route about one deployment may answer.
OF_ONE = problem_responses(401, 403, 404, 422, 503) | ambiguous_responses()


def the_one(found: Sequence[Summary]) -> Summary:
    """The deployment that is meant.

    Raises:
        Rejected: 404, there is none; 409, several projects have one.
    """
    if not found:
        raise Rejected(404, Reason.NOT_FOUND, "There is no deployment with this id.")
    if len(found) > 1:
        raise Ambiguous(found)
    return found[0]


def the_run(runs: Sequence[Run], number: int) -> Run:
    """The run with this number.

    Raises:
        Rejected: 404, nothing is kept of one.
    """
    for run in runs:
        if run.number == number:
            return run
    raise Rejected(404, Reason.NOT_FOUND, f"There is nothing of a run {number} of this deployment.")
