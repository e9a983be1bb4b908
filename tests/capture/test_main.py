"""The command line of capture, and the memory of its process."""

from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from capture.process import check_known
from framebus import Subscriber
from framebus.config.load import ConfigError
from tests.capture.v4l2.shim import DEVICE
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS, wait_until

TWO = """
[camera.front]
source = "testcard"

[camera.far]
connect = "tcp://127.0.0.1:5555"
"""


def test_a_camera_of_this_machine_is_accepted(configure: Configure) -> None:
    check_known(configure(TWO), "front")


@pytest.mark.parametrize(
    ("camera", "text"),
    [
        ("frnt", "camera 'frnt' is not configured; there is front, far; did you mean \"front\"?"),
        ("far", "camera far is on another machine: it comes from tcp://127.0.0.1:5555, and has no capture here"),
    ],
)
def test_another_camera_is_refused_with_the_reason(camera: str, text: str, configure: Configure) -> None:
    with pytest.raises(ConfigError) as refused:
        check_known(configure(TWO), camera)
    assert str(refused.value) == text


@pytest.mark.medium
def test_the_memory_of_a_frame_is_used_again_for_the_next(
    configure: Configure, start: Start, shim_library: Path, tmp_path: Path
) -> None:
    """Else the kernel clears 60 pages for each frame of 400 KB."""
    for noise in (60, 80, 100):
        Image.effect_noise((1280, 720), noise).save(tmp_path / f"{noise}.jpg", quality=80)
    config = configure(f'[camera.front]\nsource = "v4l2:{DEVICE}"\nfps = 60\n')
    environment = {"LD_PRELOAD": str(shim_library), "V4L2SHIM_DEV": DEVICE, "V4L2SHIM_DIR": str(tmp_path)}
    capture = start("capture", "front", config=config, environment={**environment, "V4L2SHIM_FPS": "60"})
    with Subscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as subscriber:

        def pages_a_frame() -> float:
            first, before = subscriber.receive(), page_faults(capture.pid)
            *_, last = islice(subscriber, 60)
            return (page_faults(capture.pid) - before) / (last.seq - first.seq)

        # On a busy machine frames pile up now and then, and the memory for those is new.
        wait_until(lambda: pages_a_frame() < 20, "frames in memory that was used before")


def page_faults(pid: int) -> int:
    """How often the kernel has given a page to a process so far, without reading it from a disk (proc(5))."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[7])
