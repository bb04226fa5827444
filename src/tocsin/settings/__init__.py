"""The knobs: read once from defaults, file, environment and flags into frozen dataclasses."""

from tocsin.settings.explain import Explained, explain
from tocsin.settings.instance import instance_of, is_run, stages_of
from tocsin.settings.load import Loaded, load
from tocsin.settings.schema import (
    STAGES,
    AuthSettings,
    BusSettings,
    Confidential,
    FilesSettings,
    HttpSettings,
    InboxSettings,
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
    "STAGES",
    "AuthSettings",
    "BusSettings",
    "Confidential",
    "Explained",
    "FilesSettings",
    "HttpSettings",
    "InboxSettings",
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
    "instance_of",
    "is_run",
    "load",
    "stages_of",
]
