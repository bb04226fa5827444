"""What a client is told first: who this server is, and who it takes the client for."""

from pathlib import Path

from tests.live.ws.serving import live_in
from tocsin.live.ws.shared import FEATURES
from tocsin.model.access import Role


async def test_a_client_is_told_who_the_server_is_and_where_it_stands(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        live.clock.move(90.5)
        async with live.client(), live.client() as client:
            data = client.greeting["data"]

    assert data["status"] == "connected"
    assert data["server_version"] == "1.2.3"
    assert data["server_time"] == "2026-01-01T00:01:30.500Z"
    assert data["client_count"] == 2
    assert data["uptime_seconds"] == 90
    assert data["features"] == list(FEATURES)
    assert (data["instance"], data["epoch"], data["seq"]) == ("i-1", live.hub.epoch, 0)
    assert (data["is_signed_in"], data["role"]) == (False, "viewer")


async def test_a_client_is_told_whom_it_is_taken_for(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        token = await live.token(Role.OPERATOR)
        async with live.client(f"/ws?token={token}") as client:
            data = client.greeting["data"]

    assert (data["is_signed_in"], data["role"]) == (True, "operator")
