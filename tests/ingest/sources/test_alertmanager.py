"""Alertmanager shows a secret, and is told of too much in a way after which it tries again."""

from base64 import b64encode
from pathlib import Path

from tests.ingest.receiving import REMOTE, receiving_in
from tests.ingest.samples import SECRET, read, sample, verify
from tocsin.ingest.rate import RateLimit
from tocsin.ingest.source import Verdict, find_sources

SOURCE = find_sources()["alertmanager"]


def test_every_alert_of_a_notification_is_an_event() -> None:
    events = read(SOURCE, sample("alertmanager", "firing_and_resolved").call())

    assert [(one.source, one.type, one.subject) for one in events] == [
        ("alertmanager", "alert.firing", "5ef77f1f8a3ecf8d"),
        ("alertmanager", "alert.resolved", "c0ffee0123456789"),
    ]
    assert {one.data["group"]["truncatedAlerts"] for one in events} == {3}
    assert len({one.dedupe for one in events}) == 2


def test_it_signs_nothing() -> None:
    one = sample("alertmanager", "resolved")

    assert verify(SOURCE, one.call(), SECRET) is Verdict.NOT_SIGNED


async def test_the_password_of_basic_auth_is_the_secret(tmp_path: Path) -> None:
    one = sample("alertmanager", "firing_and_resolved")
    async with receiving_in(tmp_path, secrets={"alertmanager": SECRET}) as receiving:
        statuses = []
        for password in (SECRET, SECRET + "x"):
            pair = b64encode(f"alertmanager:{password}".encode()).decode()
            headers = {**one.headers, "authorization": f"Basic {pair}"}
            answer = await receiving.post("/hooks/alertmanager", one.body, headers, peer=REMOTE)
            statuses.append(answer.status)

        assert statuses == [200, 401]
        assert len(await receiving.stored()) == 2


async def test_too_many_calls_are_503_since_429_would_be_final(tmp_path: Path) -> None:
    one = sample("alertmanager", "resolved")
    async with receiving_in(tmp_path, rate=RateLimit(1, 1)) as receiving:
        answers = [
            await receiving.post("/hooks/alertmanager", one.body, one.headers) for _ in range(2)
        ]

        assert [answer.status for answer in answers] == [200, 503]
        assert int(answers[1].headers["retry-after"]) >= 1
