"""Fill a journal with many events, by the same code that appends them in the server.

`python -m bench.fill FOLDER COUNT`.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from tocsin.ingest.body import BodyLimits
from tocsin.ingest.source import InboundCall
from tocsin.ingest.sources import deployment
from tocsin.model.event import NewEvent
from tocsin.store.address import address_of
from tocsin.store.append import Appender
from tocsin.store.migrate import migrate
from tocsin.store.sqlite import writing_engine

GROUP = 500
# Messages of one deployment, of which every fourth is about a step and the others are lines.
MESSAGES = 40


def message(number: int, at: datetime) -> NewEvent:
    """The message of that number, as a CI job would have sent it at that time."""
    body = {
        "type": "log_entry",
        "project": f"shop-{number // MESSAGES % 200}",
        "deployment_id": f"run-{number // MESSAGES}",
        "timestamp": at.isoformat(),
        "level": "info",
        "message": f"line {number} of the build's output, about as long as such lines are",
    }
    if number % 4 == 0:
        is_start = number % 8 == 0
        body |= {
            "type": "step_started" if is_start else "step_completed",
            "step_name": f"step {number % MESSAGES // 8}",
            "step_status": "started" if is_start else "success",
        }
    call = InboundCall({}, {}, orjson.dumps(body), "", at, BodyLimits())
    return deployment.read(call, deployment.Options())[0]


def fill(folder: Path, count: int) -> None:
    """Append `count` events over the last 20 days to the journal in `folder`."""
    url = address_of("", folder)
    asyncio.run(migrate(url))
    engine = writing_engine(url)
    appender = Appender(engine.dialect)
    began = datetime.now(UTC) - timedelta(days=20)
    pause = timedelta(days=20) / max(count, 1)
    with engine.connect() as conn:
        # What a power cut would take away can be made again.
        conn.connection.driver_connection.execute("PRAGMA synchronous=OFF")  # type: ignore[union-attr]  # it is open
        for first in range(0, count, GROUP):
            numbers = range(first, min(first + GROUP, count))
            with conn.begin():
                appender.append(conn, [[message(one, began + one * pause) for one in numbers]])
    engine.dispose()


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
