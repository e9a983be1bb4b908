"""The newest frame is sent again while the camera itself has no newer one, but not because nobody watched."""

import pytest

from framebus.publishing.resend import RESEND_MAX_AGE_SECONDS, max_age_seconds


@pytest.mark.parametrize(
    ("configured", "measured", "wanted", "limit"),
    [
        pytest.param(30, 30, 30, RESEND_MAX_AGE_SECONDS, id="watched"),
        pytest.param(30, 1, 1, RESEND_MAX_AGE_SECONDS, id="idle"),
        pytest.param(30, 0.25, 0.25, RESEND_MAX_AGE_SECONDS, id="idle, and hardly woken"),
        pytest.param(30, 0, 30, RESEND_MAX_AGE_SECONDS, id="no rate known"),
        pytest.param(0.1, 0, 0.1, 10, id="configured for a frame in ten seconds"),
        pytest.param(30, 0.1, 30, 10, id="a frame in ten seconds while watched"),
        pytest.param(30, 0.1, 1, 10, id="a frame in ten seconds while idle"),
        pytest.param(30, 10, 30, RESEND_MAX_AGE_SECONDS, id="slower than asked for, but not slow"),
    ],
)
def test_the_limit(configured: float, measured: float, wanted: float, limit: float) -> None:
    assert max_age_seconds(configured, measured, wanted) == limit
