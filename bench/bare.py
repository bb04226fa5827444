"""The reference: the same HTTP server, which reads a body and answers without storing it.

`python -m bench.bare PORT`.
"""


import sys

import uvloop

from tocsin.edge.answers import send_json
from tocsin.edge.calls import Receive, Scope, Send
from tocsin.edge.server import listening_sockets, make_server

ANSWER = {
    "success": True,
    "message": "step_started stored",
    "event_id": "0199c0de-0000-7000-8000-000000000000",
    "seq": 1,
}


async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body, then answer."""
    while (await receive()).get("more_body"):
        pass
    await send_json(send, 200, ANSWER)


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = make_server(answer, grace_s=1)
    await server.serve(listening_sockets([f"127.0.0.1:{port}"]))


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
