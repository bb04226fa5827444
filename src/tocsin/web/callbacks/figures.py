"""`/api/v1/release/callbacks/stats`: how many deliveries arrived, how soon, and what waits."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from fastapi import Query, Request, Response
from pydantic import Field

from tocsin.clock import Clock
from tocsin.model.delivery_figures import (
    NO_PERCENTILES,
    NOBODY_WAITS,
    DeliveryFigures,
    Percentiles,
    Tally,
)
from tocsin.model.times import rfc3339
from tocsin.store import delivery_figures
from tocsin.store.database import Database
from tocsin.store.delivery_figures import FiguresFilter
from tocsin.web.accepted import prefers
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.callbacks.faults import bad_field
from tocsin.web.callbacks.fields import Plain, Texts
from tocsin.web.callbacks.kinds import kind_called
from tocsin.web.queries import Instant as InstantQuery
from tocsin.web.queries import Text
from tocsin.web.reading import JSON
from tocsin.web.reading_shapes import Instant, Rate, Shape
from tocsin.web.release_envelope import Answer, FormQuery
from tocsin.web.release_routes import ReleaseRoutes

CSV = "text/csv"
MAX_DAYS = 366
DEFAULT_DAYS = 7

_DAY = timedelta(days=1)
# A cell that begins so is a formula to a spreadsheet.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_HEADER = (
    "day,channel,total,success,failed,pending,folded,success_rate,retries,"
    "duration_avg_ms,duration_max_ms"
)


class StatisticsQuery(FormQuery):
    since: InstantQuery = Field(default=None, description="Seven days ago, when left out.")
    until: InstantQuery = Field(default=None, description="Now, when left out.")
    project_id: Annotated[Text, Plain] = ""
    config_id: Annotated[Text, Plain] = ""
    channel: Texts = Field(default=[], description="Several mean any of them.")
    format: Literal["json", "csv"] | None = Field(
        default=None, description="`csv` downloads the days by channel; so does Accept: text/csv."
    )


class DurationShape(Shape):
    """Milliseconds of the last try."""

    avg: float | None
    max: int | None

    @classmethod
    def said(cls, one: Tally) -> dict[str, Any]:
        return {"avg": one.duration_avg_ms, "max": one.duration_max_ms}


class RankedDuration(DurationShape):
    p50: int | None
    p95: int | None

    @classmethod
    def of(cls, one: Tally, ranked: Percentiles) -> Self:
        return cls.model_validate({**cls.said(one), "p50": ranked.p50, "p95": ranked.p95})


class TallyShape(Shape):
    total: int
    success: int
    failed: int
    pending: int
    folded: int = Field(description="Of all of these, those that went out in a digest.")
    success_rate: Rate | None = Field(description="Of those that came to an end.")
    retries: int

    @classmethod
    def said(cls, one: Tally) -> dict[str, Any]:
        names = ("total", "success", "failed", "pending", "folded", "success_rate", "retries")
        return {name: getattr(one, name) for name in names}


class ChannelFigures(TallyShape):
    channel: str
    duration: RankedDuration
    waiting: int
    oldest_waiting_at: Instant | None


class DayFigures(TallyShape):
    day: Annotated[str, Field(json_schema_extra={"format": "date"})]
    duration: DurationShape


class ReasonCount(Shape):
    reason: str
    count: int


class StatisticsShape(TallyShape):
    """Figures of a span; what waits and what is paused is so now."""

    since: Instant
    until: Instant
    duration: RankedDuration
    waiting: int
    oldest_waiting_at: Instant | None
    paused: int = Field(description="Destinations to which nothing is sent.")
    by_channel: list[ChannelFigures]
    by_day: list[DayFigures] = Field(description="Every day of the span, UTC.")
    by_reason: list[ReasonCount] = Field(description="Why deliveries failed.")


def add_to(routes: ReleaseRoutes, *, database: Database, clock: Clock, desk: CallbackDesk) -> None:
    """The route of figures."""
    part = _Statistics(database, clock, desk)
    routes.readers.get(
        "/callbacks/stats",
        response_model=Answer[StatisticsShape],
        summary="Figures of deliveries",
        responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
    )(part.show)


class _Statistics:
    def __init__(self, database: Database, clock: Clock, desk: CallbackDesk) -> None:
        self._database = database
        self._clock = clock
        self._desk = desk

    async def show(
        self, query: Annotated[StatisticsQuery, Query()], request: Request, response: Response
    ) -> Any:
        """Figures of deliveries that were made within a span; tests do not count."""
        until = query.until or self._clock.now()
        since = query.since or _days_before(until)
        _check(since, until)
        kinds = tuple(kind_called(self._desk, one) for one in query.channel)
        wanted = FiguresFilter(
            since=since,
            until=until,
            project_id=query.project_id or None,
            config_id=query.config_id or None,
            channel_types=kinds,
        )
        async with self._database.read() as conn:
            found = await delivery_figures.figures(conn, wanted)
        accept = request.headers.get("accept", "")
        if query.format == "csv" or (query.format is None and prefers(accept, CSV, JSON)):
            name = f"callbacks-{since.date()}-{until.date()}.csv"
            headers = {"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept"}
            return Response(csv_of(found), media_type=CSV, headers=headers)
        response.headers["Vary"] = "Accept"
        return Answer(data=_shown(found, since, until))


def _days_before(until: datetime) -> datetime:
    try:
        return until - DEFAULT_DAYS * _DAY
    except OverflowError as error:
        raise bad_field("until", "expected a later time") from error


def _check(since: datetime, until: datetime) -> None:
    if until <= since:
        raise bad_field("until", "expected a time after since")
    if until - since > MAX_DAYS * _DAY:
        raise bad_field("since", f"expected at most {MAX_DAYS} days before until")


def _shown(found: DeliveryFigures, since: datetime, until: datetime) -> StatisticsShape:
    everything, waiting = found.all, found.waiting.get("", NOBODY_WAITS)
    # The last day is the one in which the last moment of the span lies.
    last = (until - timedelta(microseconds=1)).date()
    return StatisticsShape.model_validate(
        {
            **TallyShape.said(everything),
            "since": rfc3339(since),
            "until": rfc3339(until),
            "duration": _ranked(found, "", everything),
            "waiting": waiting.count,
            "oldest_waiting_at": rfc3339(waiting.oldest_at),
            "paused": found.paused,
            "by_channel": [_channel(found, *one) for one in found.by_channel.items()],
            "by_day": [_day(*one) for one in found.by_day(since.date(), last).items()],
            "by_reason": [{"reason": reason, "count": count} for reason, count in found.reasons],
        }
    )


def _ranked(found: DeliveryFigures, channel: str, tally: Tally) -> RankedDuration:
    return RankedDuration.of(tally, found.percentiles.get(channel, NO_PERCENTILES))


def _channel(found: DeliveryFigures, channel: str, tally: Tally) -> Mapping[str, Any]:
    waiting = found.waiting.get(channel, NOBODY_WAITS)
    return {
        **TallyShape.said(tally),
        "channel": channel,
        "duration": _ranked(found, channel, tally),
        "waiting": waiting.count,
        "oldest_waiting_at": rfc3339(waiting.oldest_at),
    }


def _day(day: date, tally: Tally) -> Mapping[str, Any]:
    return {
        **TallyShape.said(tally),
        "day": day.isoformat(),
        "duration": DurationShape.said(tally),
    }


def csv_of(found: DeliveryFigures) -> str:
    """The figures by day and channel; no cell of it is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEADER.split(","))
    for (day, channel), one in sorted(found.cells.items()):
        said = TallyShape.said(one)
        cells: Sequence[Any] = (
            day.isoformat(),
            channel,
            *said.values(),
            one.duration_avg_ms,
            one.duration_max_ms,
        )
        writer.writerow([_cell(value) for value in cells])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return "" if value is None else value
