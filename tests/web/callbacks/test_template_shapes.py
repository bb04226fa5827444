"""A message and its parts as the screens draw them."""

from tocsin.model.callback_desk import Preview
from tocsin.model.message import Block, BlockKind, Image, Message, Span
from tocsin.web.callbacks.template_shapes import PreviewShape


def test_all_of_a_message_is_told_but_its_pictures() -> None:
    span = Span("text", is_code=True, href="https://example.org")
    message = Message(
        heading="",
        title="t",
        body=(Block(BlockKind.ITEM, (span,)),),
        images=(Image("a.png", b"png", "a line that falls"),),
    )

    shown = PreviewShape.of(Preview(message=message, requests=[{"a": 1}], size=3, max_size=None))

    assert shown.measure is None
    assert shown.requests == [{"a": 1}]
    assert shown.message.full_title == "t"
    assert shown.message.body[0].kind == "item"
    assert shown.message.body[0].spans[0].href == "https://example.org"
    assert shown.message.images[0].model_dump() == {"name": "a.png", "alt": "a line that falls"}
