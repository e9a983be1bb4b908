"""Renditions of a real capture through real gateways: one encode serves all, and tcp carries the small frames."""

import asyncio
import json
from contextlib import AsyncExitStack

from framebus.config.load import Config
from tests.conftest import Configure, Start
from tests.gateway.conftest import Site, serving, until
from tests.gateway.viewers.test_mjpeg import Stream
from tests.ports import free_ports

FRONT = '[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 10\nrendition_fps = 10\n'


async def widths(site: Site, query: str, count: int) -> list[int]:
    """The width of each part of some streams, from the frame header of the JPEG."""
    found = []
    for _ in range(count):
        stream = await Stream.open(site, f"/stream?{query}")
        await stream.head()
        picture, _ = await stream.part()
        at = picture.index(b"\xff\xc0")
        found.append(int.from_bytes(picture[at + 7 : at + 9]))
        stream.close()
    return found


async def knows_its_size(site: Site) -> None:
    await until(lambda: site.gateway._cameras.first.size[0])


async def test_the_viewers_of_two_gateways_share_one_encode(configure: Configure, start: Start) -> None:
    config: Config = configure(FRONT, gateway="workers = 2")
    start("capture", "front", config=config)
    async with AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(serving(config, worker)) for worker in (0, 1)]
        streams = []
        for site in sites:
            await knows_its_size(site)
            for _ in range(5):
                streams.append(await Stream.open(site, "/stream?width=160"))
                await streams[-1].head()
        feed = sites[0].gateway._cameras.first

        def made() -> int:
            renditions = feed.status.renditions
            assert isinstance(renditions, dict)
            return renditions["half"].made

        await until(lambda: made() > 3)
        first, first_seq = made(), feed.status.seq
        await until(lambda: made() > first + 15)
        assert made() - first <= feed.status.seq - first_seq + 1

        def both_have_sent() -> bool:
            stats = sites[1].gateway._cameras.workers.all_stats().values()
            of_half = [each.cameras["front"].renditions["half"] for each in stats if each.cameras["front"].renditions]
            assert sum(each.viewers for each in of_half) == 10  # the kernel deals them to the workers as it likes
            return all(each.sent > each.viewers for each in of_half if each.viewers)

        await until(both_have_sent)
        for stream in streams:
            stream.close()


async def test_of_another_machine_the_small_frames_cross_the_network(configure: Configure, start: Start) -> None:
    (port,) = free_ports(1)
    there: Config = configure(f'{FRONT}publish = "tcp://127.0.0.1:{port}"\n')
    capture = start("capture", "front", config=there)
    await asyncio.to_thread(capture.wait_for, "publishes")
    here = configure(f'[camera.front]\nconnect = "tcp://127.0.0.1:{port}"\n')
    async with serving(here) as site:
        await knows_its_size(site)
        assert await widths(site, "width=80", 3) == [80] * 3
        feed = site.gateway._cameras.first
        assert [name for name, stream in feed.streams.items() if stream.encoded] == ["quarter"]
        entry = json.loads((await site.get("/api/cameras")).body)["cameras"][0]
        assert [each["width"] for each in entry["renditions"]] == [160, 80]


async def test_after_a_restart_of_capture_viewers_go_on_in_their_size(configure: Configure, start: Start) -> None:
    config: Config = configure(FRONT)
    capture = start("capture", "front", config=config)
    async with serving(config) as site:
        await knows_its_size(site)
        stream = await Stream.open(site, "/stream?width=160")
        await stream.head()
        await stream.part()
        epoch = site.gateway._cameras.first.status.epoch
        await asyncio.to_thread(capture.terminate)
        start("capture", "front", config=config)
        half = site.gateway._cameras.first.streams["half"]
        await until(lambda: half.encoded is not None and half.encoded.frame.header.epoch != epoch)
        assert half.encoded is not None
        assert half.encoded.frame.header.width == 160
        stream.close()
