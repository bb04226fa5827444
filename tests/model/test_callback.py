"""What a callback is without being told otherwise, and what its text never shows."""

from tests.notify.deliveries import callback
from tocsin.model.callback import LANGUAGES


def test_it_tells_of_everything_in_chinese_at_once() -> None:
    made = callback(("slack", {}))

    assert (made.events, made.condition, made.language) == ((), "", "zh")
    assert (made.quiet_hours, made.grouping) == (None, None)
    assert made.language in LANGUAGES


def test_the_options_of_its_channels_are_not_in_its_text() -> None:
    made = callback(("slack", {"webhook_url": "https://hooks.slack.com/services/hunter2"}))

    assert "hunter2" not in repr(made)
    assert "slack" in repr(made)
