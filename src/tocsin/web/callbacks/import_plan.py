"""What becomes of each callback and template that is put in: worked out before any is stored."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from pydantic import ValidationError

from tocsin.errors import FieldFault
from tocsin.model.audit import setting_changed
from tocsin.model.callback import ALL_PROJECTS, Callback, CallbackChannel, Template
from tocsin.model.event import NewEvent
from tocsin.model.logline import clean_text
from tocsin.store import callback_templates, callbacks
from tocsin.store.key import Vault
from tocsin.web.callbacks.changes import CallbackChanges, label, told_twice
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.callbacks.import_shapes import (
    Action,
    Conflict,
    ImportedCallback,
    ImportedTemplate,
    ImportResult,
)
from tocsin.web.callbacks.kinds import secret_names, secrets_in
from tocsin.web.callbacks.sealing import Secrets
from tocsin.web.callbacks.template_shapes import FaultShape
from tocsin.web.callbacks.templates import template_faults
from tocsin.web.problems import sentence_of

_One = TypeVar("_One", Callback, Template)


@dataclass(slots=True, kw_only=True)
class ImportPlan:
    """What is to be stored, and what is against it; templates come before callbacks.

    `callbacks` and `templates` are those that are there already, `named` the ids in what is put in;
    `new_ids` are for what is new, in order, so that it stays in the order in which it was put in.
    """

    secrets: Secrets
    conflict: Conflict
    callbacks: Sequence[Callback]
    templates: Sequence[Template]
    named: Collection[str]
    new_ids: Iterator[str]
    desk: CallbackDesk
    changes: CallbackChanges
    vault: Vault
    now: datetime
    by: str
    events: list[NewEvent] = field(default_factory=list)
    faults: list[FieldFault] = field(default_factory=list)
    _work: list[Callable[[Any], object]] = field(default_factory=list)
    # The ids of templates, as they are called in what is put in, and what they become.
    _renamed: dict[str, str] = field(default_factory=dict)
    # The ids of what is there already and was found in what is put in.
    _found: set[str] = field(default_factory=set)

    def do_all(self, conn: Any) -> None:
        """Store all of it, in its order."""
        for do in self._work:
            do(conn)

    def template(self, at: int, said: Mapping[str, Any]) -> ImportResult:
        try:
            body = ImportedTemplate.model_validate(said)
        except ValidationError as error:
            return self._refused("templates", at, said, _faults(error))
        words = body.model_dump(exclude={"id"})
        new = Template(id=next(self.new_ids), created_at=self.now, updated_at=self.now, **words)
        if faults := template_faults(self.desk, new):
            return self._refused("templates", at, said, faults)
        new = replace(new, channel_type=self.desk.channel_type(new.channel_type) or "")
        there = self._there(self.templates, body.id, lambda one: _is_for(one) == _is_for(new))
        if there is not None and self.conflict != "copy":
            self._renamed[body.id] = there.id
            if self.conflict == "skip":
                return _done(at, new.name, "", "skipped", there.id)
            self._work.append(partial(callback_templates.change, before=there, after=new))
            self._tell("template.changed", new.name)
            return _done(at, new.name, "", "replaced", there.id)
        self._renamed[body.id] = new.id
        self._work.append(partial(callback_templates.add, new=new))
        self._tell("template.created", new.name)
        return _done(at, new.name, "", "created", new.id)

    async def callback(self, at: int, said: Mapping[str, Any]) -> ImportResult:
        try:
            body = ImportedCallback.model_validate(said)
        except ValidationError as error:
            return self._refused("callbacks", at, said, _faults(error))
        there = self._there(self.callbacks, body.id, partial(_is_named_as, body))
        if there is not None and self.conflict == "skip":
            return _done(at, body.name, body.project_id, "skipped", there.id)
        like = there if self.conflict == "replace" else None
        new, faults, lacking = await self._checked(body, like)
        if faults:
            return self._refused("callbacks", at, said, faults)
        if like is not None:
            self._work.append(partial(callbacks.change, vault=self.vault, before=like, after=new))
            self._tell("callback.changed", label(new), new.project_id)
            return _done(at, new.name, new.project_id, "replaced", like.id, lacking)
        new = replace(new, id=next(self.new_ids))
        self._work.append(partial(callbacks.add, vault=self.vault, new=new))
        self._tell("callback.created", label(new), new.project_id)
        return _done(at, new.name, new.project_id, "created", new.id, lacking)

    async def _checked(
        self, body: ImportedCallback, like: Callback | None
    ) -> tuple[Callback, list[FieldFault], list[FieldFault]]:
        """The callback as it is to be stored, what is wrong with it, and what it lacks."""
        sent = self._with_secrets(body)
        if like is not None and like.id != body.id:
            # Taken out elsewhere: its channels are told by their places.
            unnamed = [one.model_copy(update={"id": ""}) for one in sent.channels]
            sent = sent.model_copy(update={"channels": unnamed})
        new = self.changes.drawn_up(body.project_id, sent, like)
        faults, lacking, channels = told_twice(new.channels), [], []
        for at, channel in enumerate(new.channels):
            whole = self._with_kept(channel, like)
            found = await self.changes.channel_faults(whole)
            if not self._is_known(whole.template_id):
                found.append(FieldFault("template_id", "expected a template that is there"))
            placed = [FieldFault(f"channels.{at}.{one.field}", one.message) for one in found]
            if found and all(self._is_lack(whole, one) for one in found):
                lacking += placed
                whole = replace(whole, enabled=False)
            else:
                faults += placed
            channels.append(whole)
        if new.condition and (wrong := self.desk.check_condition(new.condition)):
            faults.append(FieldFault("condition", wrong))
        return replace(new, channels=tuple(channels)), faults, lacking

    def _there(
        self, stored: Sequence[_One], said_id: str, is_alike: Callable[[_One], bool]
    ) -> _One | None:
        """The one of that id; without one, the first that is alike and is nothing else of these.

        None is replaced twice.
        """
        alike = (one for one in stored if is_alike(one) and one.id not in self.named)
        free = (one for one in alike if one.id not in self._found)
        there = next((one for one in stored if one.id == said_id), next(free, None))
        if there is None or (self.conflict == "replace" and there.id in self._found):
            return None
        self._found.add(there.id)
        return there

    def _with_kept(self, channel: CallbackChannel, like: Callback | None) -> CallbackChannel:
        """The channel with its template's new id, and with the secrets of the one it replaces."""
        before = (
            next((one for one in like.channels if one.id == channel.id), None) if like else None
        )
        kept = {} if before is None else secrets_in(self.desk, before.type, before.config)
        template_id = channel.template_id
        if template_id is not None:
            template_id = self._renamed.get(template_id, template_id)
        return replace(channel, config={**kept, **channel.config}, template_id=template_id)

    def _is_known(self, template_id: str | None) -> bool:
        known = {one.id for one in self.templates} | set(self._renamed.values())
        return template_id is None or template_id in known

    def _is_lack(self, channel: CallbackChannel, fault: FieldFault) -> bool:
        """Whether the fault is that a secret was left out."""
        names = secret_names(self.desk, channel.type)
        if names is None or names <= channel.config.keys():
            return False
        missing = {f"config.{name}" for name in names - channel.config.keys()}
        # One that may be this or that secret is told of the options as a whole.
        is_without = names.isdisjoint(channel.config)
        return fault.field in missing or (fault.field == "config" and is_without)

    def _with_secrets(self, body: ImportedCallback) -> ImportedCallback:
        """What was taken out with the secrets that were sealed put back in."""
        given = self.secrets.get(body.id, {})
        channels = [
            one.model_copy(update={"config": {**one.config, **given.get(one.id, {})}})
            for one in body.channels
        ]
        return body.model_copy(update={"channels": channels})

    def _tell(self, what: str, name: str, project: str = "") -> None:
        event = setting_changed(what, name, self.by, self.now)
        is_one = project != ALL_PROJECTS
        self.events.append(replace(event, project=project if is_one else ""))

    def _refused(
        self, where: str, at: int, said: Mapping[str, Any], faults: Sequence[FieldFault]
    ) -> ImportResult:
        self.faults += [
            FieldFault(".".join(filter(None, (where, str(at), one.field))), one.message)
            for one in faults
        ]
        name, project_id = (
            clean_text(value) if isinstance(value := said.get(key), str) else ""
            for key in ("name", "project_id")
        )
        return _done(at, name, project_id, "refused", None, faults)


def _is_named_as(body: ImportedCallback, one: Callback) -> bool:
    return bool(one.name) and (one.name, one.project_id) == (body.name, body.project_id)


def _is_for(one: Template) -> tuple[str, ...]:
    return one.name, one.channel_type, one.event_type, one.language


def _faults(error: ValidationError) -> list[FieldFault]:
    return [
        FieldFault(".".join(str(part) for part in one["loc"]), sentence_of(one))
        for one in error.errors(include_url=False, include_input=False)
    ]


def _done(
    at: int,
    name: str,
    project_id: str,
    action: Action,
    found_id: str | None,
    faults: Sequence[FieldFault] = (),
) -> ImportResult:
    errors = [FaultShape.of(one) for one in faults]
    return ImportResult(
        index=at, name=name, project_id=project_id, action=action, id=found_id, errors=errors
    )
