"""A fake of the webhooks of Microsoft Teams' workflows.

What it holds senders to: 28 KB, four calls a second, and the very shape that the usual flow wants.
It answers 202 before the flow has run, so what the flow then fails at is lost and nobody is told.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tocsin.model.message import Block, BlockKind, Link, Span
from tocsin.testing.fake import Fake, Faults, Trouble
from tocsin.testing.forms import json_object
from tocsin.testing.marked import Marks, read
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.rates import Counts, Rate, whole_s
from tocsin.testing.shelf import Shelf
from tocsin.testing.taken import Buttons, Cells, Part, Shown, Taken, Words

CARD = "application/vnd.microsoft.card.adaptive"
COLOURS = {"good", "warning", "attention", "accent"}
VERSIONS = {"1.2", "1.3", "1.4", "1.5"}
MAX_BYTES = 28 * 1024
# No headings, quotes or code; a line ends by an empty one, or by a carriage return.
MARKDOWN = Marks(("emphasis", "link", "list", "escape"), has_breaks=False)
_AT = re.compile(r"<at>([^<]*)</at>")


UNKNOWN = "The workflow could not be found."


def said(status: int, code: str, message: str) -> Reply:
    """A refusal as the service before the flows gives it."""
    return Reply.of({"error": {"code": code, "message": message}}, status)


def limited(wait_s: float) -> Reply:
    text = {"error": {"code": "WorkflowTriggerIsThrottled", "message": "Too many requests."}}
    return Reply.of(text, 429, Retry_After=str(whole_s(wait_s)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is what the address is signed with.

    With `wants_bare` the flow was made by hand, and wants the card without a message around it.
    `rate` is in messages a minute, in place of four a second.
    """

    workflow: str = "demo0workflow"
    secret: str = field(default="demo0teams0signature", repr=False)
    wants_bare: bool = False
    rate: int = 0


class _FlowError(Exception):
    """The flow fails, after its caller was answered."""


