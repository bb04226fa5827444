"""Put callbacks and templates in that were taken out, here or elsewhere: all of them or none."""

import asyncio

from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from tocsin.model.event import new_event_id
from tocsin.store import callback_templates, callbacks
from tocsin.web.callbacks.changes import CallbackChanges, Ground
from tocsin.web.callbacks.faults import bad_field, refuse
from tocsin.web.callbacks.import_plan import ImportPlan
from tocsin.web.callbacks.import_shapes import ImportBody, ImportShape
from tocsin.web.callbacks.sealing import SealedSecrets, Secrets, opened
from tocsin.web.callers import caller_of
from tocsin.web.release_envelope import Answer
from tocsin.web.release_routes import ReleaseRoutes

_SECRETS: TypeAdapter[Secrets] = TypeAdapter(Secrets)


def add_to(routes: ReleaseRoutes, ground: Ground, changes: CallbackChanges) -> None:
    """The route that puts callbacks in."""
    part = _Import(ground, changes)
    routes.admins.post("/callbacks/import", summary="Put callbacks in that were taken out")(
        part.put_in
    )


class _Import:
    def __init__(self, ground: Ground, changes: CallbackChanges) -> None:
        self._ground = ground
        self._changes = changes

    async def put_in(self, body: ImportBody, request: Request) -> Answer[ImportShape]:
        """Store all of it, or nothing when anything of it is refused.

        A channel that lacks a secret is stored switched off.
        """
        secrets = await _secrets_of(body)
        async with self._ground.database.read() as conn:
            stored = await callbacks.read_all(conn, self._ground.vault)
            templates = await callback_templates.read_all(conn)
        sent = (*body.templates, *body.callbacks)
        plan = ImportPlan(
            secrets=secrets,
            conflict=body.on_conflict,
            callbacks=stored,
            templates=templates,
            named={told for one in sent if isinstance(told := one.get("id"), str)},
            new_ids=iter(sorted(new_event_id() for _ in sent)),
            desk=self._ground.desk,
            changes=self._changes,
            vault=self._ground.vault,
            now=self._ground.clock.now(),
            by=caller_of(request).name,
        )
        data = ImportShape(
            imported=not body.dry_run,
            templates=[plan.template(*each) for each in enumerate(body.templates)],
            results=[await plan.callback(*each) for each in enumerate(body.callbacks)],
        )
        if not body.dry_run:
            refuse(plan.faults)
            await self._store(plan)
        return Answer(data=data)

    async def _store(self, plan: ImportPlan) -> None:
        if plan.events:
            await self._ground.journal.append(plan.events, plan.do_all)
            self._ground.desk.changed()


async def _secrets_of(body: ImportBody) -> Secrets:
    if body.secrets == "left_out":
        return {}
    if body.encrypted is None:
        raise bad_field("encrypted", "is required, as the secrets were not left out")
    if body.passphrase is None:
        raise bad_field("passphrase", "is required, as the secrets are sealed with one")
    return await asyncio.to_thread(_opened, body.encrypted, body.passphrase)


def _opened(encrypted: SealedSecrets, passphrase: str) -> Secrets:
    try:
        return _SECRETS.validate_python(opened(encrypted, passphrase))
    except ValidationError as error:
        raise bad_field("encrypted", "expected the secrets of callbacks") from error
