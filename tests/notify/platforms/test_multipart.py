"""A form with a file, read back by a parser that is not ours."""

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP

from tocsin.notify.platforms.multipart import Form, Upload, form

PNG = b"\x89PNG\r\n\x1a\n--tocsin-\r\n\0\xff"


def parts_of(made: Form) -> list[EmailMessage]:
    head = f"Content-Type: {made.headers['Content-Type']}\r\n\r\n".encode()
    read = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + made.body)
    return [part for part in read.iter_parts() if isinstance(part, EmailMessage)]


def test_fields_and_files_come_out_as_they_went_in() -> None:
    text, file = parts_of(form({"image_type": "message"}, Upload("image", "chart.png", PNG)))

    assert text.get_param("name", header="content-disposition") == "image_type"
    assert text.get_content().strip() == "message"
    assert file.get_param("name", header="content-disposition") == "image"
    assert file.get_filename() == "chart.png"
    assert file.get_content_type() == "image/png"
    assert file.get_payload(decode=True) == PNG


def test_a_name_cannot_leave_its_place() -> None:
    (file,) = parts_of(form({}, Upload("media", 'a";\r\nx: "图.png', b"data")))

    assert file.get_filename() == "a%22;%0D%0Ax: %22%E5%9B%BE.png"


def test_the_boundary_stands_in_no_content() -> None:
    made = form({"a": "1"}, Upload("f", "f.png", PNG))
    boundary = made.headers["Content-Type"].partition("boundary=")[2]
    again = form({"a": "1"}, Upload("f", "f.png", boundary.encode()))

    assert made.body.count(boundary.encode()) == 3
    assert again.body.count(again.headers["Content-Type"].partition("boundary=")[2].encode()) == 3