class Platform(Fake):
    TITLE = "Microsoft Teams"
    FAULTS: ClassVar[Faults] = {
        "busy": Trouble("HTTP 502 without a body", Reply(status=502)),
        "rate_limited": Trouble("HTTP 429 with Retry-After", limited(5)),
        "gone": Trouble("HTTP 404, the flow was removed", said(404, "WorkflowNotFound", UNKNOWN)),
        "lost": Trouble("HTTP 202, and then the flow fails"),
    }

    def __init__(self, options: Options, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._options = options
        self._rates = Counts(Rate(options.rate, 60) if options.rate else Rate(4, 1))

    @property
    def _path(self) -> str:
        return f"/workflows/{self._options.workflow}/triggers/manual/paths/invoke"

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        run = "api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0"
        query = f"{run}&sig={self._options.secret}"
        config: dict[str, Any] = {"webhook_url": f"{self.shelf.url}{self._path}?{query}"}
        if self._options.wants_bare:
            config["wrap"] = False
        return {"workflow": config}

    def fault(self, name: str, call: Asked) -> Reply:
        if name != "lost":
            return super().fault(name, call)
        self.shelf.lose("the flow fails: refused by a script", json_object(call))
        return Reply(status=202)

    def refuse(self, code: str, _call: Asked) -> Reply:
        return said(int(code), "Refused", "Refused by a script.")

    def take(self, call: Asked) -> Reply:
        if call.path != self._path or call.method != "POST":
            return said(404, "WorkflowNotFound", UNKNOWN)
        if call.query.get("sig") != self._options.secret:
            return said(401, "DirectApiAuthorizationRequired", "The signature is not valid.")
        if len(call.body) > MAX_BYTES:
            return said(413, "RequestEntityTooLarge", "The message is larger than 28 KB.")
        if (wait_s := self._rates.wait_s("", self.shelf.now_s)) > 0:
            return limited(wait_s)
        body = json_object(call)
        try:
            self._post(body)
        except _FlowError as error:
            self.shelf.lose(f"the flow fails: {error}", body)
        return Reply(status=202)

    def _post(self, body: Mapping[str, Any] | None) -> None:
        if body is None:
            raise _FlowError("the body is no JSON object")
        card = body if self._options.wants_bare else _inside(body)
        if card.get("type") != "AdaptiveCard" or card.get("version") not in VERSIONS:
            raise _FlowError("not an adaptive card of a version that Teams draws")
        parts = tuple(_parts(card.get("body", []), card))
        if not parts:
            raise _FlowError("the card is empty")
        title, parts = _titled(parts)
        self.shelf.keep(
            Taken(
                id=f"flow{self.shelf.number()}",
                at=self.shelf.clock.now(),
                kind="card",
                title=title,
                parts=(*parts, *_actions(card.get("actions", []))),
                raw=body,
                colour=_colour(card.get("body", [])),
                mentions=tuple(_mentions(card)),
            )
        )


def _inside(body: Mapping[str, Any]) -> dict[str, Any]:
    attachments = body.get("attachments")
    if not isinstance(attachments, list):
        raise _FlowError("the 'foreach' of attachments is Null")
    if len(attachments) != 1 or attachments[0].get("contentType") != CARD:
        raise _FlowError("not one attachment, of an adaptive card")
    content = attachments[0].get("content")
    if body.get("type") != "message" or not isinstance(content, dict):
        raise _FlowError("not a message with a card")
    return content


def _parts(elements: Any, card: Mapping[str, Any]) -> Iterator[Part]:
    for one in elements:
        match one.get("type"):
            case "TextBlock":
                yield Words(_text(one), is_small=bool(one.get("isSubtle")))
            case "FactSet":
                yield Cells(tuple(_fact(fact) for fact in one.get("facts", [])))
            case "Image":
                yield Shown(url=str(one.get("url", "")), alt=str(one.get("altText", "")))
            case "Container":
                yield from _parts(one.get("items", []), card)
            case "ColumnSet":
                for column in one.get("columns", []):
                    yield from _parts(column.get("items", []), card)
            case "ActionSet":
                yield from _actions(one.get("actions", []))
            case "RichTextBlock":
                runs = (run if isinstance(run, str) else run["text"] for run in one["inlines"])
                yield Words((Block(BlockKind.PARAGRAPH, (Span("".join(runs)),)),))
            case "CodeBlock":
                yield Words((Block(BlockKind.CODE, (Span(str(one.get("codeSnippet", ""))),)),))
            case kind:
                raise _FlowError(f"an element of the type {kind!r}")


def _text(one: Mapping[str, Any]) -> tuple[Block, ...]:
    text = _AT.sub(r"@\1", str(one.get("text", "")).replace("\r", "\n\n"))
    blocks = read(text, MARKDOWN)
    is_heading = one.get("style") == "heading" or one.get("size") in {"Large", "ExtraLarge"}
    if is_heading:
        return tuple(Block(BlockKind.HEADING, block.spans) for block in blocks)
    if one.get("weight") == "Bolder":
        return tuple(
            Block(
                block.kind,
                tuple(Span(s.text, True, s.is_italic, s.is_code, s.href) for s in block.spans),
            )
            for block in blocks
        )
    return blocks


def _titled(parts: tuple[Part, ...]) -> tuple[str, tuple[Part, ...]]:
    """The first text is what a card is told by, when it is drawn as a heading."""
    first = parts[0]
    if isinstance(first, Words) and first.blocks and first.blocks[0].kind is BlockKind.HEADING:
        title = "".join(span.text for span in first.blocks[0].spans)
        return title, parts[1:]
    return "", parts


def _fact(fact: Mapping[str, Any]) -> tuple[Block, ...]:
    name = Block(BlockKind.PARAGRAPH, (Span(str(fact.get("title", "")), is_bold=True),))
    return (name, *read(str(fact.get("value", "")), MARKDOWN))


def _actions(actions: Any) -> Iterator[Part]:
    links = []
    for one in actions:
        if one.get("type") not in {"Action.OpenUrl", "Action.ShowCard", "Action.ToggleVisibility"}:
            raise _FlowError(f"{one.get('type')} is not for webhooks")
        links.append(Link(str(one.get("title", "")), str(one.get("url", ""))))
    if links:
        yield Buttons(tuple(links))


def _colour(elements: Any) -> str:
    """By the first text, or container, that has one."""
    for one in elements:
        found = one.get("color") or one.get("style")
        if found in {
            "good",
            "warning",
            "attention",
            "accent",
            "Good",
            "Warning",
            "Attention",
            "Accent",
        }:
            return str(found).lower()
    return ""


def _mentions(card: Mapping[str, Any]) -> Iterator[str]:
    for one in card.get("msteams", {}).get("entities", []):
        if one.get("type") == "mention":
            yield str(one.get("mentioned", {}).get("id", ""))
