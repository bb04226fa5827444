"""A log that holds everything a log can hold: colours, traps, links, errors, long lines."""

from datetime import UTC, datetime, timedelta

from tests.system.screens.pages import place_of
from tests.system.screens.story import Message, at, end, lines, step, tell
from tests.system.server import Server

COUNT = 3_000
WORDS: dict[int, Message] = {
    1: {"message": "\x1b[31mred\x1b[0m then \x1b[1mheavy\x1b[0m then plain"},
    2: {"message": "<b>no bold</b><script>window.broken = 1</script><img src=x onerror=broken>"},
    3: {"message": "\x1b]8;;javascript:window.broken=1\x07a trap\x1b]8;;\x07"},
    4: {"message": "\x1b]8;;https://docs.example/\x07the manual\x1b]8;;\x07"},
    5: {"message": "10 %\r50 %\rdone, 100 %"},
    6: {"message": "wide " + "word " * 120},
    700: {"message": "Needle one"},
    1400: {"message": "a needle, and a.c"},
    2100: {"message": "needle three, abc"},
    500: {"message": "disk is nearly full", "level": "warning"},
    1000: {"message": "disk is full", "level": "error"},
    2000: {"message": "gave up", "level": "critical"},
}


def write_odd_log(server: Server) -> str:
    """Of a deployment that is over; gives the address of its screen."""
    begun = datetime.now(UTC) - timedelta(minutes=1)
    texts = [
        {
            "message": f"line {number}",
            "level": "info",
            "timestamp": at(begun, number / 100),
            **WORDS.get(number, {}),
        }
        for number in range(1, COUNT + 1)
    ]
    tell(
        server,
        [
            step("step_started", "mill", "log-1", "Build", at(begun), "started"),
            *(
                lines("mill", "log-1", "Build", texts[part : part + 1000])
                for part in (0, 1000, 2000)
            ),
            end("mill", "log-1", at(begun, 40), "success"),
        ],
    )
    return place_of(server, "log-1", "mill")
