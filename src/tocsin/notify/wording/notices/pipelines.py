"""Notices of what GitHub, Gitea, Forgejo and GitLab say: workflows, jobs, deployments, pushes."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from tocsin.model.message import Block, BlockKind, Message, Span, Tone
from tocsin.notify.wording.notices.deployments import MAX_STEP_CHARS, UNNAMED
from tocsin.notify.wording.notices.telling import Telling, outcome_of, prose
from tocsin.notify.wording.values import (
    address,
    at,
    between,
    count,
    first,
    part,
    seconds,
    short_hash,
    text,
)

_MAX_COMMITS = 5
_MAX_COMMIT_CHARS = 120
_MAX_JOBS = 200
_SHOWN_JOBS = 5
_BRANCH = "refs/heads/"


def workflow(told: Telling) -> Message:
    """A run of a workflow: GitHub's and Gitea's."""
    run = part(told.data, "workflow_run")
    word = _word(told, run)
    outcome, tone = outcome_of(word)
    name = first(run, "name") or first(told.data, "workflow.name") or UNNAMED
    begun = first(run, "run_started_at", "started_at", "created_at")
    ended = (
        first(run, "completed_at", "updated_at") if told.data.get("action") == "completed" else ""
    )
    return told.message(
        "deployment",
        told.title(told.word(f"flow_{outcome}", flow=text(name, MAX_STEP_CHARS)), told.project),
        tone,
        (
            ("project", told.project),
            ("workflow", name),
            ("state", told.state(word)),
            ("duration", told.duration(between(begun, ended))),
            ("branch", first(run, "head_branch")),
            ("commit", short_hash(run.get("head_sha"))),
            ("actor", first(run, "triggering_actor.login", "trigger_actor.login", "actor.login")),
        ),
        _said(first(run, "display_title", "head_commit.message")),
        (told.link("link_run", run.get("html_url")),),
    )


def job(told: Telling) -> Message:
    """A job of a workflow, which is a step of the deployment."""
    about = part(told.data, "workflow_job")
    word = _word(told, about)
    outcome, tone = outcome_of(word)
    name = first(about, "name") or UNNAMED
    steps = about.get("steps")
    failed = [one for one in _objects(steps) if outcome_of(first(one, "conclusion"))[1] is Tone.BAD]
    return told.message(
        "deployment",
        told.title(told.word(f"step_{outcome}", step=text(name, MAX_STEP_CHARS)), told.project),
        tone,
        (
            ("project", told.project),
            ("step", name),
            ("state", told.state(word)),
            ("failed_steps", ", ".join(first(one, "name") for one in failed[:_SHOWN_JOBS])),
            (
                "duration",
                told.duration(between(about.get("started_at"), about.get("completed_at"))),
            ),
            ("workflow", first(about, "workflow_name")),
            ("branch", first(about, "head_branch")),
            ("commit", short_hash(about.get("head_sha"))),
        ),
        links=(told.link("link_run", about.get("html_url")),),
    )


def deployment(told: Telling) -> Message:
    """A deployment to an environment, or a status of one: GitHub's."""
    about, status = part(told.data, "deployment"), part(told.data, "deployment_status")
    word = first(status, "state") or "pending"
    outcome, tone = outcome_of(word)
    environment = first(status, "environment") or first(about, "environment")
    pages = (status.get("log_url"), status.get("target_url"), status.get("environment_url"))
    return told.message(
        "deployment",
        told.title(told.words[f"run_{outcome}"], environment, told.project),
        tone,
        (
            ("project", told.project),
            ("environment", environment),
            ("state", told.state(word)),
            ("branch", _ref(about)),
            ("commit", short_hash(about.get("sha"))),
            ("actor", first(about, "creator.login")),
        ),
        prose(status.get("description")),
        (told.link("link_run", page) for page in pages),
    )


def pipeline(told: Telling) -> Message:
    """A pipeline: GitLab's."""
    about = part(told.data, "object_attributes")
    word = first(about, "status")
    outcome, tone = outcome_of(word)
    name = first(about, "name") or f"#{first(about, 'iid', 'id')}"
    failed = [one for one in _objects(told.data.get("builds")) if one.get("status") == "failed"]
    return told.message(
        "deployment",
        told.title(told.word(f"flow_{outcome}", flow=text(name, MAX_STEP_CHARS)), told.project),
        tone,
        (
            ("project", told.project),
            ("workflow", name),
            ("state", told.state(word)),
            ("failed_steps", ", ".join(first(one, "name") for one in failed[:_SHOWN_JOBS])),
            ("duration", told.duration(about.get("duration"))),
            ("branch", first(about, "ref")),
            ("commit", short_hash(about.get("sha"))),
            ("actor", first(told.data, "user.name", "user.username")),
        ),
        _said(first(told.data, "commit.title", "commit.message")),
        (told.link("link_run", about.get("url")),),
    )


