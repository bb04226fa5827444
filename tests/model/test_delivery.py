"""Where a delivery stands, and which of it is its end."""

from tocsin.model.delivery import DeliveryState


def test_only_what_arrived_or_failed_has_ended() -> None:
    assert {one.value for one in DeliveryState if one.is_final} == {"delivered", "failed"}
