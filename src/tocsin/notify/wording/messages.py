"""Word an event for people, in their language, before any channel draws it.

Pure. Each kind of event has its notice in `notices/`; what no notice is for is told with what its
data says. Whatever the data is, a message comes out of it, and one of a bounded size.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tocsin.model.event import OWN_SOURCE, Event
from tocsin.model.message import Block, BlockKind, Field, Message, Span, Tone
from tocsin.model.standard_message import is_standard
from tocsin.notify.wording.notices import (
    alerts,
    deployments,
    others,
    own,
    pipelines,
    releases,
    trainings,
)
from tocsin.notify.wording.notices.telling import BETWEEN, Telling
from tocsin.notify.wording.values import text
from tocsin.notify.wording.words import words_of

Notice = Callable[[Telling], Message]

# What a source's trials are marked with: nobody shall take one for a real alarm.
TEST_ATTRIBUTE = "tocsintest"

MAX_DIGEST_ITEMS = 25
MAX_ITEM_CHARS = 120
# Fields that tell two alike apart.
_IDENTIFYING = ("project", "version", "environment", "instance")
# From what has to be seen first to what may be left out of a list that is too long.
_BY_WEIGHT = (Tone.BAD, Tone.WARNING, Tone.GOOD, Tone.RUNNING, Tone.NEUTRAL)

_OF_JOBS: Mapping[str, Notice] = {
    "step_started": deployments.step,
    "step_completed": deployments.step,
    "step_updated": deployments.step,
    "step_manual": deployments.step,
    "deployment_completed": deployments.completed,
    "log_entry": deployments.lines,
    "log_batch": deployments.lines,
    "metrics_update": deployments.figures,
    "deployment": deployments.completed,
}
_OF_GITHUB: Mapping[str, Notice] = {
    "workflow_run": pipelines.workflow,
    "workflow_job": pipelines.job,
    "deployment": pipelines.deployment,
    "deployment_status": pipelines.deployment,
    "push": pipelines.push,
}
_BY_SOURCE: Mapping[str, Mapping[str, Notice]] = {
    "deployment": _OF_JOBS,
    "github": _OF_GITHUB,
    "gitea": _OF_GITHUB,
    "gitlab": {
        "pipeline": pipelines.pipeline,
        "build": pipelines.build,
        "deployment": pipelines.environment,
        "push": pipelines.push,
    },
    "sentry": dict.fromkeys(
        (
            *("issue.created", "issue.resolved", "issue.unresolved", "issue.assigned"),
            *("issue.archived", "error.created", "event_alert.triggered"),
            *("metric_alert.critical", "metric_alert.warning", "metric_alert.resolved"),
        ),
        alerts.issue,
    ),
    OWN_SOURCE: {
        "deployment.stalled": deployments.stalled,
        "deployment.running_long": deployments.running_long,
    },
}
# Whoever sends them.
_BY_TYPE: Mapping[str, Notice] = dict.fromkeys(releases.DOCUMENTED, releases.message)
_BY_NOUN: Mapping[str, Notice] = {"alert": alerts.alert, "training": trainings.training}


def message_of(event: Event, language: str, public_url: str = "") -> Message:
    """The message that tells of `event`; `public_url` is where its screens are, "" for no links."""
    told = Telling(event, words_of(language), language, public_url.rstrip("/"))
    made = _notice(event)(told)
    if event.attributes and TEST_ATTRIBUTE in event.attributes:
        return replace(made, title=told.word("test_mark", title=made.title))
    return made


def _notice(event: Event) -> Notice:
    if is_standard(event):
        return releases.message
    by_source = _BY_SOURCE.get(event.source, {}).get(event.type)
    if by_source is not None:
        return by_source
    noun, _, verb = event.type.partition(".")
    if event.source == OWN_SOURCE and noun in own.NOTICES:
        return own.NOTICES[noun]
    return _BY_TYPE.get(event.type) or (verb and _BY_NOUN.get(noun)) or others.message


# --- several as one


def digest_of(messages: Sequence[Message], language: str) -> Message:
    """One message for several: how many of which tone, and a line for each.

    What says the same is one line with a number. Of a list that is too long the gravest stay, and
    of those alike in this the newest; how many more there were stands at its end.
    """
    if len(messages) == 1:
        return messages[0]
    words = words_of(language)
    counted = Counter(one.tone for one in messages)
    tones = [tone for tone in _BY_WEIGHT if counted[tone]]
    fields = [Field(words[f"tone_{tone}"], str(counted[tone])) for tone in tones]
    return Message(
        heading=words["heading_digest"],
        title=words["digest_title"].format(n=len(messages)),
        tone=tones[0] if tones else Tone.NEUTRAL,
        fields=tuple(fields),
        body=_items(messages, words),
        language=language,
    )


def _items(messages: Sequence[Message], words: Mapping[str, str]) -> tuple[Block, ...]:
    alike: dict[tuple[str, Tone], list[int]] = {}
    for place, one in enumerate(messages):
        alike.setdefault((_line(one, words), one.tone), []).append(place)
    grave = sorted(alike, key=lambda key: (_BY_WEIGHT.index(key[1]), -alike[key][-1]))
    kept = sorted(grave[:MAX_DIGEST_ITEMS], key=lambda key: alike[key][-1])
    blocks = [_item(key[0], len(alike[key]), messages[alike[key][-1]], words) for key in kept]
    more = len(messages) - sum(len(alike[key]) for key in kept)
    if more:
        blocks.append(Block(BlockKind.PARAGRAPH, (Span(words["digest_more"].format(n=more)),)))
    return tuple(blocks)


def _line(message: Message, words: Mapping[str, str]) -> str:
    """What happened, and to what, as far as the title does not say it."""
    named = {one.name: one.value for one in message.fields}
    title = message.full_title
    values = (named.get(words[f"field_{name}"], "") for name in _IDENTIFYING)
    return text(BETWEEN.join((title, *(one for one in values if one not in title))), MAX_ITEM_CHARS)


def _item(line: str, times: int, newest: Message, words: Mapping[str, str]) -> Block:
    shown = words["digest_times"].format(title=line, n=times) if times > 1 else line
    href = newest.links[0].url if newest.links else None
    return Block(BlockKind.ITEM, (Span(shown, href=href),))
