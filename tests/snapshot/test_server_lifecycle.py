"""The process of the snapshot service while captures, clients and the machine fail."""

import asyncio
import random
import signal
import time
from pathlib import Path

import pytest
import zmq

from framebus import AsyncStatusSubscriber, Frame, SnapshotError, request_snapshot, request_snapshot_async
from framebus.config.snapshot import SnapshotConfig
from framebus.protocol.wire import ErrorHeader, pack, parse
from snapshot.conversion_jobs import MAX_CONVERSIONS
from tests.capture.jpegs import opened
from tests.conftest import Configure, Start
from tests.curve import Strongbox
from tests.gateway.camera import PublishedCamera, claiming, jpeg
from tests.headers import frame_header
from tests.ports import free_ports
from tests.processes import DEADLINE_SECONDS, Running, wait_until
from tests.snapshot.requester import FRONT, REQUEST, Asking, answers, reply, still_of


def last_line(running: Running) -> str:
    """What the log ends with, without the time."""
    return running.log.splitlines()[-1][24:]


def test_a_capture_that_died_leaves_a_stale_still_and_comes_back(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "[snapshot]\nstale_after = 0.5")
    answers(start, config)
    capture = start("capture", "front", config=config)
    asking = Asking(config)
    still_of(config)
    capture.process.kill()
    wait_until(lambda: asking.request(REQUEST)[-1].startswith(b"error/front\n"), "the still grown stale")
    code, sentence = asking.refused(REQUEST)
    assert code == "stale"
    assert sentence in [f"camera front has given no picture for {seconds} s" for seconds in range(1, 20)]
    start("capture", "front", config=config)
    still_of(config)
    asking.close()


