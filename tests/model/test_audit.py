"""Events of what people change name who and what, and never the value."""

from datetime import UTC, datetime

from tocsin.model.audit import person_signed_in, setting_changed

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_change_tells_what_whose_and_by_whom() -> None:
    event = setting_changed("token.created", "ci", "mina", NOW)

    assert (event.source, event.type, event.subject) == ("tocsin", "setting.changed", "ci")
    assert event.data == {"what": "token.created", "name": "ci", "by": "mina"}
    assert event.occurred_at == event.received_at == NOW


def test_a_sign_in_tells_who_how_and_from_where() -> None:
    event = person_signed_in("mina", "password", "198.51.100.7", NOW)

    assert event.type == "person.signed_in"
    assert event.data == {
        "name": "mina",
        "how": "password",
        "address": "198.51.100.7",
        "by": "mina",
    }
