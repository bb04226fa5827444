"""Write one event as coloured text for a person: what `tocsin tail` prints.

Pure. Whatever an event holds, nothing of it raises and nothing of it reaches the terminal
as a control character. State is told by shape and word, colour only repeats it.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from rich.text import Text

from tocsin.client.terminal import coloured, harmless
from tocsin.model.logline import level_of
from tocsin.model.times import parse_instant
from tocsin.model.words import StepState, step_state

_LEVEL_STYLES = {
    "debug": "dim",
    "info": "blue",
    "warning": "yellow",
    "error": "red",
    "critical": "bold red",
}
_STATE_LOOKS = {
    StepState.RUNNING: ("●", "cyan"),
    StepState.COMPLETED: ("✓", "green"),
    StepState.FAILED: ("✗", "red"),
    StepState.RETRYING: ("↻", "yellow"),
}
# Words that leave a state as it was, or end it without success or fault.
_OTHER_LOOKS = {
    "cancelled": ("⊘", "yellow"),
    "canceled": ("⊘", "yellow"),
    "skipped": ("⊘", "bright_black"),
    "neutral": ("⊘", "bright_black"),
    "pending": ("○", "cyan"),
    "queued": ("○", "cyan"),
}
_NO_LOOK = ("·", "default")

# The second word of a type of Tocsin's own says how it is meant.
_VERB_LOOKS = {
    "failed": ("✗", "red"),
    "error": ("✗", "red"),
    "rejected": ("✗", "red"),
    "firing": ("✗", "red"),
    "stalled": ("⚠", "yellow"),
    "running_long": ("⚠", "yellow"),
    "retrying": ("↻", "yellow"),
    "paused": ("⚠", "yellow"),
    "completed": ("✓", "green"),
    "sent": ("✓", "green"),
    "resolved": ("✓", "green"),
    "recovered": ("✓", "green"),
    "started": ("●", "cyan"),
    "stopped": ("○", "cyan"),
}
_TYPE_WIDTH = 20
_MAX_CHARS = 400


def lines_of(event: Mapping[str, Any], zone: tzinfo | None = None) -> list[Text]:
    """The event on one line; a batch of log lines gives one for each of these.

    Times are shown in `zone`, by default this machine's own.
    """
    kind, data = _word(event.get("type")), event.get("data")
    entries = data.get("logs") if isinstance(data, dict) else None
    if kind == "log_batch" and isinstance(entries, list) and entries:
        found = [_entry(one) for one in entries]
        return [_line(event, _time(event, zone, one), kind, _log(one)) for one in found]
    return [_line(event, _time(event, zone), kind, text_of(kind, data))]


def text_of(kind: str, data: object) -> Text:
    """What an event of a type says, without when and where."""
    if isinstance(data, dict) and data:
        return _WRITERS.get(kind, _any)(kind, data)
    return _plain(kind, data)


def _line(event: Mapping[str, Any], time: str, kind: str, text: Text) -> Text:
    project, subject = _word(event.get("project")), _word(event.get("subject"))
    place = "/".join(part for part in (project, subject) if part) or _word(event.get("source"))
    return Text.assemble(
        (time, "dim"),
        " ",
        (_short(harmless(place)), "bold"),
        " ",
        (_short(harmless(kind)).ljust(_TYPE_WIDTH), "dim"),
        " ",
        text,
    )


def _time(
    event: Mapping[str, Any], zone: tzinfo | None, entry: Mapping[str, Any] | None = None
) -> str:
    """When it happened, or when it came; a line of a batch has a time of its own."""
    said = (
        entry.get("timestamp") if entry else None,
        event.get("occurred_at"),
        event.get("received_at"),
    )
    at = next((at for one in said if (at := parse_instant(one)) is not None), None)
    return at.astimezone(zone).strftime("%H:%M:%S") if at else "--:--:--"


def _step(_: str, message: Mapping[str, Any]) -> Text:
    word = _word(message.get("step_status")) or _word(message.get("status"))
    name = _short(harmless(_word(message.get("step_name")) or "(step without a name)"))
    return Text.assemble(
        _state(word), " ", (name, "bold"), " ", _ending(word, message), _remark(message)
    )


def _done(_: str, message: Mapping[str, Any]) -> Text:
    word = _word(message.get("status"))
    shape, style = _look(word)
    said = harmless(word) or "ended"
    return Text.assemble(
        (f"{shape} {_short(said)}", f"bold {style}"), _duration(message), _remark(message)
    )


def _log(message: Mapping[str, Any]) -> Text:
    level = level_of(message.get("level"))
    said = message.get("message")
    text = said if isinstance(said, str) else _compact(said)
    style = _LEVEL_STYLES.get(level, "default")
    return Text.assemble((_short(harmless(level)).ljust(7), style), " ", coloured(text))


def _log_entry(_: str, message: Mapping[str, Any]) -> Text:
    return _log(message)


def _metrics(kind: str, message: Mapping[str, Any]) -> Text:
    figures = message.get("metrics")
    if not isinstance(figures, dict):
        return _plain(kind, message)
    known = ("steps_count", "successful_steps", "failed_steps", "total_duration", "status")
    names = [name for name in known if name in figures]
    names += [name for name in figures if name not in (*known, "start_time", "end_time")]
    said = [f"{harmless(name)} {harmless(_compact(figures[name]))}" for name in names]
    return Text(_short(", ".join(said)))


def _any(kind: str, message: Mapping[str, Any]) -> Text:
    """A message of no known type: its status when it has one, and all it holds."""
    word = _word(message.get("status"))
    if word:
        return Text.assemble(_done(kind, message))
    return _plain(kind, message)


def _plain(kind: str, data: object) -> Text:
    shape, style = _VERB_LOOKS.get(kind.rpartition(".")[2], _NO_LOOK)
    text = "" if data is None or data == {} else harmless(_compact(data))
    return Text.assemble((shape, style), " ", _short(text))


_WRITERS: Mapping[str, Callable[[str, Mapping[str, Any]], Text]] = {
    "step_started": _step,
    "step_completed": _step,
    "step_updated": _step,
    "step_manual": _step,
    "deployment_completed": _done,
    "log_entry": _log_entry,
    "metrics_update": _metrics,
}


def _look(word: str) -> tuple[str, str]:
    found = _OTHER_LOOKS.get(word.strip().lower())
    if found is not None:
        return found
    state = step_state(word)
    return _NO_LOOK if state is None else _STATE_LOOKS[state]


def _state(word: str) -> Text:
    shape, style = _look(word)
    return Text(shape, style)


def _ending(word: str, message: Mapping[str, Any]) -> Text:
    _, style = _look(word)
    return Text.assemble((_short(harmless(word)), style), _duration(message))


def _duration(message: Mapping[str, Any]) -> Text:
    seconds = _seconds(message.get("duration"))
    return Text(f" in {seconds}" if seconds else "")


def _seconds(said: object) -> str:
    """A duration in words; "" when there is none, and for the zero that begins a step."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return ""
    try:
        seconds = float(said)
    except (ValueError, OverflowError):
        return ""
    if not math.isfinite(seconds) or not 0 < seconds < 1e9:
        return ""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _remark(message: Mapping[str, Any]) -> Text:
    """The first line of what a step or an end says besides, and how many more there are."""
    said = message.get("logs")
    if not isinstance(said, str) or not said.strip():
        return Text()
    first, *others = said.strip().splitlines()
    more = f" (+{len(others)} lines)" if others else ""
    remark = Text("  ")
    remark.append_text(coloured(_short(first)))
    remark.append(more)
    remark.stylize("dim")
    return remark


def _entry(said: object) -> Mapping[str, Any]:
    return said if isinstance(said, dict) else {"message": said}


def _word(said: object) -> str:
    return said if isinstance(said, str) else "" if said is None else _compact(said)


def _compact(said: object) -> str:
    if isinstance(said, str):
        return said
    return json.dumps(said, ensure_ascii=False, separators=(", ", ": "))


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CHARS else f"{text[: _MAX_CHARS - 1]}…"