def test_a_restart_is_survived_by_those_who_ask(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    first = answers(start, config)
    start("capture", "front", config=config)
    still_of(config)
    asking = Asking(config)
    with asking.socket() as dealer:
        dealer.send(REQUEST)
        reply(dealer)
        first.process.kill()
        assert first.ended() == -signal.SIGKILL
        second = answers(start, config)
        still_of(config)

        def answered() -> bool:
            dealer.send(REQUEST)  # what was sent into the old connection is lost
            return bool(dealer.poll(200))

        wait_until(answered, "a reply on the old socket")
    asking.close()
    assert second.process.poll() is None


def test_it_may_start_before_and_after_the_captures(configure: Configure, start: Start) -> None:
    back = FRONT.replace("front", "back")
    config = configure(FRONT + back)
    start("capture", "front", config=config).wait_for("publishes at")
    answers(start, config)
    start("capture", "back", config=config)
    for camera in ("front", "back"):
        assert opened(still_of(config, camera)).size == (160, 120)


def test_a_second_service_ends_and_the_first_goes_on(asking: Asking, start: Start) -> None:
    first = int((asking.config.run_dir / "snapshot service.lock").read_text())
    second = start("snapshot", config=asking.config)
    assert second.ended() == 1
    assert last_line(second) == (
        f"ERROR snapshot: snapshot service already runs as process {first} with run_dir {asking.config.run_dir}; "
        "stop that one first, or give this one another run_dir"
    )
    assert asking.refused(REQUEST)[0] == "no-frame"


def test_a_camera_may_be_called_snapshot(configure: Configure, start: Start) -> None:
    config = configure(FRONT.replace("front", "snapshot"))
    start("capture", "snapshot", config=config).wait_for("publishes at")
    answers(start, config)
    assert opened(still_of(config, "snapshot")).size == (160, 120)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_ends_and_leaves_the_endpoint_free(
    number: signal.Signals, configure: Configure, start: Start
) -> None:
    config = configure(FRONT)
    running = answers(start, config)
    running.process.send_signal(number)
    assert running.ended() == 0
    assert last_line(running) == "INFO snapshot: stopped"
    asking = Asking(config)
    answers(start, config)
    assert asking.refused(REQUEST)[0] == "no-frame"
    asking.close()


def test_what_is_in_the_way_is_named(configure: Configure, start: Start, run_dir: Path) -> None:
    config = configure(FRONT)
    (run_dir / "snapshot").mkdir()
    running = start("snapshot", config=config)
    assert running.ended() == 1
    assert running.log[24:] == f"ERROR snapshot: cannot answer at ipc://{run_dir}/snapshot: Address already in use\n"


def test_every_mistake_in_the_configuration_is_named(run_dir: Path, start: Start) -> None:
    file = run_dir / "wrong.toml"
    file.write_text("[snapshot]\nstale_after = 0\nstale = 1\n")
    running = start("snapshot", "--config", str(file))
    assert running.ended() == 2
    assert [line[24:] for line in running.log.splitlines()] == [
        f"ERROR snapshot: {file}: snapshot.stale_after: found 0; allowed: seconds, more than 0 and at most 86400",
        f"ERROR snapshot: {file}: snapshot.stale: found a key unknown to framebus; allowed in [snapshot]: "
        f'{", ".join(sorted(SnapshotConfig.__struct_fields__))}; did you mean "stale_after"?',
    ]


def test_a_frame_that_is_none_does_not_end_it(configure: Configure, start: Start) -> None:
    """A process that binds the endpoint of a camera may send anything: the service drops what is malformed."""
    config = configure(FRONT)
    running = answers(start, config)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with context, context.socket(zmq.XPUB) as camera:
        camera.linger = 0
        camera.bind(f"ipc://{config.run_dir}/front.frames")
        assert camera.poll(int(DEADLINE_SECONDS * 1000))
        assert {camera.recv(), camera.recv()} == {b"\x01peek/front\n", b"\x01status/front\n"}
        deep = b'{"v":' + b'{"a":' * 490 + b"1" + b"}" * 490 + b"}\n"
        for noise in ([b""], [b"{}\n"], [b"\xff" * 5000], [b"\n\n\n"], [deep], [b"", b"{}\n", b"part"]):
            camera.send_multipart([b"peek/front\n" + noise[0], *noise[1:]])
            time.sleep(0.05)  # time to be read, before the next takes its place
        running.wait_for("malformed messages dropped")
    asking = Asking(config)
    assert asking.refused(REQUEST)[0] == "no-frame"
    asking.close()
    start("capture", "front", config=config)
    still_of(config)


@pytest.mark.timeout(120)
def test_ten_thousand_malformed_requests_are_all_answered(asking: Asking) -> None:
    """Made of a good one by changing, leaving out and putting in bytes; each gets its reply, and so does a good one."""
    chance = random.Random(20261121)
    good = b'{"camera":"front","fresh":false,"width":320,"settle":"10f","at":5.5,"orientation":"upright"}'
    with asking.socket() as client:
        left = 10_000
        while left:
            batch = min(left, 100)
            for _ in range(batch):
                request = bytearray(good)
                for _ in range(chance.randint(1, 8)):
                    at = chance.randrange(len(request))
                    request[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
                client.send(bytes(request))
            for _ in range(batch):
                assert reply(client)[-1].startswith((b"error/", b"snapshot/"))
            left -= batch
    assert asking.refused(REQUEST)[0] == "no-frame"


def test_overlapping_requests_for_full_each_get_a_frame_after_them(configure: Configure, start: Start) -> None:
    config = configure(FRONT + 'still_size = "320x240"\n')
    answers(start, config)
    camera = PublishedCamera(config)
    asking = Asking(config)
    request = b'{"camera":"front","full":true,"timeout":20}'
    with asking.socket() as first, asking.socket() as second:
        camera.wait_for_subscription(b"\x01status/front\n")
        first.send(request)
        camera.wait_for_subscription(b"\x01full/front\n")
        in_camera = frame_header("front", 1)
        second.send(request)
        assert not second.poll(300), "nothing has been published yet"
        camera.send(pack("full", "front", in_camera, jpeg("red")))
        assert reply(first)[-1].endswith(jpeg("red"))
        camera.wait_for_subscription(b"\x01full/front\n")
        camera.send(pack("full", "front", frame_header("front", 2), jpeg("blue")))
        assert reply(second)[-1].endswith(jpeg("blue"))
    asking.close()
    camera.close()


def test_a_request_that_is_taken_back_makes_room_for_another(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "[snapshot]\nmax_requests = 1\n")
    answers(start, config)
    asking = Asking(config)
    with asking.socket() as dealer:
        dealer.send_multipart([b"1", b'{"camera":"front","fresh":true,"timeout":60,"settle":30}'])
        dealer.send_multipart([b"1", b'{"camera":"front","cancel":true}'])
        dealer.send_multipart([b"2", b'{"camera":"front","fresh":true,"timeout":0.2}'])
        number, answer = reply(dealer)
    assert number == b"2"
    assert parse(answer, ErrorHeader)[1].code in ("timeout", "offline"), "it had a place"
    asking.close()


def test_a_picture_that_claims_to_be_huge_costs_no_later_conversion(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    running = answers(start, config)
    camera = PublishedCamera(config)
    asking = Asking(config)
    camera.wait_for_subscription(b"\x01peek/front\n")
    camera.send(pack("peek", "front", frame_header("front", 1), claiming((40_000, 40_000))))
    wait_until(lambda: asking.request(REQUEST)[-1].startswith(b"snapshot/"), "the frame")
    with asking.socket() as dealer:
        for width in range(1, MAX_CONVERSIONS + 11):  # more than may wait
            dealer.send(b'{"camera":"front","width":%d}' % (width % 60 + 1))
            assert parse(reply(dealer)[-1], ErrorHeader)[1].code == "too-large"
    running.wait_for("pictures not converted")
    camera.send(pack("peek", "front", frame_header("front", 2), jpeg()))
    wait_until(
        lambda: asking.request(b'{"camera":"front","width":8}')[-1].startswith(b"snapshot/"), "a converted still"
    )
    asking.close()
    camera.close()


def test_stills_over_tcp_are_for_listed_machines(configure: Configure, start: Start, run_dir: Path) -> None:
    box = Strongbox(run_dir / "framebus.secrets")
    (port,) = free_ports(1)
    config = configure(FRONT, snapshot=f'listen = "tcp://*:{port}"')
    start("capture", "front", config=config)
    service = start("snapshot", config=config)
    service.wait_for("answers at tcp://*:")
    still_of(config)  # a camera that the service has not heard for three seconds is offline, as on a busy machine
    endpoint = f"tcp://127.0.0.1:{port}"
    key = box.server.public
    still = request_snapshot("front", fresh=True, timeout=15, endpoint=endpoint, server_key=key, config=config.path)
    assert not still.same_host
    assert request_snapshot("front", config=config.path).epoch == still.epoch
    with pytest.raises(TimeoutError, match="no answer from the snapshot service at tcp://"):
        request_snapshot("front", timeout=0.5, endpoint=endpoint)
    service.wait_for("connections refused")


async def test_a_camera_sleeps_again_once_a_program_cancels_its_request(configure: Configure, start: Start) -> None:
    config = configure(FRONT.replace("idle_fps = 5", "idle_fps = 0"))
    start("capture", "front", config=config)
    answers(start, config)
    async with AsyncStatusSubscriber("front", config=config.path, timeout=2 * DEADLINE_SECONDS) as camera:

        def ask() -> "asyncio.Task[Frame]":
            return asyncio.create_task(request_snapshot_async("front", settle=60, timeout=60, config=config.path))

        asking = ask()
        while (await camera.receive()).state != "live":
            if asking.done():  # for the service it is offline until its first status, which is late on a busy machine
                assert isinstance(asking.exception(), SnapshotError)
                asking = ask()
        asking.cancel()
        while (await camera.receive()).state != "idle":
            pass
