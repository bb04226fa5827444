"""What a trial is asked with, by either name of a channel's kind, and how its results are shown."""

import pytest
from pydantic import ValidationError

from tocsin.model.callback_desk import ChannelTest
from tocsin.web.callbacks.trial_shapes import MAX_IDS, BatchWish, ChannelTrials, DirectTrial

ARRIVED = ChannelTest(
    channel_id="",
    channel_type="custom",
    is_ok=True,
    status=200,
    response="{}",
    duration_ms=3,
    curl="curl",
    reason=None,
    error=None,
    delivery_id="d-1",
)


@pytest.mark.parametrize("name", ["type", "channel_type"])
def test_a_kind_goes_by_either_name(name: str) -> None:
    assert DirectTrial.model_validate({name: "custom", "config": {}}).type == "custom"


def test_nobody_does_more_at_once_than_can_be_waited_for() -> None:
    with pytest.raises(ValidationError):
        BatchWish(action="test", ids=["x"] * (MAX_IDS + 1))


def test_all_is_well_when_all_of_it_arrived() -> None:
    failed = ChannelTest(
        channel_id="ch-1",
        channel_type="custom",
        is_ok=False,
        status=None,
        response="",
        duration_ms=3,
        curl="curl",
        reason="unreachable",
        error="Nobody answers.",
        delivery_id="d-2",
    )

    assert ChannelTrials.of([ARRIVED]).ok
    assert not ChannelTrials.of([ARRIVED, failed]).ok
    assert [one.channel_id for one in ChannelTrials.of([ARRIVED, failed]).results] == [None, "ch-1"]