def build(told: Telling) -> Message:
    """A job of a pipeline: GitLab's."""
    said = told.data
    word = first(said, "build_status")
    outcome, tone = outcome_of(word)
    name = first(said, "build_name") or UNNAMED
    why = first(said, "build_failure_reason") if tone is Tone.BAD else ""
    page = address(at(said, "project", "web_url"))
    own_id = count(said.get("build_id"))
    return told.message(
        "deployment",
        told.title(told.word(f"step_{outcome}", step=text(name, MAX_STEP_CHARS)), told.project),
        tone,
        (
            ("project", told.project),
            ("step", name),
            ("state", told.state(word)),
            ("reason", why.replace("_", " ")),
            ("duration", told.duration(seconds(said.get("build_duration")))),
            ("branch", first(said, "ref")),
            ("commit", short_hash(said.get("sha"))),
            ("actor", first(said, "user.name", "user.username")),
        ),
        links=(told.link("link_run", f"{page}/-/jobs/{own_id}") if page and own_id else None,),
    )


def environment(told: Telling) -> Message:
    """A deployment to an environment: GitLab's."""
    said = told.data
    word = first(said, "status")
    outcome, tone = outcome_of(word)
    return told.message(
        "deployment",
        told.title(told.words[f"run_{outcome}"], first(said, "environment"), told.project),
        tone,
        (
            ("project", told.project),
            ("environment", first(said, "environment")),
            ("state", told.state(word)),
            ("branch", first(said, "ref")),
            ("commit", short_hash(said.get("short_sha"))),
            ("actor", first(said, "user.name", "user.username")),
        ),
        _said(first(said, "commit_title")),
        (
            told.link("link_run", said.get("deployable_url")),
            told.link("link_commit", said.get("commit_url")),
            told.link("link_page", said.get("environment_external_url")),
        ),
    )


def push(told: Telling) -> Message:
    """Somebody pushed commits."""
    said = told.data
    branch = first(said, "ref").removeprefix(_BRANCH)
    who = first(said, "pusher.name", "pusher.login", "user_name", "user_username")
    key = "pushed" if who else "pushed_by_nobody"
    commits = said.get("commits")
    known = count(said.get("total_commits_count")) or (
        len(commits) if isinstance(commits, list) else 0
    )
    latest = first(said, "after", "checkout_sha")
    body = tuple(_commits(commits)) or _said(first(said, "head_commit.message"))
    return told.message(
        "event",
        told.title(told.word(key, who=text(who, 40), branch=text(branch, 60)), told.project),
        Tone.NEUTRAL,
        (
            ("project", told.project),
            ("branch", branch),
            ("commit", short_hash(latest)),
            ("commits", str(known) if known else ""),
            ("actor", who),
        ),
        body,
        (told.link("link_changes", said.get("compare") or said.get("compare_url")),),
    )


def _word(told: Telling, about: Mapping[str, Any]) -> str:
    """A conclusion where there is one; else what is going on."""
    return first(about, "conclusion") or first(about, "status") or first(told.data, "action")


def _ref(about: Mapping[str, Any]) -> str:
    """The branch that is deployed; "" where a commit stands for itself."""
    ref = first(about, "ref")
    return "" if ref == first(about, "sha") else ref


def _objects(said: Any) -> list[Mapping[str, Any]]:
    entries: Iterable[Any] = said if isinstance(said, list) else ()
    return [one for one in islice(entries, _MAX_JOBS) if isinstance(one, Mapping)]


def _said(line: str) -> tuple[Block, ...]:
    return (Block(BlockKind.QUOTE, (Span(line),)),) if line else ()


def _commits(said: Any) -> Iterator[Block]:
    for one in _objects(said)[-_MAX_COMMITS:]:
        subject = first(one, "title", "message")
        if subject:
            own_id = Span(
                short_hash(one.get("id")), is_code=True, href=address(one.get("url")) or None
            )
            yield Block(BlockKind.ITEM, (own_id, Span(f" {text(subject, _MAX_COMMIT_CHARS)}")))
