"""A mail is seen with its page, its text and the images within."""

from base64 import b64encode
from email.message import EmailMessage

from tests.testing.platforms.calling import PNG
from tocsin.testing.mail import drawn
from tocsin.testing.taken import Framed, Shown, Words, text_in


def test_images_within_the_page_are_part_of_the_page() -> None:
    message = EmailMessage()
    message.set_content("text")
    message.add_alternative('<img src="cid:a@b">', subtype="html")
    page = message.get_body(("html",))
    assert isinstance(page, EmailMessage)
    page.add_related(PNG, "image", "png", cid="<a@b>", filename="chart.png")

    frame, text, image = drawn(message)

    data = b64encode(PNG).decode()
    assert frame == Framed(f'<img src="data:image/png;base64,{data}">\n')
    assert isinstance(text, Words)
    assert isinstance(image, Shown)
    assert image.picture is not None
    assert (image.picture.name, image.picture.data) == ("chart.png", PNG)


def test_a_plain_mail_is_its_text() -> None:
    message = EmailMessage()
    message.set_content("发布\nb")

    assert text_in(drawn(message)) == "发布\nb"
