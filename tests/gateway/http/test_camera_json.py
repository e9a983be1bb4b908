"""The state of a camera as plain data."""

from framebus.protocol.wire import RenditionCounts
from gateway.http.camera_json import camera as entry_of
from gateway.http.camera_json import ustreamer_state
from tests.gateway.camera import PublishedCamera
from tests.gateway.conftest import Site, camera_is_known, until


async def test_an_entry_is_the_status_of_the_camera(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, state="offline", reason="unplugged", captured=None, monotonic=None)
    feed = site.gateway._cameras.first
    entry = entry_of(feed, None, 3)
    assert {key: entry[key] for key in ("state", "reason", "viewers", "age", "captured", "dropped", "bad")} == {
        "state": "offline",
        "reason": "unplugged",
        "viewers": 3,
        "age": None,
        "captured": None,
        "dropped": 3,
        "bad": 4,
    }


async def test_an_entry_lists_the_renditions_with_their_sizes(site: Site, camera: PublishedCamera) -> None:
    feed = site.gateway._cameras.first
    await camera_is_known(site, camera, width=1281, height=719)
    assert entry_of(feed, None, 0)["renditions"] == []  # of a capture that makes none
    camera.say(width=1281, height=719, renditions={"half": RenditionCounts(made=0)})
    await until(lambda: entry_of(feed, None, 0)["renditions"])
    assert entry_of(feed, None, 0)["renditions"] == [
        {"name": "half", "width": 641, "height": 360},
        {"name": "quarter", "width": 321, "height": 180},
    ]


async def test_the_title_is_that_of_the_configuration_or_the_name(site: Site) -> None:
    feed = site.gateway._cameras.first
    assert entry_of(feed, "Front door", 0)["title"] == "Front door"
    assert entry_of(feed, None, 0)["title"] == feed.camera


async def test_every_url_has_the_prefix(site: Site) -> None:
    feed = site.gateway._cameras.first
    bare, prefixed = entry_of(feed, None, 0)["urls"], entry_of(feed, None, 0, "/cams")["urls"]
    assert prefixed == {name: f"/cams{url}" for name, url in bare.items()}


async def test_an_age_has_four_decimals(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, captured=1.0, monotonic=1.0)
    age = entry_of(site.gateway._cameras.first, None, 0)["age"]
    assert age > 0
    assert age == round(age, 4)


async def test_the_state_for_ustreamer_is_online_while_idle_and_has_integers(
    site: Site, camera: PublishedCamera
) -> None:
    await camera_is_known(site, camera, state="idle", fps=0.9)
    result = ustreamer_state(site.gateway._cameras.first, 2, 29.97, 85)["result"]
    assert result["encoder"]["quality"] == 85
    assert result["source"]["online"] is True
    assert (result["source"]["desired_fps"], result["source"]["captured_fps"]) == (30, 1)
    assert result["stream"] == {"queued_fps": 1, "clients": 2, "clients_stat": {}}


async def test_an_offline_camera_is_not_online_for_ustreamer(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, state="offline", reason="unplugged")
    assert ustreamer_state(site.gateway._cameras.first, 0, 30, 80)["result"]["source"]["online"] is False
