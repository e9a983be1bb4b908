"""What viewers of nothing but pictures see while a camera is away."""

import asyncio
import io
import random
import struct
import time

import pytest
from PIL import Image, ImageChops, ImageStat

from framebus.protocol.wire import RenditionCounts
from gateway.cameras.feed import Feed
from gateway.delivery.offline_image import DIMMED, MAX_LETTERS, MAX_PIXELS, SIZE_WITHOUT_PICTURE, draw, sentence
from tests.capture.jpegs import after_soi, exif
from tests.gateway.camera import PublishedCamera, claiming, jpeg
from tests.gateway.conftest import Site, camera_is_known, until
from tests.gateway.viewers.test_mjpeg import Stream
from tests.padded_jpeg import GREY, green, padded

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


def test_what_lies_behind_the_edge_of_a_large_picture_is_not_seen() -> None:
    size = (4005, 2261)
    drawn = opened(draw(padded(size, padding=(255, 255, 255)), TEXT))
    right = drawn.crop((drawn.width - 2, 0, drawn.width, 100))
    bottom = drawn.crop((0, drawn.height - 2, 100, drawn.height))
    for edge in (right, bottom):
        assert green(edge)[1] <= GREY * DIMMED + 6


def test_a_picture_that_lies_on_its_side_is_turned_so_that_the_text_can_be_read() -> None:
    assert opened(draw(after_soi(jpeg("red", (64, 48)), exif(6)), TEXT)).size == (48, 64)


@pytest.mark.parametrize("picture", [None, b"", b"\xff\xd8 no picture", jpeg()[:200]])
def test_without_a_picture_that_can_be_read_the_text_stands_alone(picture: bytes | None) -> None:
    assert opened(draw(picture, TEXT)).size in (SIZE_WITHOUT_PICTURE, (64, 48))


def with_app1(block: bytes, picture: bytes) -> bytes:
    """A picture with an APP1 segment of any content."""
    return picture[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + picture[2:]


TIFF = b"Exif\0\0MM\0*\0\0\0\x08"
RATIONAL = struct.pack(">HHHII", 1, 0x9204, 10, 1, 26) + bytes(4) + struct.pack(">ii", -2, 0)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0Exif\0\0",
        b"Exif\0\0",
        TIFF,
        TIFF + b"\0\x01\x01\x12",
        TIFF + struct.pack(">HHHI", 1, 0x0112, 2, 9) + b"\xff" * 4,
        TIFF + struct.pack(">HHHI", 1, 0x0112, 5, 1) + b"\xff" * 4,
        TIFF + RATIONAL,
        TIFF + b"\xff" * 500,
    ],
)
def test_damaged_exif_leaves_a_picture_or_the_card(exif: bytes) -> None:
    assert opened(draw(with_app1(exif, jpeg("red", (64, 48))), TEXT)).size in ((64, 48), (48, 64), SIZE_WITHOUT_PICTURE)


@pytest.mark.slow
def test_no_picture_with_any_damage_is_too_much() -> None:
    chance = random.Random(20261129)
    good = after_soi(jpeg("red", (64, 48)), exif(6))
    for _ in range(500):
        damaged = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(2, 200)] = chance.randrange(256)
        assert opened(draw(bytes(damaged), TEXT, 1)).size > (0, 0)


@pytest.mark.parametrize(
    ("picture", "max_megapixels"),
    [(claiming((40_000, 40_000)), 64), (claiming((65_535, 65_535)), 500), (jpeg("red", (1200, 900)), 1)],
)
def test_a_picture_over_the_limit_is_not_decoded(picture: bytes, max_megapixels: float) -> None:
    assert opened(draw(picture, TEXT, max_megapixels)).size == SIZE_WITHOUT_PICTURE


def test_a_large_picture_is_drawn_at_a_reduced_scale() -> None:
    width, height = opened(draw(jpeg("red", (4000, 3000)), TEXT)).size
    assert MAX_PIXELS * 0.9 < width * height <= MAX_PIXELS
    assert width / height == pytest.approx(4 / 3, rel=0.01)


@pytest.mark.parametrize("since", [1e300, -1e300, -1e18, 1e18, 1e12, float("nan")])
def test_a_time_outside_the_calendar_is_said_to_be_unknown(since: float) -> None:
    assert sentence(since, "unplugged") == "OFFLINE since an unknown time: unplugged"


@pytest.mark.parametrize("text", ["", "\0\n\r\t", "\u202e\ud7ff\uffff\U0001f600", "x" * 160, "一二三"])
def test_any_text_can_be_drawn(text: str) -> None:
    assert opened(draw(None, text)).size == SIZE_WITHOUT_PICTURE


@pytest.fixture
def feed(site: Site) -> Feed:
    return site.gateway._cameras.first


async def shown(camera: PublishedCamera) -> bytes:
    """Publish one picture, as a camera that is well."""
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    picture = jpeg("blue", (320, 240))
    camera.show(picture)
    return picture


@pytest.mark.slow
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
        await until(lambda: feed.live.offline_image is not None and feed.live.offline_image.frame.jpeg == expected)  # noqa: B023
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
    feed.live._unsubscribe()  # as after some seconds without a viewer
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


@pytest.mark.medium
async def test_a_viewer_of_a_rendition_sees_the_offline_image_in_its_size(
    site: Site, camera: PublishedCamera, feed: Feed
) -> None:
    renditions = {"half": RenditionCounts(made=0), "quarter": RenditionCounts(made=0)}
    await camera_is_known(site, camera, width=640, height=480, renditions=renditions)
    stream = await Stream.open(site, "/stream?width=320")
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01half/front\n")
    picture = jpeg("blue", (320, 240))
    camera.show(picture, "half")
    await stream.head()
    assert (await stream.part())[0] == picture
    camera.say("offline", "unplugged", since=1000.0, width=640, height=480, renditions=renditions)
    expected = draw(picture, sentence(1000.0, "unplugged"))
    while (part := (await stream.part())[0]) == picture:
        pass
    assert part == expected
    late = await Stream.open(site, "/stream?width=100")  # of this size there was no frame yet
    await late.head()
    assert (await late.part())[0] == expected
    stream.close()
    late.close()
