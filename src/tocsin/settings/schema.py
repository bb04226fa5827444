"""The settings as frozen dataclasses; each part of Tocsin is handed its own slice.

No field has a default here: defaults.toml holds them, once, beside their description.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr

Secret = SecretStr
"""The type of a secret option: never printed, and may come from a file by `<key>_file`."""


class Confidential:
    """Marks a plain text that may hold a secret: masked, and may come from a file."""


def _network(value: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(value)  # type: ignore[arg-type]  # refuses what is no text
    except ValueError as error:
        raise ValueError("expected a network such as 10.0.0.0/8 or ::1") from error


def _address(value: str) -> str:
    host, separator, port = value.rpartition(":")
    is_bare_ipv6 = ":" in host and not (host.startswith("[") and host.endswith("]"))
    is_port = port.isascii() and port.isdecimal() and int(port) <= 65535
    if not (separator and host and is_port) or is_bare_ipv6 or re.search(r"[\s/@]", host):
        raise ValueError("expected HOST:PORT such as 127.0.0.1:8000 or [::1]:8000")
    return value


def _origin(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?", value):
        raise ValueError(
            "expected an origin in small letters and without a path, such as "
            "https://ci.example.org or tauri://localhost"
        )
    return value


def _database_url(value: str) -> str:
    if value and not re.match(r"(sqlite|postgres|postgresql)(\+\w+)?://", value):
        raise ValueError("expected sqlite:///FILE, postgresql://…, or nothing")
    return value


def _not_empty(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("expected at least one")
    return value


def _folder(value: Path) -> Path:
    return value.expanduser()


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("expected a number, not true or false")  # noqa: TRY004 - for pydantic
    return value


def _lowered(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _level(value: object) -> object:
    lowered = _lowered(value)
    # Other programs' words for the same, met in the variable LOG_LEVEL they share with us.
    return {"warn": "warning", "fatal": "critical"}.get(str(lowered), lowered)


Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, PlainValidator(_network)]
Address = Annotated[str, AfterValidator(_address)]
Origin = Annotated[str, AfterValidator(_origin)]
# The bounds keep a slip of the keyboard from becoming an overflow in the database or the loop.
Number = Annotated[int, BeforeValidator(_number)]
Count = Annotated[Number, Field(ge=1, le=2**31)]
CountOrOff = Annotated[Number, Field(ge=0, le=2**31)]
Days = Annotated[Number, Field(ge=0, le=36_500)]
Seconds = Annotated[
    float, BeforeValidator(_number), Field(gt=0, le=3_153_600_000, allow_inf_nan=False)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    trusted_proxies: tuple[Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    local_role: Annotated[Literal["none", "viewer", "operator", "admin"], BeforeValidator(_lowered)]
    allowed_origins: tuple[Origin, ...]
    session_days: Annotated[Number, Field(ge=1, le=3650)]
    sign_in_minutes: Annotated[Number, Field(ge=1, le=10_080)]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSettings:
    rate_limit_per_s: CountOrOff
    rate_limit_burst: CountOrOff
    max_body_bytes: Count
    max_depth: Annotated[Number, Field(ge=1, le=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    batch_max_events: Count
    queue_max_events: Count
    dedupe_window_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings:
    max_connections: Count
    max_connections_per_client: Count
    connects_per_s: Count
    heartbeat_s: Seconds
    ping_s: Seconds
    idle_timeout_s: Seconds
    auth_timeout_s: Seconds
    max_messages_per_s: Count
    max_message_bytes: Count
    socketio_ping_s: Seconds
    socketio_pong_s: Seconds
    recovery_s: Seconds
    recovery_max_events: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    stalled_after_s: Seconds
    poll_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    keep_days: Days
    by_source: Mapping[str, Days]
    by_type: Mapping[str, Days]
    slice_rows: Count
    every_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsSettings:
    level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"], BeforeValidator(_level)
    ]
    format: Annotated[Literal["auto", "console", "json"], BeforeValidator(_lowered)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of them. `sources` has one `Options` object of its own kind under each kind's name."""

    data_dir: Annotated[Path, AfterValidator(_folder)]
    database_url: Annotated[str, AfterValidator(_database_url), Confidential()] = field(repr=False)
    secret_key: Secret
    listen: Annotated[tuple[Address, ...], AfterValidator(_not_empty)]
    instance_id: Annotated[str, Field(max_length=200)]
    environment: Annotated[Literal["development", "production"], BeforeValidator(_lowered)]
    http: HttpSettings
    auth: AuthSettings
    ingest: IngestSettings
    journal: JournalSettings
    live: LiveSettings
    watch: WatchSettings
    retention: RetentionSettings
    logs: LogsSettings
    sources: Mapping[str, object]
