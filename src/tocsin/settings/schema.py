"""The settings as frozen dataclasses; each part of Tocsin is handed its own slice.

No field has a default here: defaults.toml holds them, once, beside their description.
"""

import difflib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr

Secret = SecretStr
"""The type of a secret option: never printed, and may come from a file by `<key>_file`."""


STAGES = ("ingest", "live", "notify", "watch", "web")
"""The stages that an instance can run."""


SET_UP_NAMES = '1 to 64 letters, digits, ".", "_" or "-", a letter or digit first'


def is_set_up_name(name: str) -> bool:
    """Whether a set-up of a source may have this name, which is a part of its address."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name) is not None


class Confidential:
    """Marks a plain text that may hold a secret: masked, and may come from a file."""


def _network(value: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(value)  # type: ignore[arg-type]  # refuses what is no text
    except ValueError as error:
        raise ValueError("expected a network such as 10.0.0.0/8 or ::1") from error


# RFC 1123, 2.1, and "_", which names in a container network may have.
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.|\Z))+")


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    is_port = port.isascii() and port.isdecimal() and int(port) <= 65535
    if not is_port or not _is_host(host):
        raise ValueError("expected HOST:PORT such as 127.0.0.1:8000 or [::1]:8000")
    return value


def _is_host(text: str) -> bool:
    """An IPv6 address in brackets, an IPv4 address, or a name."""
    is_bracketed = text.startswith("[") and text.endswith("]")
    try:
        ipaddress.IPv6Address(text[1:-1]) if is_bracketed else ipaddress.IPv4Address(text)
    except ValueError:
        # What is of digits alone was meant as an address.
        is_name = not is_bracketed and not re.fullmatch(r"[0-9.]*", text)
        return is_name and _HOST_NAME.fullmatch(text) is not None
    return True


def _listened_on(value: tuple[str, ...]) -> tuple[str, ...]:
    # Port 0 is another one each time.
    twice = [one for one in value if value.count(one) > 1 and not one.endswith(":0")]
    if twice:
        raise ValueError(f"{twice[0]} stands there twice")
    return _not_empty(value)


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


def _redis_url(value: str) -> str:
    if value and not re.match(r"(redis|rediss|unix)://", value):
        raise ValueError("expected redis://…, rediss://…, unix://…, or nothing")
    return value


def _instance_id(value: str) -> str:
    # It stands in headers, in metrics and, cut to what is safe there, in addresses.
    if not re.fullmatch(r"[A-Za-z0-9._-]{0,64}", value):
        raise ValueError('expected letters, digits, ".", "_" and "-", at most 64')
    return value


def _stage(value: str) -> str:
    if value not in STAGES:
        near = difflib.get_close_matches(value, STAGES, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise ValueError(f"expected one of {', '.join(STAGES)}{hint}")
    return value


def _base_url(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
        raise ValueError("expected an address such as https://open.feishu.cn, or nothing")
    return value.rstrip("/")


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


def _header_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,100}", value):
        raise ValueError("expected a header's name such as X-Signature")
    return value


Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, PlainValidator(_network)]
Address = Annotated[str, AfterValidator(_address)]
# Of an HTTP header; "" is none.
HeaderName = Annotated[str, AfterValidator(_header_name)]
Origin = Annotated[str, AfterValidator(_origin)]
# Without a slash at its end; "" is none.
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Stage = Annotated[str, BeforeValidator(_lowered), AfterValidator(_stage)]
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
    keep_calls: Annotated[Number, Field(ge=0, le=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    batch_max_events: Count
    queue_max_events: Count
    dedupe_window_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSettings:
    stream: Annotated[str, Field(min_length=1, max_length=200)]
    stream_max_entries: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSettings:
    list: Annotated[str, Field(max_length=200)]
    batch_max_messages: Annotated[Number, Field(ge=1, le=1000)]
    dead_max_messages: CountOrOff


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
class PlatformSettings:
    base_url: BaseUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    allowed_networks: tuple[Network, ...]
    keep_days: Days
    pause_after_s: Seconds
    max_waiting: Count
    public_url: BaseUrl
    feishu: PlatformSettings
    dingtalk: PlatformSettings
    wechat: PlatformSettings
    wecom: PlatformSettings
    slack: PlatformSettings
    discord: PlatformSettings
    telegram: PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    stalled_after_s: Seconds
    running_long_after_s: Seconds
    poll_s: Seconds
    training_ask_after_s: Seconds
    training_ask_every_s: Seconds
    training_ask_for_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesSettings:
    endpoint: Annotated[str, Field(max_length=500)]
    access_key: Secret
    secret_key: Secret
    bucket: Annotated[str, Field(min_length=1, max_length=63)]
    region: Annotated[str, Field(min_length=1, max_length=63)]
    is_secure: bool
    max_file_bytes: Annotated[Number, Field(ge=1, le=2**50)]
    address_minutes: Annotated[Number, Field(ge=1, le=10_080)]


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
    """All of them.

    `sources` has one `Options` object of its own kind under each kind's name, `named_sources` has
    one more for each further set-up of a kind, under its name.
    """

    data_dir: Annotated[Path, AfterValidator(_folder)]
    database_url: Annotated[str, AfterValidator(_database_url), Confidential()] = field(repr=False)
    redis_url: Annotated[str, AfterValidator(_redis_url), Confidential()] = field(repr=False)
    secret_key: Secret
    listen: Annotated[tuple[Address, ...], AfterValidator(_listened_on)]
    instance_id: Annotated[str, AfterValidator(_instance_id)]
    stages: tuple[Stage, ...]
    environment: Annotated[Literal["development", "production"], BeforeValidator(_lowered)]
    http: HttpSettings
    auth: AuthSettings
    ingest: IngestSettings
    journal: JournalSettings
    bus: BusSettings
    inbox: InboxSettings
    live: LiveSettings
    notify: NotifySettings
    watch: WatchSettings
    files: FilesSettings
    retention: RetentionSettings
    logs: LogsSettings
    sources: Mapping[str, object]
    named_sources: Mapping[str, Mapping[str, object]]
