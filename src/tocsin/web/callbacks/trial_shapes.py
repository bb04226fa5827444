"""The shapes in which the API is asked to try callbacks out, and says what came of it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tocsin.model.callback_desk import ChannelTest
from tocsin.web.callbacks.fields import AnyId, Config, Language, Plain, TemplateId
from tocsin.web.callbacks.shapes import FromOutside
from tocsin.web.reading_shapes import Shape

MAX_IDS = 100

Action = Literal["enable", "disable", "test", "delete", "retry"]


class TrialWish(FromOutside):
    """Without either all channels that are enabled."""

    channel_type: Annotated[str, Field(max_length=50), Plain] = ""
    channel_id: AnyId = ""


class DirectTrial(FromOutside):
    """Options that are not stored. `channel_type` is another name of `type`.

    With a callback's id and a channel's, secrets that stand as they were shown are that channel's.
    """

    type: Annotated[str, Field(min_length=1, max_length=50), Plain]
    config: Config = Field(repr=False)
    language: Language = "zh"
    event_type: Annotated[str, Field(max_length=200), Plain] = Field(
        default="", description="A sample of this type; without it a test message."
    )
    template_id: TemplateId = None
    callback_id: AnyId = ""
    channel_id: AnyId = ""

    @model_validator(mode="before")
    @classmethod
    def _by_either_name(cls, said: Any) -> Any:
        if isinstance(said, dict) and "channel_type" in said:
            other = {name: value for name, value in said.items() if name != "channel_type"}
            return {"type": said["channel_type"], **other}
        return said


class BatchWish(FromOutside):
    """`ids` are callbacks; of `retry`, deliveries of the history too."""

    action: Action
    ids: Annotated[list[AnyId], Field(min_length=1, max_length=MAX_IDS)]


class ChannelTrial(Shape):
    """What came of a test by one channel; secrets are masked in all of it."""

    channel_id: str | None
    channel_type: str
    ok: bool
    status: int | None = Field(description="Of the HTTP answer; null when there was none.")
    response: str = Field(description="The answer as it came.")
    duration_ms: int
    curl: str = Field(description="The request as people would make it.")
    reason: str | None
    error: str | None
    delivery_id: str | None = Field(description="Its id in the history.")

    @classmethod
    def of(cls, one: ChannelTest) -> Self:
        return cls(
            channel_id=one.channel_id or None,
            channel_type=one.channel_type,
            ok=one.is_ok,
            status=one.status,
            response=one.response,
            duration_ms=one.duration_ms,
            curl=one.curl,
            reason=one.reason,
            error=one.error,
            delivery_id=one.delivery_id,
        )


class ChannelTrials(Shape):
    ok: bool = Field(description="Whether all of them arrived.")
    results: list[ChannelTrial]

    @classmethod
    def of(cls, found: Sequence[ChannelTest]) -> Self:
        return cls(
            ok=all(one.is_ok for one in found), results=[ChannelTrial.of(one) for one in found]
        )


class CountShape(Shape):
    count: int


class BatchResult(Shape):
    id: str
    ok: bool
    code: int
    msg: str
    data: ChannelTrials | CountShape | None


class BatchShape(Shape):
    ok: bool = Field(description="Whether all of it was done.")
    results: list[BatchResult] = Field(description="One for each id, in their order.")
