"""The words are complete in every language, and take the same values."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import tocsin.notify
from tocsin.model.callback import LANGUAGES
from tocsin.notify.wording.words import WORDS, words_of

NOTIFY = Path(tocsin.notify.__file__).parent
# What is asked for by a sender's word, or by a part of an event's type.
BY_VALUE = (
    *("action", "alert", "change", "destination", "flow", "how", "instance", "issue", "log"),
    *("reason", "run", "severity", "state", "step", "strategy", "time", "tone", "training"),
    "type",
)
OPEN = re.compile(rf"({'|'.join(BY_VALUE)})_\w+")


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_of_callbacks_has_words() -> None:
    assert set(WORDS) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_there_and_takes_the_same_values(language: str) -> None:
    words, english = words_of(language), words_of("en")

    assert list(words) == list(english)
    assert all(text.strip() == text and text for text in words.values())
    for key, text in words.items():
        # Of hosts, one language tells how many more there are, another how many there are in all.
        known = names_in(english[key]) | ({"all"} if key == "more_hosts" else set())
        assert names_in(text) <= known, key
        assert names_in(text) or not names_in(english[key]), key


@pytest.mark.parametrize(
    ("language", "letters"),
    [("zh", "[\u4e00-\u9fff]"), ("ko", "[\uac00-\ud7a3]"), ("ru", "[а-яё]")],
)
def test_words_are_in_their_language(language: str, letters: str) -> None:
    # Of names of programs and of numbers there is nothing to be put into other words.
    alike = {"more_hosts", "done_of", "heading_system", "digest_times", "time_point"}

    for key, text in words_of(language).items():
        assert key in alike or re.search(letters, text, re.IGNORECASE), f"{key}: {text}"


def test_a_language_that_there_is_not_gets_the_first_one() -> None:
    assert words_of("fr") is words_of("zh")


def test_every_word_is_asked_for_somewhere() -> None:
    literals = {
        node.value
        for path in NOTIFY.rglob("*.py")
        if path.parent.name != "words"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    asked = literals | {f"heading_{one}" for one in literals} | {f"field_{one}" for one in literals}

    assert [key for key in words_of("en") if key not in asked and not OPEN.fullmatch(key)] == []
