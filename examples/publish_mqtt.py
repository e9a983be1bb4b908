"""Publishes motion over MQTT, also for Home Assistant, which finds it by itself: python publish_mqtt.py HOST front.

It needs paho-mqtt (python3-paho-mqtt on Debian). The environment may have MQTT_PORT, MQTT_USERNAME and MQTT_PASSWORD.
"""

import json
import os
import sys

import msgspec
import paho.mqtt.client as mqtt

from framebus import EventSubscriber

STATUS = "framebus/status"
"""Topic: "online" while this program runs; the broker says "offline" when the connection is lost."""
DISCOVERY = "homeassistant/binary_sensor/framebus_{camera}/config"
MAX_WAITING = 100
"""Messages that wait while the broker cannot be reached; the state is sent again when it can."""


def main(host: str, cameras: list[str]) -> None:
    """Publish until interrupted. Events do not wake the camera."""
    going_on: dict[str, set[str]] = {camera: set() for camera in cameras}
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.username_pw_set(os.environ.get("MQTT_USERNAME"), os.environ.get("MQTT_PASSWORD"))
    client.max_queued_messages_set(MAX_WAITING)
    client.will_set(STATUS, "offline", qos=1, retain=True)

    def say(camera: str) -> None:
        state = "ON" if going_on[camera] else "OFF"
        client.publish(f"framebus/{camera}/motion", state, qos=1, retain=True)

    def connected(*_: object) -> None:
        print(f"connected to {host}", flush=True)
        for camera in cameras:
            client.publish(DISCOVERY.format(camera=camera), json.dumps(discovery(camera)), qos=1, retain=True)
            say(camera)
        client.publish(STATUS, "online", qos=1, retain=True)

    client.on_connect = connected
    client.connect_async(host, int(os.environ.get("MQTT_PORT", "1883")))
    client.loop_start()
    for event in EventSubscriber():
        if event.camera not in going_on or event.type != "motion":
            continue
        ids = going_on[event.camera]
        if event.phase == "end":
            ids.discard(event.id)
        else:
            ids.add(event.id)
        client.publish(f"framebus/{event.camera}/event", msgspec.json.encode(event), qos=0)
        if event.phase != "update":
            say(event.camera)


def discovery(camera: str) -> dict[str, object]:
    """What Home Assistant has to know of a camera's motion (home-assistant.io/integrations/binary_sensor.mqtt)."""
    return {
        "name": "Motion",
        "unique_id": f"framebus_{camera}_motion",
        "device_class": "motion",
        "state_topic": f"framebus/{camera}/motion",
        "json_attributes_topic": f"framebus/{camera}/event",
        "availability_topic": STATUS,
        "device": {"identifiers": [f"framebus_{camera}"], "name": camera, "manufacturer": "framebus"},
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
