"""A CI's variables tell project, deployment and commit; of other machines nothing is known."""

import pytest

from tocsin.running.job import Job, job_of

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "axi/shop",
    "GITHUB_RUN_ID": "987",
    "GITHUB_WORKFLOW": "deploy",
    "GITHUB_REF_NAME": "main",
    "GITHUB_SHA": "c0ffee",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_PATH": "axi/shop",
    "CI_PIPELINE_ID": "987",
    "CI_PIPELINE_NAME": "deploy",
    "CI_COMMIT_REF_NAME": "main",
    "CI_COMMIT_SHA": "c0ffee",
}
JENKINS = {
    "JENKINS_URL": "http://jenkins",
    "JOB_NAME": "axi/shop",
    "BUILD_NUMBER": "987",
    "BRANCH_NAME": "main",
    "GIT_COMMIT": "c0ffee",
}


@pytest.mark.parametrize("environ", [GITHUB, GITLAB, JENKINS])
def test_each_ci_tells_its_job(environ: dict[str, str]) -> None:
    job = job_of(environ)

    assert (job.project, job.deployment_id, job.workflow_id) == ("axi/shop", "987", "987")
    assert (job.branch, job.commit_hash) == ("main", "c0ffee")


def test_the_branch_of_a_pull_request_is_where_it_comes_from() -> None:
    job = job_of(GITHUB | {"GITHUB_HEAD_REF": "fix", "GITHUB_REF_NAME": "12/merge"})

    assert job.branch == "fix"


def test_two_names_of_one_ci_are_not_mixed_with_those_of_another() -> None:
    assert job_of({"BUILD_NUMBER": "1", **GITLAB}).deployment_id == "987"


def test_elsewhere_nothing_is_known() -> None:
    assert job_of({"BUILD_NUMBER": "1", "CI_PIPELINE_ID": "2"}) == Job()
