"""The configuration and the processes of several cameras and workers."""

from pathlib import Path

from benchmarks.camera import Camera
from benchmarks.pipeline import commands, write_config
from framebus.config.load import load


def test_each_camera_and_each_worker_has_a_process() -> None:
    assert commands(2, 2) == {
        "capture": ["capture", "front"],
        "capture-2": ["capture", "camera-2"],
        "snapshot": ["snapshot"],
        "gateway": ["gateway"],
        "gateway-1": ["gateway", "--worker", "1"],
    }


def test_the_configuration_has_each_camera_and_the_lines_for_the_gateway(tmp_path: Path) -> None:
    cameras = [Camera(f"/dev/video{number}", {}, b"", fps=15) for number in range(2)]
    file = write_config(
        tmp_path, cameras[0], "127.0.0.1", 8080, "idle_fps = 0", 2, "max_viewers = 1500\n", others=cameras[1:]
    )
    config = load(file)
    assert [(name, camera.fps, camera.idle_fps) for name, camera in config.cameras.items()] == [
        ("front", 15, 0),
        ("camera-2", 15, 0),
    ]
    assert (config.gateway.workers, config.gateway.max_viewers) == (2, 1500)
