"""Set up what Tocsin says of itself: one line per unit of work, on standard error.

People at a terminal get coloured lines, programs JSON with one object a line. A line has
`action`, a stable word for what happened, and the ids it happened to. The lines of
libraries take the same way. What looks like a secret is masked, wherever it stands.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "••••"

# Names of values that are never written. `code` is the one-time sign-in; exact, since
# status_code and the like are of use.
_SECRET_NAMES = re.compile(
    r"^(code|authorization|set-cookie|signature)$"
    r"|(^|[_-])(token|secret|password|passwd|cookie)$"
    r"|(^|[_-])(api|access|private|secret|signing)[_-]?key$",
    re.IGNORECASE,
)

# The same in the middle of a text, such as the address of a call or an error's message.
_SECRET_TEXTS = (
    re.compile(r"(?i)([?&](?:[\w-]*token|code|[\w-]*secret|password|sign|key)=)[^&\s\"'<>]+"),
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[\w.~+/=-]+"),
    re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@]+(?=@)"),
)

# What a library says at info would drown our own lines; SQLAlchemy's holds stored data too.
_QUIET_LIBRARIES = (
    "aiosqlite",
    "alembic",
    "asyncio",
    "sqlalchemy",
    "uvicorn",
    "uvicorn.access",
    "websockets",
)

Level = Literal["debug", "info", "warning", "error", "critical"]
Format = Literal["auto", "console", "json"]


def set_up_logs(
    level: Level, style: Format = "auto", stream: TextIO | None = None, *, instance: str = ""
) -> None:
    """Send every log line of the process to `stream` (standard error). May be called again.

    Each line says which `instance` wrote it, if that has a name.
    """
    out = sys.stderr if stream is None else stream
    is_console = style == "console" or (style == "auto" and out.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]

    def name_instance(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        # Not by a context variable: other threads write lines too.
        if instance:
            line.setdefault("instance", instance)
        return line

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        name_instance,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _name_action, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Bound anew each time, so that a second set-up reaches loggers made before it.
        cache_logger_on_first_use=False,
    )
    _route_libraries(number, _formatter(shared, out, is_console=is_console), out)


def _formatter(shared: list[Processor], out: TextIO, *, is_console: bool) -> logging.Formatter:
    renderer: Processor
    if is_console:
        renderer = structlog.dev.ConsoleRenderer(
            colors=out.isatty(),
            event_key="action",
            # Never with the values of variables: they hold what callers sent.
            exception_formatter=structlog.dev.plain_traceback,
        )
    else:
        renderer = structlog.processors.JSONRenderer(serializer=_json)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, _name_library],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            mask_secrets,
            _in_order,
            renderer,
        ],
    )


def _route_libraries(level: int, formatter: logging.Formatter, out: TextIO) -> None:
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, type(formatter))]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _QUIET_LIBRARIES:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)


def mask_secrets(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Put a mask in place of every value that is, or seems to be, a secret."""
    return {name: _masked(name, value) for name, value in line.items()}


def _masked(name: str, value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_NAMES.search(name):
        return MASK
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        return {str(key): _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", inner) for inner in value]
    if isinstance(value, int | float):
        return value
    return masked_text(str(value))


def masked_text(text: str) -> str:
    """The text without passwords in addresses, secret parameters and credentials."""
    for pattern in _SECRET_TEXTS:
        text = pattern.sub(lambda found: found.group(1) + MASK, text)
    return text


def _name_action(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """`event` is a word of Tocsin's own; the word of a log line is its `action`."""
    line["action"] = line.pop("event", "")
    return line


def _name_library(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    record: logging.LogRecord = line["_record"]
    line["message"] = line.pop("event", "")
    line["action"] = "library"
    line["logger"] = record.name
    return line


def _in_order(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """What every line has comes first, so that lines can be read below each other."""
    first = {name: line.pop(name) for name in ("timestamp", "level", "action") if name in line}
    return {**first, **line}


def _json(line: EventDict, **_options: object) -> str:
    return json.dumps(line, ensure_ascii=False, default=str)
