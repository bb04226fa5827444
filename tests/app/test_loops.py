"""Which loops belong to the stages that an instance runs."""

from tocsin.app.loops import run_here


async def step() -> None:
    """Never run here."""


def test_those_of_other_stages_are_left_out() -> None:
    loops = tuple((name, step) for name in ("live.hub", "watch.stalled", "store.leases"))

    assert [name for name, _ in run_here(("live",), loops)] == ["live.hub", "store.leases"]
