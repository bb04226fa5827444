"""Close codes say whether to come back, in their number."""

import pytest

from tocsin.live.closing import CloseCode


@pytest.mark.parametrize("code", CloseCode)
def test_a_code_is_one_that_applications_may_use_and_its_reason_fits_a_frame(
    code: CloseCode,
) -> None:
    assert 4000 <= code < 5000
    assert code.reason == code.name.lower()
    # RFC 6455 (5.5): a control frame holds 125 bytes, two of them are the code.
    assert len(code.reason.encode()) <= 123


def test_only_who_would_be_sent_away_again_is_told_to_stay_away() -> None:
    final = {code.name for code in CloseCode if not code.may_come_back}

    assert final == {"NOT_SIGNED_IN", "NOT_ALLOWED", "REVOKED"}
