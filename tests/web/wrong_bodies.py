"""Bodies that no route of the API takes, with their content type and how each is answered."""

from tocsin.web.guarded_route import MAX_BODY_BYTES

WRONG = {
    "no JSON": (b"{", "application/json", 400),
    "no object": (b"[]", "application/json", 400),
    "empty": (b"", "application/json", 400),
    "another type": (b"{}", "text/plain", 415),
    "a wrong field": (b'{"count": "many"}', "application/json", 422),
    "too large": (b"x" * (MAX_BODY_BYTES + 1), "application/json", 413),
}
