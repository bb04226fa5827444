"""What the forges send is told as what it is: a workflow, a job, a deployment, a push."""

from collections.abc import Callable

import pytest

from tests.notify.telling import event, events_of, lines_of, noticed
from tocsin.model.message import Message
from tocsin.notify.wording.notices import pipelines
from tocsin.notify.wording.notices.telling import Telling
from tocsin.notify.wording.words import words_of

COMMIT = "279484c09fbe69ededfced8c1bb6e6d24616b468"


@pytest.mark.parametrize(
    ("source", "name", "notice", "lines"),
    [
        (
            "github",
            "workflow_run",
            pipelines.workflow,
            [
                "good | Deployment: Workflow “deploy-project” succeeded · MoseLu/axi-star-cloud",
                "Project: MoseLu/axi-star-cloud",
                "Workflow: deploy-project",
                "Status: Success",
                "Duration: 1m",
                "Branch: main",
                "Commit: 0d1a26e6",
            ],
        ),
        (
            "gitea",
            "workflow_run",
            pipelines.workflow,
            [
                "good | Deployment: Workflow “deploy” succeeded · shop-team/shop",
                "Project: shop-team/shop",
                "Workflow: deploy",
                "Status: Success",
                "Duration: 41s",
                "Branch: main",
                "Commit: 3f3f3f3f",
                "By: mina",
                "quote | Fix the cart",
                "[Open the run] https://gitea.example.org/shop-team/shop/actions/runs/12",
            ],
        ),
        (
            "github",
            "workflow_job_completed",
            pipelines.job,
            [
                "bad | Deployment: Step “部署” failed · MoseLu/axi-star-cloud",
                "Project: MoseLu/axi-star-cloud",
                "Step: 部署",
                "Status: Failed",
                "Failed steps: Restart",
                "Duration: 35s",
                "Workflow: deploy-project",
                "Branch: main",
                "Commit: 0d1a26e6",
            ],
        ),
        (
            "github",
            "workflow_job_queued",
            pipelines.job,
            [
                "running | Deployment: Step “部署” is waiting · MoseLu/axi-star-cloud",
                "Project: MoseLu/axi-star-cloud",
                "Step: 部署",
                "Status: Pending",
                "Workflow: deploy-project",
                "Branch: main",
                "Commit: 0d1a26e6",
            ],
        ),
        (
            "github",
            "deployment_status",
            pipelines.deployment,
            [
                "good | Deployment: Succeeded · production · MoseLu/axi-star-cloud",
                "Project: MoseLu/axi-star-cloud",
                "Environment: production",
                "Status: Success",
                "Branch: main",
                "Commit: 0d1a26e6",
                "By: MoseLu",
                "paragraph | 上线完成",
                "[Open the run] https://ci.example.com/builds/7",
            ],
        ),
        (
            "gitlab",
            "pipeline_failed",
            pipelines.pipeline,
            [
                "bad | Deployment: Workflow “Deploy main” failed · shop-team/shop",
                "Project: shop-team/shop",
                "Workflow: Deploy main",
                "Status: Failed",
                "Failed steps: unit",
                "Duration: 3m",
                "Branch: main",
                "Commit: bcbb5ec3",
                "By: Mina",
                "quote | Fix the cart",
                "[Open the run] https://gitlab.example.org/shop-team/shop/-/pipelines/31",
            ],
        ),
        (
            "gitlab",
            "job_running",
            pipelines.build,
            [
                "running | Deployment: Step “unit” started · shop-team/shop",
                "Project: shop-team/shop",
                "Step: unit",
                "Status: Running",
                "Duration: 3.4s",
                "Branch: main",
                "Commit: bcbb5ec3",
                "By: Mina",
                "[Open the run] https://gitlab.example.org/shop-team/shop/-/jobs/382",
            ],
        ),
        (
            "gitlab",
            "deployment",
            pipelines.environment,
            [
                "good | Deployment: Succeeded · production · shop-team/shop",
                "Project: shop-team/shop",
                "Environment: production",
                "Status: Success",
                "Branch: main",
                "Commit: 279484c0",
                "By: Mina",
                "quote | Fix the cart",
                "[Open the run] https://gitlab.example.org/shop-team/shop/-/jobs/796",
                f"[Open the commit] https://gitlab.example.org/shop-team/shop/-/commit/{COMMIT}",
                "[Open the link] https://shop.example.org",
            ],
        ),
        (
            "github",
            "push",
            pipelines.push,
            [
                "neutral | Event: MoseLu pushed to main · MoseLu/axi-star-cloud",
                "Project: MoseLu/axi-star-cloud",
                "Branch: main",
                "Commit: 0d1a26e6",
                "By: MoseLu",
                "quote | 修复部署脚本 🔧",
            ],
        ),
    ],
)
def test_a_captured_call_is_told(
    source: str, name: str, notice: Callable[[Telling], Message], lines: list[str]
) -> None:
    (told,) = events_of(source, name)

    assert noticed(notice, told) == lines


def test_a_push_tells_its_last_commits() -> None:
    commits = [
        {"id": f"{n}" * 40, "message": f"Change {n}\n\nand why", "url": f"https://a.example/{n}"}
        for n in range(1, 8)
    ]
    told = event("push", {"ref": "refs/heads/dev", "commits": [*commits, "x", {}]}, source="gitlab")

    made = pipelines.push(Telling(told, words_of("en"), "en"))

    assert lines_of(made)[0] == "neutral | Event: Push to dev · shop"
    assert lines_of(made)[-4:] == [
        "item | 44444444 Change 4 and why",
        "item | 55555555 Change 5 and why",
        "item | 66666666 Change 6 and why",
        "item | 77777777 Change 7 and why",
    ]
    assert made.body[-1].spans[0].href == "https://a.example/7"


def test_a_job_that_failed_tells_what_gitlab_says_of_why() -> None:
    data = {
        "build_name": "unit",
        "build_status": "failed",
        "build_failure_reason": "script_failure",
    }

    lines = noticed(pipelines.build, event("build", data, source="gitlab"))

    assert lines[0] == "bad | Deployment: Step “unit” failed · shop"
    assert "Reason: script failure" in lines
