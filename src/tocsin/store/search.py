"""Find a text literally in a column, in upper or lower case."""

from typing import Any

from sqlalchemy import ColumnElement, or_

from tocsin.model.logline import clean_text
from tocsin.store.functions import Contains, text_pattern


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether `text` stands in `column`; `%` and `_` are what they are.

    The databases take upper and lower case of ASCII alike, and know no other. Words of other
    alphabets are also looked for as they are usually written: small, capital, and with a
    capital at the beginning.
    """
    said = clean_text(text)
    forms = {said}
    if not said.isascii():
        forms |= {said.lower(), said.upper(), said.capitalize(), said.title()}
    return or_(*(Contains(column, text_pattern(form)) for form in sorted(forms)))
