"""Answer a call in the shape that its senders know; `docs/contracts.md` has them all."""

from collections.abc import Mapping, Sequence

from tocsin.edge.answers import (
    fields_of,
    refusal_headers,
    send_bytes,
    send_json,
    send_problem,
    status_of,
)
from tocsin.edge.calls import Send
from tocsin.errors import TocsinError
from tocsin.ingest.source import Envelope
from tocsin.model.event import NewEvent, Receipt


def answer_of(
    envelope: Envelope, events: Sequence[NewEvent], receipts: Sequence[Receipt]
) -> Mapping[str, object]:
    """What is told of events that are stored; of none too, which is an answer like any other."""
    if envelope is Envelope.EMPTY:
        return {}
    items = [{"event_id": one.id, "seq": one.seq} for one in receipts]
    if envelope is Envelope.OBJECT:
        # One event's answer is the object itself; `items` is there for both, so that a client of
        # batches need not look which it sent.
        return {**(items[0] if len(items) == 1 else {}), "items": items}
    first = items[0] if items else {}
    if envelope is Envelope.WEBHOOK:
        message = f"{events[0].type} stored" if events else "nothing to store"
        return {"success": True, "message": message, **first}
    asked = {"request_id": events[0].subject} if events else {}
    return {"status": "received", **asked, **first}


async def send_answer(send: Send, answer: Mapping[str, object]) -> None:
    """Answer well; with no body at all when there is nothing to say."""
    if answer:
        await send_json(send, 200, answer)
    else:
        await send_bytes(send, 200, b"", b"text/plain")


async def send_refusal(send: Send, envelope: Envelope, error: TocsinError) -> None:
    """Answer with what went wrong."""
    if envelope in {Envelope.OBJECT, Envelope.EMPTY}:
        await send_problem(send, error)
        return
    status = status_of(error)
    answer: dict[str, object]
    if envelope is Envelope.WEBHOOK:
        faults = [{"field": one.field, "message": one.message} for one in fields_of(error)]
        answer = {"success": False, "message": error.message, "errors": faults}
    else:
        answer = {"detail": error.message, "status_code": status}
    await send_json(send, status, answer, refusal_headers(error))
