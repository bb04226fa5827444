"""GitHub's deliveries are kept as they are, under the names of their events."""

import hmac
import json
from urllib.parse import quote_plus

import pytest

from tests.ingest.samples import call, options_of, sample
from tocsin.errors import Reason, Rejected
from tocsin.ingest.source import Verdict, find_sources
from tocsin.ingest.sources import github

SOURCE = find_sources()["github"]
# https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
SECRET, BODY = "It's a Secret to Everybody", b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


@pytest.mark.parametrize(
    ("name", "kind", "project"),
    [
        ("push", "push", "MoseLu/axi-star-cloud"),
        ("workflow_run", "workflow_run", "MoseLu/axi-star-cloud"),
        ("ping_of_an_organization", "ping", ""),
    ],
)
def test_a_delivery_is_one_event_with_its_body_as_data(name: str, kind: str, project: str) -> None:
    one = sample("github", name)

    (event,) = github.read(one.call())

    assert (event.source, event.type, event.project) == ("github", kind, project)
    assert event.data == json.loads(one.body)
    assert event.dedupe == f"github\n\n\n{one.headers['x-github-delivery']}"


def test_a_form_carries_the_same_payload() -> None:
    one = sample("github", "push")
    body = b"payload=" + quote_plus(one.body).encode()

    (event,) = github.read(one.call(body, content_type="application/x-www-form-urlencoded"))

    assert event.data == json.loads(one.body)


@pytest.mark.parametrize("body", [b"", b"payload=", b"other=%7B%7D", b"payload=%FF", b"\xff=\xfe"])
def test_a_form_without_a_payload_is_refused(body: bytes) -> None:
    one = sample("github", "push")

    with pytest.raises(Rejected) as raised:
        github.read(one.call(body, content_type="application/x-www-form-urlencoded"))

    assert (raised.value.status, raised.value.reason) == (400, Reason.UNREADABLE)


@pytest.mark.parametrize("repository", [None, "a/b", {}, {"full_name": 7}, ["full_name"]])
def test_a_body_without_a_repository_has_no_project(repository: object) -> None:
    (event,) = github.read(call({"repository": repository}, {"x-github-event": "fork"}))

    assert event.project == ""


def test_names_are_cut_rather_than_a_delivery_lost() -> None:
    long = {"repository": {"full_name": "o/" + "x" * 300}}

    (event,) = github.read(call(long, {"x-github-event": "e" * 300}))

    assert (len(event.type), len(event.project)) == (200, 200)


@pytest.mark.parametrize("headers", [{}, {"x-github-event": " "}])
def test_a_delivery_without_the_name_of_its_event_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Rejected) as raised:
        github.read(call({}, headers))

    assert [fault.field for fault in raised.value.fields] == ["X-GitHub-Event"]


def test_the_example_of_githubs_documentation_verifies() -> None:
    signed = call(BODY, {"x-hub-signature-256": SIGNATURE})

    assert SOURCE.verify(signed, options_of(SOURCE, SECRET)) is Verdict.VERIFIED


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "sha256=",
        SIGNATURE.upper(),
        SIGNATURE.removeprefix("sha256="),
        "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest(),
        SIGNATURE + ", " + SIGNATURE,
        "sha256=\xff",
    ],
)
def test_anything_but_the_signature_is_refused(shown: str) -> None:
    signed = call(BODY, {"x-hub-signature-256": shown})

    with pytest.raises(Rejected) as raised:
        SOURCE.verify(signed, options_of(SOURCE, SECRET))

    assert raised.value.reason is Reason.BAD_SIGNATURE


def test_the_old_signature_alone_proves_nothing() -> None:
    sha1 = "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest()

    verdict = SOURCE.verify(call(BODY, {"x-hub-signature": sha1}), options_of(SOURCE, SECRET))

    assert verdict is Verdict.NOT_SIGNED
