"""Take callbacks and templates out as one document: without secrets, or with them sealed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import Field

from tocsin.model.audit import setting_changed
from tocsin.model.callback import Callback, Template
from tocsin.model.times import rfc3339
from tocsin.store import callback_templates, callbacks
from tocsin.store.callbacks import MAX_STORED, CallbackFilter
from tocsin.web.callbacks.changes import Ground
from tocsin.web.callbacks.fields import AnyId, Language, Plain, Texts
from tocsin.web.callbacks.kinds import secrets_in
from tocsin.web.callbacks.sealing import Passphrase, SealedSecrets, sealed
from tocsin.web.callbacks.shapes import FromOutside, GroupingShape, QuietHoursShape, Shown
from tocsin.web.callbacks.views import plain
from tocsin.web.callers import caller_of
from tocsin.web.queries import Text
from tocsin.web.reading_shapes import Instant, Shape
from tocsin.web.release_envelope import Answer, FormQuery
from tocsin.web.release_routes import ReleaseRoutes

FORMAT: Literal["tocsin.callbacks"] = "tocsin.callbacks"
VERSION: Literal[1] = 1


class ExportQuery(FormQuery):
    ids: Texts = Field(default=[], description="All callbacks when left out.")
    project_id: Annotated[Text, Plain] = ""


class ExportWish(FromOutside):
    ids: Annotated[list[AnyId], Field(max_length=MAX_STORED)] = Field(
        default=[], description="All callbacks when left out."
    )
    project_id: Annotated[Text, Plain] = ""
    passphrase: Passphrase = Field(repr=False)


class ExportedChannel(Shape):
    id: str
    type: str
    enabled: bool
    config: dict[str, Any] = Field(description="Without the secrets.")
    template_id: str | None


class ExportedCallback(Shape):
    id: str
    project_id: str
    name: str
    enabled: bool
    channels: list[ExportedChannel]
    events: list[str]
    condition: str
    language: Language
    quiet_hours: QuietHoursShape | None
    grouping: GroupingShape | None


class ExportedTemplate(Shown):
    id: str
    name: str
    channel_type: str
    event_type: str
    language: Language
    title: str
    body: str


class ExportShape(Shape):
    format: Literal["tocsin.callbacks"]
    version: Literal[1]
    exported_at: Instant
    secrets: Literal["left_out", "encrypted"]
    encrypted: SealedSecrets | None
    callbacks: list[ExportedCallback]
    templates: list[ExportedTemplate]


def add_to(routes: ReleaseRoutes, ground: Ground) -> None:
    """The routes that take callbacks out."""
    part = _Export(ground)
    path, summary = "/callbacks/export", "Take callbacks out, without secrets"
    routes.readers.get(path, summary=summary)(part.without_secrets)
    summary = "Take callbacks out, with secrets sealed by a passphrase"
    routes.admins.post(path, summary=summary)(part.with_secrets)


class _Export:
    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def without_secrets(self, query: Annotated[ExportQuery, Query()]) -> Answer[ExportShape]:
        """Callbacks with the templates that they use. Whoever puts them in adds the secrets."""
        found, templates = await self._found(query.ids, query.project_id)
        return Answer(data=self._shown(found, templates, None))

    async def with_secrets(self, body: ExportWish, request: Request) -> Answer[ExportShape]:
        """The same, with the secrets: who has the passphrase has them."""
        found, templates = await self._found(body.ids, body.project_id)
        secrets = {
            one.id: {
                channel.id: secrets_in(self._ground.desk, channel.type, channel.config)
                for channel in one.channels
            }
            for one in found
        }
        text = await asyncio.to_thread(sealed, secrets, body.passphrase)
        by, name = caller_of(request).name, f"{len(found)} callbacks"
        event = setting_changed("callback.exported", name, by, self._ground.clock.now())
        await self._ground.journal.append([event])
        return Answer(data=self._shown(found, templates, text))

    async def _found(
        self, ids: Sequence[str], project_id: str
    ) -> tuple[Sequence[Callback], Sequence[Template]]:
        wanted = CallbackFilter(project_id=project_id or None, ids=set(ids) if ids else None)
        async with self._ground.database.read() as conn:
            found, _ = await callbacks.page(conn, self._ground.vault, wanted, MAX_STORED, 0)
            templates = await callback_templates.read_all(conn)
        is_all = not ids and not project_id
        used = {channel.template_id for one in found for channel in one.channels}
        return list(reversed(found)), [one for one in templates if is_all or one.id in used]

    def _shown(
        self,
        found: Sequence[Callback],
        templates: Sequence[Template],
        encrypted: SealedSecrets | None,
    ) -> ExportShape:
        return ExportShape.model_validate(
            {
                "format": FORMAT,
                "version": VERSION,
                "exported_at": rfc3339(self._ground.clock.now()),
                "secrets": "left_out" if encrypted is None else "encrypted",
                "encrypted": encrypted,
                "callbacks": [self._callback(one) for one in found],
                "templates": [ExportedTemplate.of(one) for one in templates],
            }
        )

    def _callback(self, one: Callback) -> Mapping[str, Any]:
        channels = []
        for channel in one.channels:
            hidden = secrets_in(self._ground.desk, channel.type, channel.config)
            config = {name: said for name, said in channel.config.items() if name not in hidden}
            channels.append(
                {
                    "id": channel.id,
                    "type": channel.type,
                    "enabled": channel.enabled,
                    "config": config,
                    "template_id": channel.template_id,
                }
            )
        return {**plain(one), "channels": channels}
