"""The words of messages, a file a language, all with the same keys."""

from collections.abc import Mapping

from tocsin.notify.wording.words import en, ko, ru, zh

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": zh.WORDS,
    "en": en.WORDS,
    "ko": ko.WORDS,
    "ru": ru.WORDS,
}


def words_of(language: str) -> Mapping[str, str]:
    """The words of a language; those of the first for one that there is not."""
    return WORDS.get(language, zh.WORDS)
