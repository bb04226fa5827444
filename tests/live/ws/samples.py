"""Data of every shape that the server tells, whole and with what may be missing left out."""

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from tocsin.live.ws.server_messages import (
    Alert,
    AlertAction,
    Authenticated,
    ConnectionStatus,
    DeploymentEvent,
    ErrorCode,
    ErrorData,
    ErrorDetails,
    FieldError,
    LogEntry,
    LogUpdate,
    Pong,
    ServerData,
    ServiceEvent,
    StatusUpdate,
    StepStatus,
    Subscribed,
    SubscribedFilters,
    WebhookEvent,
)

TIME = "2024-01-01T12:00:00.000Z"


def _deployment(*steps: StepStatus, step_name: str | None, branch: str | None) -> DeploymentEvent:
    return DeploymentEvent(
        event_type="deployment_progress",
        branch=branch,
        commit_hash=None,
        deployment_id="1",
        project="shop",
        status="in_progress",
        progress=50,
        message="Build: started",
        steps=steps,
        run=1,
        source_type="step_started",
        occurred_at=TIME,
        step_name=step_name,
    )


def _subscribed(filters: SubscribedFilters, *, recovered: bool | None) -> Subscribed:
    return Subscribed(("alert",), filters, False, ("shop",), ("1",), recovered, "e", 7)


DATA: Mapping[type[ServerData], Sequence[ServerData]] = {
    StatusUpdate: [StatusUpdate(45.2, 67.8, 23.4, "connected", 86_400, 6)],
    ServiceEvent: [
        ServiceEvent("news", "News", "started", "running", "It runs.", {"pid": 1, "port": 2})
    ],
    Alert: [
        Alert("info", "t", "m", "performance", "monitor", (), {}),
        Alert("critical", "t", "m", "c", "s", (AlertAction("Look", "look"),), {"cpu": 92.5}),
    ],
    LogUpdate: [
        LogUpdate("a.log", (LogEntry(TIME, "INFO", "a", "text"),), 1),
        LogUpdate("a.log", (LogEntry(TIME, "INFO", "a", "text", "a.py", 45, "Main"),), 3),
    ],
    WebhookEvent: [
        WebhookEvent("w", "sent", "discord", "https://d/…", "success", "m", TIME, 200, 245),
        WebhookEvent("w", "failed", "discord", "", "failed", "m", TIME),
    ],
    DeploymentEvent: [
        _deployment(StepStatus("Build", "in_progress"), step_name=None, branch=None),
        _deployment(
            StepStatus("Build", "completed", 1_500),
            StepStatus("Test", "pending", progress=60),
            step_name="Build",
            branch="main",
        ),
    ],
    ConnectionStatus: [
        ConnectionStatus("connected", "1", TIME, 3, 60, ("resume",), "i", "e", 7, False, "viewer")
    ],
    Subscribed: [
        _subscribed(SubscribedFilters(), recovered=None),
        _subscribed(SubscribedFilters(("a",), ("error",), ("info",)), recovered=True),
    ],
    Authenticated: [Authenticated("viewer", "ci")],
    Pong: [Pong(TIME, TIME, 12), Pong(None, TIME, None), Pong(1_704_110_400_000, TIME, 0)],
    ErrorData: [
        ErrorData(ErrorCode.INTERNAL_SERVER_ERROR, "m", ErrorDetails(), TIME),
        ErrorData(
            ErrorCode.INVALID_MESSAGE_FORMAT,
            "m",
            ErrorDetails("ping", ("type",), "{", (FieldError("type", "expected text"),)),
            TIME,
        ),
    ],
}


def anything_like(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type, as far as JSON has them."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is int:
        return st.integers(-(2**53), 2**53)
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple:
        return st.lists(anything_like(inner[0]), max_size=3).map(tuple)
    if origin in (Union, UnionType):
        return st.one_of(*map(anything_like, inner))
    if origin is Mapping:
        return st.dictionaries(st.text(max_size=5), st.none() | st.integers(0, 9), max_size=3)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{name: anything_like(one) for name, one in hints.items()})
    return st.from_type(hint)
