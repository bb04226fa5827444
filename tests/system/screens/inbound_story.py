"""What the screens' server has taken in of other sources: calls good and bad, and trainings."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from tests.system.screens.story import post
from tests.system.server import Server

TEAM = "payments-and-personal-accounts"
UNDER_WAY = "764cabcf-b745-4b3e-ae38-1200304cf45b"
ENDED, FAILED_TRAINING = "8c7d0d0e-2222-4333-9444-fedcbafedcba", "5f3b2c10-trained-badly"
SOURCES, TRAININGS = "/api/v1/sources", "/api/v1/trainings"
NEWS = "/api/v1/avatar/status_update?training_type=portrait"
# So often the counts of calls are written, and some patience with a busy machine.
WRITTEN_LIMIT_S = 20.0
LOOK_EVERY_S = 0.05


def fill_inbound(server: Server) -> None:
    """Sources that take and refuse calls, and trainings that are at each of their ends.

    Their counts follow a little later: `wait_for_calls`.
    """
    fill_trainings(server)
    for kind in ("github", "gitea"):
        post(server, SOURCES, {"kind": kind, "name": TEAM})
    post(server, f"{SOURCES}/gitea/{TEAM}/secret", {})
    post(server, f"{SOURCES}/github/{TEAM}/test", {})
    wrong = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={'0' * 64}"}
    assert called(server, f"/hooks/github/{TEAM}", {"ref": "main"}, wrong) == 401


def fill_trainings(server: Server) -> None:
    """One that is under way, one with a result and a file, one without what it should have."""
    endpoint = "fal-ai/flux-lora-portrait-trainer"
    meta = {"project": "axi-star-cloud", "user": "42"}
    told = {"endpoint": endpoint, "training_type": "portrait", "meta": meta}
    post(server, TRAININGS, {"request_id": UNDER_WAY, **told})
    post(server, NEWS, {"request_id": UNDER_WAY, "status": "IN_PROGRESS", "progress": 62})
    post(server, TRAININGS, {"request_id": ENDED, **told})
    # Of a host from which no files are taken, so that nothing is asked for outside.
    file = {"url": "https://files.example.org/weights/pytorch_lora_weights.safetensors"}
    payload = {"diffusers_lora_file": {**file, "file_size": 89_745_224}}
    post(server, NEWS, {"request_id": ENDED, "status": "OK", "payload": payload})
    post(server, NEWS, {"request_id": FAILED_TRAINING, "status": "OK", "payload": {"seed": 42}})


def called(
    server: Server, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> int:
    """The status with which a call is answered."""
    call = urllib.request.Request(  # noqa: S310 - the server that the test has started
        f"{server.url}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:  # noqa: S310 - the same
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def wait_for_calls(server: Server) -> None:
    """Until the calls of `fill_inbound` are counted."""
    address = f"{server.url}{SOURCES}/github/{TEAM}"
    deadline = time.monotonic() + WRITTEN_LIMIT_S
    while True:
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - the same
            told = json.loads(answer.read())
        if (told["stored"], told["rejected"]) == (1, 1):
            return
        assert time.monotonic() < deadline, told
        time.sleep(LOOK_EVERY_S)
