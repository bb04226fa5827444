"""Find a text literally in a column, in upper or lower case."""

from typing import Any

from sqlalchemy import ColumnElement, or_

from tocsin.model.logline import clean_text


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether `text` stands in `column`; `%` and `_` are what they are.

    SQLite's LIKE takes upper and lower case of ASCII alike, and knows no other. Words of other
    alphabets are also looked for as they are usually written: small, capital, and with a
    capital at the beginning.
    """
    said = clean_text(text)
    forms = {said}
    if not said.isascii():
        forms |= {said.lower(), said.upper(), said.capitalize(), said.title()}
    return or_(*(column.contains(form, autoescape=True) for form in sorted(forms)))
