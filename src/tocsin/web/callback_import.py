"""Put callbacks and templates in that were taken out, here or elsewhere: all of them or none."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Request
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.errors import FieldFault
from tocsin.model.access import Role
from tocsin.model.audit import setting_changed
from tocsin.model.callback import ALL_PROJECTS, Callback, CallbackChannel, Template
from tocsin.model.event import NewEvent, new_event_id
from tocsin.store import callback_templates, callbacks
from tocsin.store.callbacks import MAX_STORED
from tocsin.store.database import Database
from tocsin.store.journal import Also, Journal
from tocsin.store.key import Vault
from tocsin.web.callback_changes import CallbackChanges, bad_field, label, refuse
from tocsin.web.callback_desk import CallbackDesk
from tocsin.web.callback_export import Passphrase, Secrets, secret_names, secrets_in
from tocsin.web.callback_sealing import SealedSecrets, opened
from tocsin.web.callback_shapes import FromOutside, NewCallback, ProjectName
from tocsin.web.callback_template_shapes import FaultShape, NewTemplate
from tocsin.web.callback_templates import template_faults
from tocsin.web.callbacks import at_role
from tocsin.web.callers import caller_of
from tocsin.web.problems import sentence_of
from tocsin.web.reading_shapes import Shape
from tocsin.web.release_envelope import PREFIX, WRITING, Answer

_SECRETS: TypeAdapter[Secrets] = TypeAdapter(Secrets)

Action = Literal["created", "replaced", "skipped", "refused"]
Conflict = Literal["skip", "replace", "copy"]


class ImportedCallback(NewCallback):
    """A callback as it was taken out; its id tells one that is there already."""

    id: Annotated[str, Field(max_length=64)] = ""
    project_id: ProjectName

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_shown(cls, said: Any) -> Any:
        return said


class ImportedTemplate(NewTemplate):
    id: Annotated[str, Field(max_length=64)] = ""


class ImportBody(FromOutside):
    """What was taken out, as it was answered or without the envelope around it."""

    format: Literal["tocsin.callbacks"]
    version: Literal[1]
    exported_at: str = ""
    secrets: Literal["left_out", "encrypted"]
    encrypted: SealedSecrets | None = None
    callbacks: list[dict[str, Any]] = Field(default=[], max_length=MAX_STORED)
    templates: list[dict[str, Any]] = Field(default=[], max_length=MAX_STORED)
    passphrase: Passphrase | None = Field(default=None, repr=False)
    on_conflict: Conflict = Field(
        default="copy",
        description="For what is there: by its id, or for callbacks by project and name.",
    )
    dry_run: bool = Field(default=False, description="Only tell what would be done.")

    @model_validator(mode="before")
    @classmethod
    def _without_envelope(cls, said: Any) -> Any:
        if isinstance(said, Mapping) and isinstance(said.get("data"), Mapping):
            around = {key: said[key] for key in said if key not in ("code", "data", "msg")}
            return {**said["data"], **around}
        return said

    @model_validator(mode="after")
    def _can_be_opened(self) -> Self:
        if self.secrets == "encrypted" and (self.encrypted is None or self.passphrase is None):
            raise ValueError("expected encrypted secrets and the passphrase that opens them")
        return self


class ImportResult(Shape):
    index: int
    name: str
    project_id: str = Field(description="Empty for a template.")
    action: Action
    id: str | None
    errors: list[FaultShape] = Field(
        description="Why it is refused, or what a channel lacks that is switched off therefore."
    )


class ImportShape(Shape):
    imported: bool
    results: list[ImportResult]
    templates: list[ImportResult]


@dataclass(slots=True)
class _Plan:
    """What is to be stored, and what is against it."""

    body: ImportBody
    secrets: Secrets
    callbacks: Sequence[Callback]
    templates: Sequence[Template]
    by: str
    # The ids of templates, as they are called in what is put in, and what they become.
    renamed: dict[str, str] = field(default_factory=dict)
    events: list[NewEvent] = field(default_factory=list)
    work: list[Callable[[Any], object]] = field(default_factory=list)
    faults: list[FieldFault] = field(default_factory=list)


def router(
    *,
    database: Database,
    journal: Journal,
    vault: Vault,
    callers: Callers,
    clock: Clock,
    desk: CallbackDesk,
    changes: CallbackChanges,
) -> APIRouter:
    """The route that puts callbacks in."""
    part = _Import(database, journal, vault, clock, desk, changes)
    api = APIRouter(prefix=f"{PREFIX}/callbacks", tags=["callbacks"])
    api.add_api_route(
        "/import",
        part.put_in,
        methods=["POST"],
        response_model=Answer[ImportShape],
        summary="Put callbacks in that were taken out",
        dependencies=at_role(callers, Role.ADMIN),
        responses=WRITING,
    )
    return api


class _Import:
    def __init__(
        self,
        database: Database,
        journal: Journal,
        vault: Vault,
        clock: Clock,
        desk: CallbackDesk,
        changes: CallbackChanges,
    ) -> None:
        self._database = database
        self._journal = journal
        self._vault = vault
        self._clock = clock
        self._desk = desk
        self._changes = changes

    async def put_in(self, body: ImportBody, request: Request) -> Answer[ImportShape]:
        """Store all of it, or nothing when anything of it is refused.

        A channel that lacks a secret is stored switched off.
        """
        secrets: Secrets = {}
        if body.encrypted is not None and body.passphrase is not None:
            secrets = await asyncio.to_thread(_opened, body.encrypted, body.passphrase)
        async with self._database.read() as conn:
            plan = _Plan(
                body,
                secrets,
                await callbacks.read_all(conn, self._vault),
                await callback_templates.read_all(conn),
                caller_of(request).name,
            )
        templates = [self._template(plan, *each) for each in enumerate(body.templates)]
        results = [await self._callback(plan, *each) for each in enumerate(body.callbacks)]
        if not body.dry_run:
            refuse(plan.faults)
            await self._store(plan)
        data = ImportShape(imported=not body.dry_run, results=results, templates=templates)
        return Answer(data=data)

    async def _store(self, plan: _Plan) -> None:
        if plan.events:
            await self._journal.append(plan.events, _together(plan.work))
            self._desk.changed()

    # --- templates

    def _template(self, plan: _Plan, at: int, said: Mapping[str, Any]) -> ImportResult:
        try:
            body = ImportedTemplate.model_validate(said)
        except ValidationError as error:
            return _refused(plan, "templates", at, said, _faults(error))
        now = self._clock.now()
        words = body.model_dump(exclude={"id"})
        new = Template(id=new_event_id(), created_at=now, updated_at=now, **words)
        if faults := template_faults(self._desk, new):
            return _refused(plan, "templates", at, said, faults)
        new = replace(new, channel_type=self._desk.channel_type(new.channel_type) or "")
        there = next((one for one in plan.templates if one.id == body.id), None)
        conflict = plan.body.on_conflict
        if there is not None and conflict != "copy":
            plan.renamed[body.id] = there.id
            if conflict == "skip":
                return _done(at, new.name, "", "skipped", there.id)
            plan.work.append(partial(callback_templates.change, before=there, after=new))
            self._tell(plan, "template.changed", new.name)
            return _done(at, new.name, "", "replaced", there.id)
        plan.renamed[body.id] = new.id
        plan.work.append(partial(callback_templates.add, new=new))
        self._tell(plan, "template.created", new.name)
        return _done(at, new.name, "", "created", new.id)

    # --- callbacks

    async def _callback(self, plan: _Plan, at: int, said: Mapping[str, Any]) -> ImportResult:
        try:
            body = ImportedCallback.model_validate(said)
        except ValidationError as error:
            return _refused(plan, "callbacks", at, said, _faults(error))
        conflict, there = plan.body.on_conflict, _there(plan.callbacks, body)
        if there is not None and conflict == "skip":
            return _done(at, body.name, body.project_id, "skipped", there.id)
        like = there if conflict == "replace" else None
        new, faults, lacking = await self._checked(plan, body, like)
        if faults:
            return _refused(plan, "callbacks", at, said, faults)
        if like is not None:
            plan.work.append(partial(callbacks.change, vault=self._vault, before=like, after=new))
            self._tell(plan, "callback.changed", label(new), new.project_id)
            return _done(at, new.name, new.project_id, "replaced", like.id, lacking)
        plan.work.append(partial(callbacks.add, vault=self._vault, new=new))
        self._tell(plan, "callback.created", label(new), new.project_id)
        return _done(at, new.name, new.project_id, "created", new.id, lacking)

    async def _checked(
        self, plan: _Plan, body: ImportedCallback, like: Callback | None
    ) -> tuple[Callback, list[FieldFault], list[FieldFault]]:
        """The callback as it is to be stored, what is wrong with it, and what it lacks."""
        new = self._changes.drawn_up(body.project_id, _with_secrets(plan, body), like)
        faults, lacking, channels = [], [], []
        for at, channel in enumerate(new.channels):
            whole = self._with_kept(plan, channel, like)
            found = await self._changes.channel_faults(whole)
            if not self._is_known(plan, whole.template_id):
                found.append(FieldFault("template_id", "expected a template that is there"))
            placed = [FieldFault(f"channels.{at}.{one.field}", one.message) for one in found]
            if found and all(self._is_lack(whole, one) for one in found):
                lacking += placed
                whole = replace(whole, enabled=False)
            else:
                faults += placed
            channels.append(whole)
        if new.condition and (wrong := self._desk.check_condition(new.condition)):
            faults.append(FieldFault("condition", wrong))
        return replace(new, channels=tuple(channels)), faults, lacking

    def _with_kept(
        self, plan: _Plan, channel: CallbackChannel, like: Callback | None
    ) -> CallbackChannel:
        """The channel with its template's new id, and with the secrets of the one it replaces."""
        before = (
            next((one for one in like.channels if one.id == channel.id), None) if like else None
        )
        kept = {} if before is None else secrets_in(self._desk, before.type, before.config)
        template_id = channel.template_id
        if template_id is not None:
            template_id = plan.renamed.get(template_id, template_id)
        return replace(channel, config={**kept, **channel.config}, template_id=template_id)

    def _is_known(self, plan: _Plan, template_id: str | None) -> bool:
        known = {one.id for one in plan.templates} | set(plan.renamed.values())
        return template_id is None or template_id in known

    def _is_lack(self, channel: CallbackChannel, fault: FieldFault) -> bool:
        """Whether the fault is that a secret was left out."""
        names = secret_names(self._desk, channel.type)
        if names is None or names <= channel.config.keys():
            return False
        missing = {f"config.{name}" for name in names - channel.config.keys()}
        # One that may be this or that secret is told of the options as a whole.
        return fault.field in missing or fault.field == "config"

    def _tell(self, plan: _Plan, what: str, name: str, project: str = "") -> None:
        event = setting_changed(what, name, plan.by, self._clock.now())
        is_one = project != ALL_PROJECTS
        plan.events.append(replace(event, project=project if is_one else ""))


