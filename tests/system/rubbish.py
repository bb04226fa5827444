"""Messages that are wrong in ever other ways, for /ws and for Socket.IO."""

import json
import random
from collections.abc import Iterator
from typing import Any

from tests.system.socketio_wire import NAMESPACE


def json_rubbish(chance: random.Random) -> Iterator[bytes]:
    """Messages for /ws that are wrong in ever other ways; all are UTF-8."""
    kinds = (
        "ping",
        "auth",
        "subscribe",
        "unsubscribe",
        "client_info",
        "service_control",
        "send_webhook",
        "",
        "__proto__",
        "posco_event",
    )
    names = ("event_types", "filters", "since", "projects", "token", "client_id", "service_id")
    while True:
        # `auth` with a wrong token ends a socket by right, so it is left without one.
        kind = chance.choice(kinds)
        data: Any = {chance.choice(names): thing(chance, 3) for _ in range(chance.randrange(4))}
        if kind == "auth":
            data.pop("token", None)
        message = json.dumps({"type": kind, "data": data}, ensure_ascii=False)
        match chance.randrange(5):
            case 0:
                yield message[: chance.randrange(len(message))].encode()
            case 1:
                yield json.dumps(thing(chance, 4), ensure_ascii=False).encode()
            case 2:
                yield json.dumps({"type": thing(chance, 2), "data": thing(chance, 2)}).encode()
            case 3:
                yield b"[" * chance.randrange(1, 5_000)
            case _:
                yield message.encode()


def socketio_rubbish(chance: random.Random) -> Iterator[bytes]:
    """Engine.IO messages that are wrong somewhere; none leaves the namespace, as `41` does."""
    good = (
        "40",
        f"40{NAMESPACE},",
        '42["subscribe_project","a"]',
        f'42{NAMESPACE},7["subscribe_deployment",{{"deployment_id":"a"}}]',
        '451-["x",{"_placeholder":true,"num":0}]',
        "43",
        "2probe",
        "3",
        "5",
        "1",
    )
    while True:
        text = chance.choice(good)
        place = chance.randrange(len(text) + 1)
        match chance.randrange(5):
            case 0:
                yield text[:place].encode()
            case 1:
                yield (text[:place] + chr(chance.randrange(1, 0xD7FF)) + text[place:]).encode()
            case 2:
                yield f"42{json.dumps(thing(chance, 4), ensure_ascii=False)}".encode()
            case 3:
                yield f"4{chance.choice('023456789')}{chance.randrange(10**9)}-[{text}".encode()
            case _:
                yield b"42" + b"[" * chance.randrange(1, 3_000)


def thing(chance: random.Random, depth: int) -> Any:
    """Something that JSON can say."""
    match chance.randrange(9 if depth else 7):
        case 0:
            return None
        case 1:
            return chance.choice((True, False))
        case 2:
            return chance.randrange(-(10**30), 10**30)
        case 3:
            return chance.random() * 10**300
        case 4:
            return ""
        case 5:
            return chr(chance.randrange(0x20, 0xD7FF)) * chance.randrange(200)
        case 6:
            return chance.choice(("alert", "posco_event", "\0", "../../etc/passwd", "null"))
        case 7:
            return [thing(chance, depth - 1) for _ in range(chance.randrange(4))]
        case _:
            return {
                str(thing(chance, 0)): thing(chance, depth - 1) for _ in range(chance.randrange(4))
            }
