"""Which deployment a CI job belongs to, by the variables that its CI sets.

GitHub: docs.github.com/actions/reference/variables-reference. GitLab: docs.gitlab.com/ci/variables
/predefined_variables. Jenkins: <jenkins>/env-vars.html and those of its Git plugin.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """What is known of the job; "" where its CI does not say."""

    project: str = ""
    deployment_id: str = ""
    workflow_name: str = ""
    workflow_id: str = ""
    branch: str = ""
    commit_hash: str = ""


def job_of(environ: Mapping[str, str]) -> Job:
    """The job that runs here; nothing known outside of the three CIs."""

    def said(name: str) -> str:
        return environ.get(name, "").strip()

    if said("GITHUB_ACTIONS"):
        return Job(
            project=said("GITHUB_REPOSITORY"),
            deployment_id=said("GITHUB_RUN_ID"),
            workflow_name=said("GITHUB_WORKFLOW"),
            workflow_id=said("GITHUB_RUN_ID"),
            # Of a pull request GITHUB_REF_NAME is "12/merge".
            branch=said("GITHUB_HEAD_REF") or said("GITHUB_REF_NAME"),
            commit_hash=said("GITHUB_SHA"),
        )
    if said("GITLAB_CI"):
        return Job(
            project=said("CI_PROJECT_PATH"),
            deployment_id=said("CI_PIPELINE_ID"),
            workflow_name=said("CI_PIPELINE_NAME"),
            workflow_id=said("CI_PIPELINE_ID"),
            branch=said("CI_COMMIT_REF_NAME"),
            commit_hash=said("CI_COMMIT_SHA"),
        )
    if said("JENKINS_URL"):
        return Job(
            project=said("JOB_NAME"),
            deployment_id=said("BUILD_NUMBER"),
            workflow_name=said("JOB_NAME"),
            workflow_id=said("BUILD_NUMBER"),
            branch=said("BRANCH_NAME") or said("GIT_BRANCH"),
            commit_hash=said("GIT_COMMIT"),
        )
    return Job()
