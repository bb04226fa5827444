"""Gitea's and Forgejo's deliveries: one signature over the JSON, runs and jobs as deployments."""

import json
from urllib.parse import quote_plus

import pytest

from tests.ingest.samples import SECRET, call, options_of, sample
from tests.ingest.samples import read as read_call
from tests.ingest.samples import verify as verify_call
from tests.model.stories import folded, shown
from tocsin.errors import Reason, Rejected
from tocsin.ingest.signature import hmac_sha256_hex
from tocsin.ingest.source import InboundCall, Verdict, find_sources
from tocsin.ingest.sources import gitea
from tocsin.model.event import NewEvent
from tocsin.model.standing import TELLING
from tocsin.model.words import DeploymentState, StepState

SOURCE = find_sources()["gitea"]
FORM = "application/x-www-form-urlencoded"


def read(one: InboundCall) -> NewEvent:
    (event,) = read_call(SOURCE, one)
    return event


def verdict(one: InboundCall, secret: str = SECRET) -> Verdict:
    return verify_call(SOURCE, one, secret)


@pytest.mark.parametrize(
    ("name", "kind", "subject"),
    [
        ("workflow_run", "workflow_run", "42"),
        ("workflow_job", "workflow_job", "42"),
        ("push_of_forgejo", "push", ""),
    ],
)
def test_a_delivery_is_one_event_with_its_body_as_data(name: str, kind: str, subject: str) -> None:
    one = sample("gitea", name)

    event = read(one.call())

    assert (event.type, event.project, event.subject) == (kind, "shop-team/shop", subject)
    assert event.data == json.loads(one.body)
    assert event.dedupe is not None
    assert event.dedupe.startswith("gitea\n\n\nf6266f16-")


def test_a_run_and_its_job_are_one_deployment() -> None:
    events = [read(sample("gitea", name).call()) for name in ("workflow_job", "workflow_run")]
    changes = [event.change for event in events if event.change is not None]

    (run,) = shown(folded(changes))

    assert run.state is DeploymentState.SUCCESS
    assert run.duration_s == 41
    assert {step.name: step.state for step in run.steps} == {
        "build": StepState.RUNNING,
        "build / Set up job": StepState.COMPLETED,
    }
    facts = {name: fact.text for name, fact in folded(changes).facts.items()}
    assert facts["workflow_name"] == "deploy"
    assert facts["workflow_id"] == "deploy.yml"
    assert facts["actor"] == "mina"


def test_it_is_known_which_events_tell_of_a_deployment() -> None:
    assert set(gitea._TELLING) == TELLING["gitea"]


def test_the_signature_of_a_form_is_of_the_json_in_it() -> None:
    one = sample("gitea", "push_of_forgejo")
    form = b"payload=" + quote_plus(one.body).encode() + b"&other=1"

    told = one.call(form, content_type=FORM)

    assert verdict(told) is Verdict.VERIFIED
    assert read(told).data == json.loads(one.body)


@pytest.mark.parametrize("body", [b"", b"payload=%7B%7D", b"other=1", b"&".join([b"a=1"] * 2_000)])
def test_a_form_with_other_json_is_refused(body: bytes) -> None:
    one = sample("gitea", "push_of_forgejo")

    with pytest.raises(Rejected) as raised:
        verdict(one.call(body, content_type=FORM))

    assert raised.value.reason is Reason.BAD_SIGNATURE


def test_a_large_form_is_not_taken_apart_for_a_stranger() -> None:
    signed = {"x-gitea-signature": "00", "content-type": FORM}

    with pytest.raises(Rejected) as raised:
        verdict(call(b"payload=" + b"%41" * 400_000, signed))

    assert (raised.value.status, raised.value.reason) == (413, Reason.TOO_LARGE)
    with pytest.raises(Rejected) as raised:
        verdict(call(b"payload=" + b"%41" * 300_000, signed))
    assert raised.value.reason is Reason.BAD_SIGNATURE


def test_bytes_of_a_form_that_are_no_text_are_signed_as_they_are() -> None:
    body = b"payload=%FF%00"
    signed = {"x-gitea-signature": hmac_sha256_hex(SECRET, b"\xff\x00"), "content-type": FORM}

    assert verdict(call(body, signed)) is Verdict.VERIFIED


EMPTY = {
    "x-gitea-signature": "",
    "x-gogs-signature": "",
    "x-hub-signature": "sha1=",
    "x-hub-signature-256": "sha256=",
}


def test_an_empty_signature_is_none() -> None:
    assert verdict(call({}, EMPTY)) is Verdict.NOT_SIGNED


@pytest.mark.parametrize(
    "name", ["x-gitea-signature", "x-forgejo-signature", "x-gogs-signature", "x-hub-signature-256"]
)
def test_each_of_the_signatures_is_enough_and_each_has_to_be_right(name: str) -> None:
    prefix = "sha256=" if name == "x-hub-signature-256" else ""
    right = {**EMPTY, name: prefix + hmac_sha256_hex(SECRET, b"{}")}
    wrong = {**right, "x-gogs-signature": "00", "x-gitea-signature": "00"}

    assert verdict(call(b"{}", right)) is Verdict.VERIFIED
    for headers in (wrong, {**right, name: right[name][:-1]}):
        with pytest.raises(Rejected):
            verdict(call(b"{}", headers))


def test_the_name_of_the_event_is_giteas_own() -> None:
    named = call({}, {"x-github-event": "push"})

    with pytest.raises(Rejected, match="X-Gitea-Event"):
        gitea.read(named, options_of(SOURCE))  # type: ignore[arg-type]  # options of any source
