import pytest

from framebus.config.snapshot import SnapshotConfig, history_fits, history_limit_mb


@pytest.mark.parametrize(
    ("history_mb", "cameras", "available_mb", "limit_mb"),
    [
        (64, 1, 1000, 64),
        (64, 1, 128, 64),
        (64, 1, 100, 50),
        (64, 4, 512, 64),
        (64, 4, 400, 50),
        (2000, 8, 800, 50),
        (64, 1, 0, 0),
        (64, 1, -5, 0),
        (64, 0, 1000, 64),
    ],
)
def test_the_histories_of_all_cameras_take_half_the_memory_at_most(
    history_mb: float, cameras: int, available_mb: float, limit_mb: float
) -> None:
    assert history_limit_mb(history_mb, cameras, available_mb) == limit_mb
    settings = SnapshotConfig(history=10, history_mb=history_mb)
    assert history_fits(settings, cameras, available_mb) is (limit_mb == history_mb)


def test_without_a_history_it_fits() -> None:
    assert history_fits(SnapshotConfig(history=0, history_mb=2000), 8, 1)
