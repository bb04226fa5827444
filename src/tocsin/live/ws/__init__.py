"""The JSON protocol at `/ws`: one object a message, both ways; docs/ws.md describes it."""
