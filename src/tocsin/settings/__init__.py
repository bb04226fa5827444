"""The knobs: read once from defaults, file, environment and flags into frozen dataclasses."""

from tocsin.settings.explain import Explained, explain
from tocsin.settings.load import Loaded, load
from tocsin.settings.schema import (
    AuthSettings,
    Confidential,
    HttpSettings,
    IngestSettings,
    JournalSettings,
    LiveSettings,
    LogsSettings,
    Network,
    RetentionSettings,
    Secret,
    Settings,
    WatchSettings,
)

__all__ = [
    "AuthSettings",
    "Confidential",
    "Explained",
    "HttpSettings",
    "IngestSettings",
    "JournalSettings",
    "LiveSettings",
    "Loaded",
    "LogsSettings",
    "Network",
    "RetentionSettings",
    "Secret",
    "Settings",
    "WatchSettings",
    "explain",
    "load",
]
