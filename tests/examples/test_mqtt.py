"""The bridge to MQTT with a real broker: motion, discovery by Home Assistant, and the end of either side."""

import json
import queue
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from framebus.protocol.events import EventHeader
from framebus.protocol.wire import pack
from framebus.runtime.run_dir import events_endpoint
from tests.conftest import Configure
from tests.examples.test_examples import running
from tests.framebus.golden.make import EVENT
from tests.processes import DEADLINE_SECONDS, Running

mqtt = pytest.importorskip("paho.mqtt.client")
BROKER = "listener {port} 127.0.0.1\nallow_anonymous true\n"


class Broker:
    """A mosquitto, and a client that has subscribed to everything. Closed by its maker."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._folder = folder
        (folder / "mosquitto.conf").write_text(BROKER.format(port=port))
        self._messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.start()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda *_: self._client.subscribe("#", qos=1)
        self._client.on_message = lambda _client, _data, message: self._messages.put((message.topic, message.payload))
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def start(self) -> None:
        """Start it, without anything that it knew before."""
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        assert program is not None
        command = (program, "-c", str(self._folder / "mosquitto.conf"))
        self._running = Running(*command, log=self._folder / "mosquitto.log")
        self._running.wait_for("running")

    def stop(self) -> None:
        """End the broker alone."""
        self._running.close()

    def message(self, topic: str) -> bytes:
        """The next message under this topic."""
        while True:
            found, payload = self._messages.get(timeout=2 * DEADLINE_SECONDS)
            if found == topic:
                return payload

    def close(self) -> None:
        """End both."""
        self._client.loop_stop()
        self._client.disconnect()
        self.stop()


@pytest.fixture
def broker(free_port: int, tmp_path: Path) -> Iterator[Broker]:
    if not shutil.which("mosquitto", path="/usr/sbin:/usr/bin"):
        pytest.skip("needs mosquitto")
    made = Broker(free_port, tmp_path)
    yield made
    made.close()


@pytest.mark.slow
def test_motion_is_published_and_home_assistant_can_find_it(
    broker: Broker, configure: Configure, tmp_path: Path
) -> None:
    config = configure('[camera.front]\nsource = "testcard"\nmotion = true\n')
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    events = context.socket(zmq.XPUB)
    events.setsockopt(zmq.LINGER, 0)
    events.bind(events_endpoint(config.run_dir))

    def publish(**changed: Any) -> EventHeader:
        event = msgspec.structs.replace(EVENT, **changed)
        events.send(pack("event", event.camera, event))
        return event

    environment = {"MQTT_PORT": str(broker.port)}
    bridge = running("publish_mqtt.py", "127.0.0.1", "front", config=config, tmp_path=tmp_path, environment=environment)
    try:
        assert events.poll(round(2000 * DEADLINE_SECONDS))
        found = json.loads(broker.message("homeassistant/binary_sensor/framebus_front/config"))
        assert broker.message(found["state_topic"]) == b"OFF"
        assert broker.message(found["availability_topic"]) == b"online"

        publish(camera="back", id="z")
        begun = publish(phase="start", id="a", published=1.0)
        assert json.loads(broker.message(found["json_attributes_topic"]))["id"] == begun.id
        assert broker.message(found["state_topic"]) == b"ON"

        broker.stop()
        broker.start()
        assert broker.message(found["state_topic"]) == b"ON"

        publish(phase="end", id="a", published=2.0)
        assert broker.message(found["state_topic"]) == b"OFF"
        bridge.process.kill()
        assert broker.message(found["availability_topic"]) == b"offline"
    finally:
        bridge.close()
        events.close()
        context.destroy(linger=0)
