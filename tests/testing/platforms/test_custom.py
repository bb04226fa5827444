"""The fake receiver holds senders to Standard Webhooks."""

import hmac
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.testing.platforms.calling import Told, call, clock_at
from tocsin.testing.platform import Running, platform

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
BODY = b'{"ok":true}'
NOW_S = 1_700_000_000
SIGNATURE = "v1,VYDbSFf7CVym03xR1CJj4NTi8S2ERnw5g6wiqzsoPKk="


async def send(
    fake: Running,
    signature: str,
    *,
    message_id: str = "msg_1",
    timestamp: int = NOW_S,
    body: bytes = BODY,
    method: str = "POST",
) -> Told:
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
        "Content-Type": "application/json",
    }
    return await call(method, fake.config["url"], data=body, headers=headers)


@pytest.mark.parametrize(
    ("secret", "message_id", "timestamp", "body", "signature"),
    [
        (SECRET, "msg_1", NOW_S, BODY, SIGNATURE),
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ],
)
async def test_a_known_signature_is_taken(
    secret: str, message_id: str, timestamp: int, body: bytes, signature: str
) -> None:
    async with platform("custom", clock_at(timestamp), secret=secret) as fake:
        told = await send(fake, signature, message_id=message_id, timestamp=timestamp, body=body)

    assert (told.status, fake.taken[0].id) == (200, message_id)


async def test_the_known_signature_by_a_private_key_is_taken() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    signature = (
        "v1a,4qVQqq3eEZgwWYJsmal8MDLhx9v2o+qFxuZeFLmf7p5FuhljrGqQ8kNf5N2g8DwBugSsGJ/"
        "sDXsfJ91vA6MRCA=="
    )
    async with platform("custom", clock_at(NOW_S), secret=f"whpk_{public}") as fake:
        good = await send(fake, signature)
        bad = await send(fake, signature.replace("4qV", "4qW"))

    assert (good.status, bad.status) == (200, 401)


@pytest.mark.parametrize(
    ("signature", "timestamp", "body"),
    [
        ("", NOW_S, BODY),
        (SIGNATURE.replace("VYD", "VYE"), NOW_S, BODY),
        (SIGNATURE.replace("v1,", "v2,"), NOW_S, BODY),
        (SIGNATURE, NOW_S, b'{"ok":false}'),
        (SIGNATURE, NOW_S + 1, BODY),
    ],
)
async def test_a_signature_of_anything_else_is_refused(
    signature: str, timestamp: int, body: bytes
) -> None:
    async with platform("custom", clock_at(NOW_S), secret=SECRET) as fake:
        told = await send(fake, signature, timestamp=timestamp, body=body)

    assert (told.status, len(fake.taken)) == (401, 0)


@pytest.mark.parametrize(("moved_s", "status"), [(300, 200), (301, 401)])
async def test_a_signature_is_good_for_five_minutes(moved_s: float, status: int) -> None:
    clock = clock_at(NOW_S)
    async with platform("custom", clock, secret=SECRET) as fake:
        clock.move(moved_s)

        told = await send(fake, SIGNATURE)

    assert told.status == status


async def test_one_right_signature_of_several_is_enough() -> None:
    async with platform("custom", clock_at(NOW_S), secret=SECRET) as fake:
        told = await send(fake, f"v1,AAAA v9,x {SIGNATURE}")

    assert told.status == 200


async def test_an_id_that_came_before_is_taken_once() -> None:
    async with platform("custom", clock_at(NOW_S), secret=SECRET) as fake:
        key = b64decode(SECRET.removeprefix("whsec_"))
        again_at = NOW_S + 5
        content = f"msg_1.{again_at}.".encode() + BODY
        again = b64encode(hmac.new(key, content, "sha256").digest()).decode()

        first = await send(fake, SIGNATURE)
        second = await send(fake, f"v1,{again}", timestamp=again_at)

    assert (first.status, second.status, len(fake.taken)) == (200, 200, 1)


async def test_what_is_asked_for_has_to_come() -> None:
    async with platform("custom", headers={"X-Team": "red"}) as fake:
        url = fake.config["url"]
        sent = {"Content-Type": "application/json", **fake.config["headers"]}
        statuses = [
            (await call("POST", url, data=BODY, headers=sent)).status,
            (await call("PUT", url, data=BODY, headers=sent)).status,
            (await call("POST", url, data=BODY, headers={**sent, "X-Team": "blue"})).status,
            (await call("POST", url, data=b"[]", headers=sent)).status,
            (await call("DELETE", url, headers=sent)).status,
            (await call("POST", f"{fake.url}/elsewhere", data=BODY, headers=sent)).status,
        ]

    assert statuses == [200, 200, 401, 400, 405, 404]


@pytest.mark.parametrize(
    ("fault", "status"),
    [("busy", 503), ("rate_limited", 429), ("gone", 410), ("redirect", 302), ("code:418", 418)],
)
async def test_a_fault_has_its_status(fault: str, status: int) -> None:
    async with platform("custom") as fake:
        fake.script(fault)

        told = await send(fake, "")

    assert (told.status, len(fake.taken)) == (status, 0)
