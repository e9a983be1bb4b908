"""A capture whose frames and controls are on the network: for those whose key is listed, and encrypted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from framebus import Subscriber, request_controls
from framebus.config.load import Config, ConfigError
from framebus.credentials.curve_keys import KeyPair
from framebus.protocol.controls import ControlsRequest
from framebus.runtime.process import EXIT_FAILED
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from tests.capture.listener import Listener
from tests.conftest import Configure, Start
from tests.curve import Strongbox
from tests.ports import free_ports
from tests.processes import DEADLINE_SECONDS, Running, wait_until
from tests.relay import Relay

FRONT = '[camera.front]\nsource = "testcard"\nsize = "320x240"\nidle_fps = 20\n'


class Remote:
    """A capture with keys, and what somebody elsewhere needs to reach it."""

    def __init__(self, config: Config, box: Strongbox, capture: Running, elsewhere: Path) -> None:
        self.config = config
        self.box = box
        self.capture = capture
        self.elsewhere = elsewhere
        """The configuration of the other machine, where only the client's key is known."""
        settings = config.cameras["front"]
        self.frames, self.control = str(settings.publish), str(settings.control)

    def subscriber(self, endpoint: str | None = None) -> Subscriber:
        server_key = self.box.server.public
        return Subscriber(
            "front", endpoint=endpoint or self.frames, server_key=server_key, config=self.elsewhere, timeout=15
        )


@pytest.fixture
def remote(configure: Configure, start: Start, run_dir: Path, tmp_path: Path) -> Remote:
    box = Strongbox(run_dir / "framebus.secrets")
    frames, control = free_ports(2)
    # An address beyond loopback: with the keys there, that is allowed.
    config = configure(f'{FRONT}publish = "tcp://*:{frames}"\ncontrol = "tcp://*:{control}"\n')
    capture = start("capture", "front", config=config)
    capture.wait_for(f"camera front publishes at tcp://*:{frames}")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "framebus.toml").write_text("")
    there = Strongbox(elsewhere / "framebus.secrets")
    there.server, there.client = KeyPair.make(), box.client
    there.list_as({})
    found = Remote(config, box, capture, elsewhere / "framebus.toml")
    found.frames, found.control = f"tcp://127.0.0.1:{frames}", f"tcp://127.0.0.1:{control}"
    return found


@pytest.fixture
def relay(remote: Remote) -> Iterator[Relay]:
    made = Relay(int(remote.frames.rpartition(":")[2]))
    yield made
    made.close()


def test_a_listed_machine_gets_frames_and_controls(remote: Remote) -> None:
    with remote.subscriber() as over_tcp, Subscriber("front", config=remote.config.path, timeout=15) as over_ipc:
        assert over_tcp.receive().epoch == over_ipc.receive().epoch
    request = ControlsRequest(set={"brightness": 0.25})
    (brightness,) = request_controls(
        "front",
        request,
        endpoint=remote.control,
        server_key=remote.box.server.public,
        config=remote.elsewhere,
        timeout=DEADLINE_SECONDS,
    )
    assert brightness.value == 0.25


def test_a_listed_machine_gets_renditions(remote: Remote) -> None:
    """What crosses the network is the small frame: it is made where the camera is."""
    with (
        Subscriber(
            "front",
            rendition="quarter",
            endpoint=remote.frames,
            server_key=remote.box.server.public,
            config=remote.elsewhere,
            timeout=15,
        ) as over_tcp,
        Subscriber("front", rendition="half", config=remote.config.path, timeout=15) as over_ipc,
    ):
        assert (over_tcp.receive().width, over_ipc.receive().width) == (80, 160)


def test_other_clients_get_neither(remote: Remote) -> None:
    with Subscriber("front", endpoint=remote.frames) as stranger, pytest.raises(TimeoutError):
        stranger.receive(1)
    with pytest.raises(TimeoutError):
        request_controls("front", endpoint=remote.control, timeout=1)
    with Listener(remote.config, "status") as statuses:
        assert statuses.status(lambda status: status.refused and status.refused >= 2)
    remote.capture.wait_for("connections refused")


