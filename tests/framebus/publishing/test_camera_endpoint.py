"""The endpoint of a camera, used by more than one thread: what its loop has to do is known after each use."""

import logging
from collections.abc import Iterator

import pytest

from framebus.config.load import Config
from framebus.publishing.camera_endpoint import CameraEndpoint
from framebus.publishing.frame_builder import FrameBuilder, Published
from framebus.publishing.picture import Picture
from tests.capture.jpegs import jpeg
from tests.capture.listener import Listener
from tests.conftest import Configure
from tests.processes import wait_until


def frame(seq: int) -> Published:
    picture = Picture(jpeg((16, 16)), 1.0, 1.0)
    return FrameBuilder("front", "e1").build(picture, seq, source="scripted", orientation=1, dropped=0, kind="live")


@pytest.fixture
def config(configure: Configure) -> Config:
    config = configure('[camera.front]\nsource = "testcard"\nrendition_fps = 0.1\n')
    config.run_dir.mkdir(exist_ok=True)
    return config


@pytest.fixture
def endpoint(config: Config) -> Iterator[CameraEndpoint]:
    endpoint = CameraEndpoint(
        "front",
        config.cameras["front"],
        config.run_dir,
        secrets=config.secrets,
        group=None,
        epoch="e1",
        want_full=lambda: None,
        log=logging.getLogger("capture"),
    )
    endpoint.open()
    yield endpoint
    endpoint.close()


def until_subscribed(endpoint: CameraEndpoint) -> None:
    """Publish until a subscription waits to be served."""

    def met() -> bool:
        endpoint.publish(frame(1))
        return endpoint.has_work

    wait_until(met, "a subscription")


def test_subscriptions_that_another_use_of_the_socket_has_met_are_known(
    config: Config, endpoint: CameraEndpoint
) -> None:
    assert not endpoint.has_work
    assert endpoint.due_in < 0  # the first status
    with Listener(config, "live") as live:
        until_subscribed(endpoint)
        assert endpoint.due_in == 0
        assert not endpoint.wants("live")
        endpoint.serve({})
        endpoint.publish(frame(2))
        assert not endpoint.has_work
        assert live.frame().seq == 2


def test_a_frame_that_is_held_for_its_rendition_is_known(config: Config, endpoint: CameraEndpoint) -> None:
    with Listener(config, "half"):
        until_subscribed(endpoint)
        endpoint.serve({})
        endpoint.publish(frame(1))
        assert not endpoint.has_work
        endpoint.publish(frame(2))
        assert endpoint.has_work
