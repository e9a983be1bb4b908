"""Viewers of a real server, here the bare loop, count what they get."""

from pathlib import Path

from benchmarks.camera import Camera
from benchmarks.load import Load
from benchmarks.peers import baseline_server
from tests.benchmarks.test_parts import jpeg
from tests.processes import wait_until

SIZE = 50_000


def test_they_count_bytes_pictures_and_ages(tmp_path: Path) -> None:
    camera = Camera("", {}, jpeg(0, SIZE))
    with (
        baseline_server(camera, tmp_path) as server,
        Load("mjpeg", server.host, server.port, server.path, 3) as load,
    ):
        measured = [load.measure(0.5, server.pid)]

        def at_its_rate() -> bool:
            """On a busy machine, half a second may have no picture, and the next one those of both."""
            if not 5 < measured[-1].fps < 60:
                measured.append(load.measure(0.5, server.pid))
            return 5 < measured[-1].fps < 60

        wait_until(at_its_rate, "thirty pictures a second, roughly")
    seen = measured[-1]
    assert abs(seen.gigabytes * 1e9 - seen.fps * seen.seconds * 3 * SIZE) < 6 * SIZE
    assert 0 < seen.ages["p50"] <= seen.ages["p95"] <= seen.ages["p99"] < 30
    assert seen.cpu_seconds > 0


def test_of_a_crowd_a_few_read_and_the_others_are_counted_by_their_bytes(tmp_path: Path) -> None:
    camera = Camera("", {}, jpeg(0, SIZE))
    with (
        baseline_server(camera, tmp_path) as server,
        Load("mjpeg", server.host, server.port, server.path, 6, other_paths=["/other"], read_every=3) as load,
    ):
        seen = load.measure(0.5, server.pid)
    assert abs(seen.gigabytes * 1e9 - seen.fps * seen.seconds * 6 * SIZE) < 60 * SIZE
    assert 0 <= seen.least_fps <= seen.most_fps  # on a busy machine, they may have got nothing for so long
