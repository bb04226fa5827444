"""How a setting is written: `ingest.max_depth` in a file, TOCSIN_INGEST__MAX_DEPTH outside."""

import re
from collections.abc import Mapping

from tocsin.settings.shape import Key

PREFIX = "TOCSIN_"

# These tell the client commands where the server is; a server's own settings they are not.
CLIENT_NAMES = frozenset({"TOCSIN_URL", "TOCSIN_TOKEN"})

# Names without a prefix that people's files have already, and the settings they mean. They
# count only from --env-file or in production, since any program may have set them.
PLAIN_NAMES: Mapping[str, Key] = {
    "DATABASE_URL": ("database_url",),
    "ENVIRONMENT": ("environment",),
    "FAL_API_KEY": ("sources", "fal", "api_key"),
    "FAL_WEBHOOK_SECRET": ("sources", "fal", "secret"),
    "INSTANCE_ID": ("instance_id",),
    "LOG_LEVEL": ("logs", "level"),
    "MINIO_ACCESS_KEY": ("files", "access_key"),
    "MINIO_BUCKET_NAME": ("files", "bucket"),
    "MINIO_ENDPOINT": ("files", "endpoint"),
    "MINIO_SECRET_KEY": ("files", "secret_key"),
    "MINIO_SECURE": ("files", "is_secure"),
    "REDIS_URL": ("redis_url",),
}


def dotted(key: Key) -> str:
    """The key as a TOML file has it; a part that is no bare word is quoted."""
    return ".".join(part if re.fullmatch(r"[\w-]+", part) else f'"{part}"' for part in key)


def environment_name(key: Key) -> str:
    """The name of the environment variable that sets this key."""
    return PREFIX + "__".join(key).upper()


def key_of(name: str) -> Key | None:
    """The key that a variable is meant for; None when it is not one of Tocsin's settings."""
    if not name.startswith(PREFIX) or name in CLIENT_NAMES:
        return None
    return tuple(name.removeprefix(PREFIX).lower().split("__"))