def _opened(encrypted: SealedSecrets, passphrase: str) -> Secrets:
    try:
        return _SECRETS.validate_python(opened(encrypted, passphrase))
    except ValidationError as error:
        raise bad_field("encrypted", "expected the secrets of callbacks") from error


def _with_secrets(plan: _Plan, body: ImportedCallback) -> ImportedCallback:
    """What was taken out with the secrets that were sealed put back in."""
    given = plan.secrets.get(body.id, {})
    channels = [
        one.model_copy(update={"config": {**one.config, **given.get(one.id, {})}})
        for one in body.channels
    ]
    return body.model_copy(update={"channels": channels})


def _there(stored: Sequence[Callback], body: ImportedCallback) -> Callback | None:
    for one in stored:
        is_named = one.name != "" and one.name == body.name
        if one.id == body.id or (is_named and one.project_id == body.project_id):
            return one
    return None


def _faults(error: ValidationError) -> list[FieldFault]:
    return [
        FieldFault(".".join(str(part) for part in one["loc"]), sentence_of(one))
        for one in error.errors(include_url=False, include_input=False)
    ]


def _refused(
    plan: _Plan, where: str, at: int, said: Mapping[str, Any], faults: Sequence[FieldFault]
) -> ImportResult:
    plan.faults += [
        FieldFault(".".join(filter(None, (where, str(at), one.field))), one.message)
        for one in faults
    ]
    name, project_id = (
        value if isinstance(value := said.get(key), str) else "" for key in ("name", "project_id")
    )
    return _done(at, name, project_id, "refused", None, faults)


def _done(
    at: int,
    name: str,
    project_id: str,
    action: Action,
    found_id: str | None,
    faults: Sequence[FieldFault] = (),
) -> ImportResult:
    errors = [FaultShape(field=one.field, message=one.message) for one in faults]
    return ImportResult(
        index=at, name=name, project_id=project_id, action=action, id=found_id, errors=errors
    )


def _together(work: Sequence[Callable[[Any], object]]) -> Also:
    """All of it in one transaction, in its order."""

    def do_all(conn: Any) -> None:
        for do in work:
            do(conn)

    return do_all
