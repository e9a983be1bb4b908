"""The limits and what was refused, for /metrics."""

import logging

from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.http.limit_metrics import REFUSED, LimitMetrics, configured_limits
from gateway.net.connection_limits import ConnectionLimits
from tests.conftest import Configure
from tests.gateway.conftest import Site
from tests.gateway.http.test_metrics import metrics


async def test_the_limits_are_told(site: Site) -> None:
    found = await metrics(site)
    assert found["framebus_limit", "gateway.max_viewers"] == 1000
    assert found["framebus_limit", "snapshot.history_mb"] == 64
    assert found["framebus_limit", "camera.front.max_frame_mb"] == 31
    assert found["framebus_connections",] >= 1
    assert found["framebus_refused_total", "malformed requests"] == 0


def test_each_limit_has_the_name_of_its_key(configure: Configure) -> None:
    config = configure(gateway="stills_per_second = 3\nmax_viewers = 9", snapshot="history_mb = 5")
    limits = configured_limits(config.gateway, config.snapshot, config.recorder, config.cameras)
    assert (limits["gateway.stills_per_second"], limits["gateway.max_viewers"], limits["snapshot.history_mb"]) == (
        3,
        9,
        5,
    )
    assert limits["camera.front.max_megapixels"] == config.cameras["front"].max_megapixels
    assert not [name for name in limits if name.startswith("recorder.")]
    assert all(isinstance(limit, (int, float)) for limit in limits.values())


def test_where_cameras_are_recorded_the_limits_of_the_recorder_are_told(configure: Configure) -> None:
    config = configure(
        '[camera.front]\nsource = "testcard"\nrecord = "always"\n[camera.back]\nsource = "testcard"\n'
        "[recorder]\nkeep_gb = 7\n"
    )
    limits = configured_limits(config.gateway, config.snapshot, config.recorder, config.cameras)
    assert (limits["recorder.keep_gb"], limits["recorder.keep_days"]) == (7, 14)
    assert limits["camera.front.pre_roll_mb"] == 32
    assert "camera.back.pre_roll_mb" not in limits


def test_every_kind_of_refusal_is_counted_from_0() -> None:
    losses = RateLimitedLog(logging.getLogger("gateway"))
    limits = LimitMetrics({}, ConnectionLimits(7, 3), losses)
    assert limits.refused() == dict.fromkeys(REFUSED, 0)
    losses.count("failed logins", amount=2)
    losses.count("a kind that is no refusal")
    assert limits.refused() == {**dict.fromkeys(REFUSED, 0), "failed logins": 2}
