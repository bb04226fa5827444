"""All tables; importing this package fills `metadata` for the migrations' check."""

from tocsin.store.tables import (
    access,
    callbacks,
    deployments,
    journal,
    leases,
    live,
    sources,
    trainings,
)
from tocsin.store.tables.metadata import metadata

__all__ = [
    "access",
    "callbacks",
    "deployments",
    "journal",
    "leases",
    "live",
    "metadata",
    "sources",
    "trainings",
]
