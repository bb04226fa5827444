"""What came of an example can be made again by hand, whatever was sent."""

import shlex

from tocsin.model.inbound_call import KeptRequest
from tocsin.model.source_setup import Trial
from tocsin.web.call_shapes import TrialShape


def test_curl_can_be_pasted_whatever_is_sent() -> None:
    sent = KeptRequest(
        "POST", "/hooks/a", {"x-note": "it's; rm -rf"}, {}, "$(id) '\n'", None, False
    )

    shown = TrialShape.of(Trial(200, "{}", 0.0015, ["e"], sent), "http://localhost:8000")

    assert shlex.split(shown.curl.replace("\\\n", " ")) == [
        "curl",
        "-X",
        "POST",
        "http://localhost:8000/hooks/a",
        "-H",
        "x-note: it's; rm -rf",
        "--data-raw",
        "$(id) '\n'",
    ]
    assert (shown.ms, shown.ok) == (1.5, True)