def test_a_removed_machine_gets_no_more_and_a_listed_one_at_once(remote: Remote) -> None:
    with remote.subscriber() as subscriber:
        subscriber.receive()
        remote.box.list_as({})

        def silent() -> bool:
            try:
                subscriber.receive(0.7)
            except TimeoutError:
                return True
            return False

        wait_until(silent, "silence")
        remote.box.list_as({"viewer": remote.box.client.public})
        subscriber.receive()


def test_what_is_on_the_line_cannot_be_read(remote: Remote, relay: Relay) -> None:
    with remote.subscriber(f"tcp://127.0.0.1:{relay.port}") as subscriber:
        frames = [subscriber.receive() for _ in range(3)]
    assert len(relay.heard) > sum(len(frame.jpeg) for frame in frames)
    for readable in (b"\xff\xd8\xff", b"JFIF", b"live/front", b'"seq":', b"epoch", frames[0].jpeg[100:116]):
        assert readable not in relay.heard


def test_without_keys_it_could_be(configure: Configure, start: Start) -> None:
    (port,) = free_ports(1)
    start("capture", "front", config=configure(f'{FRONT}publish = "tcp://127.0.0.1:{port}"\n')).wait_for("publishes")
    relay = Relay(port)
    with Subscriber("front", endpoint=f"tcp://127.0.0.1:{relay.port}", timeout=15) as subscriber:
        frame = subscriber.receive()
    relay.close()
    assert b"live/front" in relay.heard
    assert frame.jpeg[:100] in relay.heard


def test_a_program_without_a_key_of_its_own_is_told(tmp_path: Path) -> None:
    (tmp_path / "framebus.toml").write_text("")
    with pytest.raises(ConfigError) as error:
        Subscriber("front", endpoint="tcp://10.0.0.7:5555", server_key="x" * 40, config=tmp_path / "framebus.toml")
    assert str(error.value) == (
        f"{tmp_path / 'framebus.secrets'} has no key of this machine, to connect to tcp://10.0.0.7:5555; "
        "run: framebus keys client"
    )
    with pytest.raises(ValueError, match="server_key: allowed: the 40 characters"):
        Subscriber("front", endpoint="tcp://10.0.0.7:5555", server_key="short")


def test_there_is_no_capture_for_a_camera_of_another_machine(configure: Configure, start: Start) -> None:
    capture = start("capture", "front", config=configure('[camera.front]\nconnect = "tcp://127.0.0.1:5555"\n'))
    assert capture.ended() == 2
    assert capture.log.rstrip().endswith(
        "ERROR capture-front: camera front is on another machine: it comes from tcp://127.0.0.1:5555, and has no "
        "capture here"
    )


@pytest.mark.medium
def test_a_listed_machine_that_makes_up_topics_is_cut_off_and_the_others_connect_again(remote: Remote) -> None:
    with remote.subscriber() as subscriber, Subscriber("front", config=remote.config.path, timeout=15) as here:
        before, beside = subscriber.receive(), here.receive()
        with zmq.Context() as context, sockets.make(context, zmq.XSUB) as peer:
            peer.setsockopt(zmq.SNDHWM, 0)
            sockets.connect(peer, Endpoint(remote.frames, remote.box.server.public, remote.box.client))
            for number in range(2000):
                peer.send(b"\x01" + (b"%d" % number).ljust(400, b"-"))
            remote.capture.wait_for("floods of subscriptions")
        wait_until(lambda: subscriber.receive().seq > before.seq + 20, "frames over the network")
        wait_until(lambda: here.receive().seq > beside.seq + 20, "frames on this machine")
        assert (subscriber.receive().epoch, here.receive().epoch) == (before.epoch, beside.epoch)


@pytest.mark.medium
def test_a_flood_from_this_machine_ends_a_capture_that_is_on_the_network(remote: Remote, run_dir: Path) -> None:
    """supervisord starts it again: its endpoint of this machine cannot be bound once that of the network is."""
    with zmq.Context() as context, sockets.make(context, zmq.XSUB) as peer:
        peer.setsockopt(zmq.SNDHWM, 0)
        peer.connect(f"ipc://{run_dir}/front.frames")
        for number in range(2000):
            peer.send(b"\x01" + (b"%d" % number).ljust(400, b"-"))
        assert remote.capture.ended() == EXIT_FAILED
    assert "a flood of subscriptions from this machine; topics of at most 65536 bytes" in remote.capture.log
