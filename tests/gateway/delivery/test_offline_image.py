"""What viewers of nothing but pictures see while a camera is away."""

import asyncio
import io
import time

import pytest
from PIL import Image, ImageChops, ImageStat

from gateway.cameras.feed import Feed
from gateway.delivery.offline_image import MAX_LETTERS, SIZE_WITHOUT_PICTURE, draw, sentence
from tests.capture.jpegs import after_soi, exif
from tests.gateway.camera import PublishedCamera, jpeg
from tests.gateway.conftest import Site, until
from tests.gateway.viewers.test_mjpeg import Stream

TEXT = "OFFLINE since 12:03:10: unplugged"


def opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture)).convert("RGB")


def test_the_sentence_says_since_when_and_why() -> None:
    since = time.mktime((2026, 11, 21, 12, 3, 10, 0, 0, -1))
    assert sentence(since, "unplugged") == TEXT
    assert len(sentence(since, "x" * 1000)) == MAX_LETTERS


def test_the_last_picture_is_dimmed_and_the_text_stands_in_it() -> None:
    before = jpeg("white", (640, 360))
    after = opened(draw(before, TEXT))
    assert after.size == (640, 360)
    assert max(ImageStat.Stat(after.crop((0, 0, 640, 40))).mean) < 120, "the place is dimmed"
    red, green, _ = ImageStat.Stat(after.crop((100, 170, 540, 190))).mean
    assert red > green + 30, "the text stands on red"
    other = opened(draw(before, "OFFLINE since 12:03:10: the network is gone"))
    assert ImageChops.difference(after, other).getbbox() is not None


@pytest.mark.parametrize("size", [(16, 16), (64, 48), (4096, 64), (48, 2000)])
def test_any_size_of_picture_takes_a_text_of_any_length(size: tuple[int, int]) -> None:
    assert opened(draw(jpeg("red", size), sentence(0, "word " * 60))).size == size


def test_a_picture_that_lies_on_its_side_is_turned_so_that_the_text_can_be_read() -> None:
    assert opened(draw(after_soi(jpeg("red", (64, 48)), exif(6)), TEXT)).size == (48, 64)


@pytest.mark.parametrize("picture", [None, b"", b"\xff\xd8 no picture", jpeg()[:200]])
def test_without_a_picture_that_can_be_read_the_text_stands_alone(picture: bytes | None) -> None:
    assert opened(draw(picture, TEXT)).size in (SIZE_WITHOUT_PICTURE, (64, 48))


@pytest.fixture
def feed(site: Site) -> Feed:
    return site.gateway._cameras.first


async def shown(camera: PublishedCamera) -> bytes:
    """Publish one picture, as a camera that is well."""
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    picture = jpeg("blue", (320, 240))
    camera.show(picture)
    return picture


async def test_a_viewer_stays_and_is_told_and_sees_the_camera_again(site: Site, camera: PublishedCamera) -> None:
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say()
    stream = await Stream.open(site)
    picture = await shown(camera)
    await stream.head()
    assert (await stream.part())[0] == picture
    camera.say("offline", "unplugged", since=1000.0)
    while (offline_image := (await stream.part())[0]) == picture:
        pass
    assert offline_image == draw(picture, sentence(1000.0, "unplugged"))
    assert (await stream.part())[0] == offline_image, "said again, a second later"
    back = jpeg("green", (320, 240))
    camera.say()
    camera.show(back)
    while (part := (await stream.part())[0]) == offline_image:
        pass
    assert part == back
    stream.close()


async def test_another_reason_is_said_at_once(site: Site, camera: PublishedCamera, feed: Feed) -> None:
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    stream = await Stream.open(site)
    await shown(camera)
    await stream.head()
    for reason in ("unplugged", "busy"):
        camera.say("offline", reason, since=1000.0)
        expected = draw(jpeg("blue", (320, 240)), sentence(1000.0, reason))
        await until(lambda: feed.offline_image is not None and feed.offline_image.frame.jpeg == expected)  # noqa: B023
    stream.close()


async def test_who_comes_while_the_camera_is_away_is_told_as_well(
    site: Site, camera: PublishedCamera, feed: Feed
) -> None:
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    first = await Stream.open(site)
    picture = await shown(camera)
    await first.head()
    await first.part()
    first.close()
    await until(lambda: feed.viewers == 0)
    feed._sleep()  # as after some seconds without a viewer
    camera.say("offline", "unplugged", since=1000.0)
    await until(lambda: feed.status.state == "offline")
    second = await Stream.open(site)
    await second.head()
    assert (await second.part())[0] == draw(picture, sentence(1000.0, "unplugged"))
    second.close()


async def test_a_camera_that_never_gave_a_picture_is_refused(site: Site, camera: PublishedCamera) -> None:
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say("offline", "unplugged")
    await until(lambda: site.gateway._cameras.first.status.state == "offline")
    answer = await site.get("/stream")
    assert (answer.code, answer.body) == (503, b"503: camera front has no picture: unplugged\n")
