"""The shapes in which callbacks and templates are put in, and what came of each."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tocsin.store.callbacks import MAX_STORED
from tocsin.web.callbacks.fields import ProjectName
from tocsin.web.callbacks.sealing import Passphrase, SealedSecrets
from tocsin.web.callbacks.shapes import FromOutside, NewCallback
from tocsin.web.callbacks.template_shapes import FaultShape, NewTemplate
from tocsin.web.reading_shapes import Shape

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
        description="For what is there already: by its id, else by its name.",
    )
    dry_run: bool = Field(default=False, description="Only tell what would be done.")

    @model_validator(mode="before")
    @classmethod
    def _without_envelope(cls, said: Any) -> Any:
        if isinstance(said, Mapping) and isinstance(said.get("data"), Mapping):
            around = {key: said[key] for key in said if key not in ("code", "data", "msg")}
            return {**said["data"], **around}
        return said


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
