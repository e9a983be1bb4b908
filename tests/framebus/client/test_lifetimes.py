"""What a subscriber does to the process around it: garbage, exit, forks, threads, descriptors. In real processes."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.processes import DEADLINE_SECONDS

PREAMBLE = """
import asyncio, gc, logging, multiprocessing, os, pickle, resource, sys, threading, time
import framebus
logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of a busy machine
from framebus import AsyncSubscriber, Subscriber
from framebus.transport.io_threads import IO_THREADS
endpoint = sys.argv[1]
"""

ENDS = {
    "dropped": "Subscriber('front', endpoint=endpoint)",
    "open at exit": "subscriber = Subscriber('front', endpoint=endpoint)",
    "in a cycle": """
        class Viewer:
            def __init__(self):
                self.callback = self.on_frame
                self.subscriber = Subscriber('front', endpoint=endpoint)
            def on_frame(self): ...
        Viewer()
        gc.collect()
        """,
    "in a cycle at exit": """
        gc.disable()
        class Viewer:
            def __init__(self):
                self.callback = self.on_frame
                self.subscriber = Subscriber('front', endpoint=endpoint)
            def on_frame(self): ...
        Viewer()
        """,
    "in the traceback of an error": """
        def look():
            subscriber = Subscriber('front', endpoint=endpoint)
            try:
                subscriber.receive(0.05)
            except TimeoutError as error:
                err = error
        look()
        gc.collect()
        """,
    "a loop without a with block": """
        try:
            for frame in Subscriber('front', endpoint=endpoint, timeout=0.05):
                print(frame.seq)
        except TimeoutError:
            pass
        """,
    "async, open after asyncio.run": """
        async def main():
            global subscriber
            subscriber = AsyncSubscriber('front', endpoint=endpoint)
            try:
                await subscriber.receive(0.05)
            except TimeoutError as error:
                subscriber.error = error
        asyncio.run(main())
        del subscriber
        gc.collect()
        """,
    "async, open at exit": """
        async def main():
            global subscriber
            subscriber = AsyncSubscriber('front', endpoint=endpoint)
        asyncio.run(main())
        """,
    "async, cancelled in its loop": """
        async def watch():
            async for frame in AsyncSubscriber('front', endpoint=endpoint):
                pass
        async def main():
            task = asyncio.create_task(watch())
            await asyncio.sleep(0.05)
            task.cancel()
        asyncio.run(main())
        """,
    "a daemon thread that still receives": """
        def watch():
            for frame in Subscriber('front', endpoint=endpoint):
                pass
        threading.Thread(target=watch, daemon=True).start()
        time.sleep(0.1)
        """,
    "a daemon thread that still waits for a still": """
        threading.Thread(
            target=framebus.request_snapshot, args=('front',), kwargs={'endpoint': endpoint}, daemon=True
        ).start()
        time.sleep(0.1)
        """,
    "with a descriptor, dropped": """
        subscriber = Subscriber('front', endpoint=endpoint)
        subscriber.fileno()
        del subscriber
        """,
    "with a descriptor, open at exit": """
        subscriber = Subscriber('front', endpoint=endpoint, queue=5)
        subscriber.fileno()
        """,
    "with a descriptor, forked": """
        subscriber = Subscriber('front', endpoint=endpoint)
        subscriber.fileno()
        pid = os.fork()
        if pid == 0:
            try:
                subscriber.fileno()
            except framebus.SubscriberError as error:
                assert 'was made in process' in str(error), error
                sys.exit(0)
            os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0
        """,
    "several in one loop, left": """
        front, back = Subscriber('front', endpoint=endpoint), Subscriber('back', endpoint=endpoint)
        try:
            for frame in framebus.newest(front, back, timeout=0.05):
                pass
        except TimeoutError:
            pass
        """,
    "several in one loop, closed by another thread": """
        front, back = Subscriber('front', endpoint=endpoint), Subscriber('back', endpoint=endpoint)
        threading.Timer(0.1, front.close).start()
        threading.Timer(0.2, back.close).start()
        for frame in framebus.newest(front, back):
            pass
        """,
    "several in one loop, async": """
        async def main():
            front, back = AsyncSubscriber('front', endpoint=endpoint), AsyncSubscriber('back', endpoint=endpoint)
            try:
                async for frame in framebus.newest_async(front, back, timeout=0.05):
                    pass
            except TimeoutError:
                pass
            threading.Timer(0.1, front.close).start()
            threading.Timer(0.2, back.close).start()
            async for frame in framebus.newest_async(front, back):
                pass
        asyncio.run(main())
        """,
    "of the status": """
        subscriber = framebus.StatusSubscriber('front', endpoint=endpoint)
        threading.Timer(0.1, subscriber.close).start()
        for status in subscriber:
            pass
        framebus.StatusSubscriber('front', endpoint=endpoint)
        """,
    "of the status, async": """
        async def main():
            global subscriber
            subscriber = framebus.AsyncStatusSubscriber('front', endpoint=endpoint)
            threading.Timer(0.1, subscriber.close).start()
            async for status in subscriber:
                pass
            subscriber = framebus.AsyncStatusSubscriber('front', endpoint=endpoint)
        asyncio.run(main())
        """,
    "a still, async, cancelled": """
        async def main():
            asking = asyncio.create_task(framebus.request_snapshot_async('front', endpoint=endpoint))
            await asyncio.sleep(0.1)
            asking.cancel()
        asyncio.run(main())
        """,
    "closed by another thread": """
        subscriber = Subscriber('front', endpoint=endpoint)
        threading.Timer(0.1, subscriber.close).start()
        for frame in subscriber:
            pass
        """,
    "async, closed by another thread": """
        async def main():
            subscriber = AsyncSubscriber('front', endpoint=endpoint)
            threading.Timer(0.1, subscriber.close).start()
            async for frame in subscriber:
                pass
        asyncio.run(main())
        """,
    "forked": """
        subscriber = Subscriber('front', endpoint=endpoint)
        pid = os.fork()
        if pid == 0:
            try:
                subscriber.receive(600)
            except framebus.SubscriberError as error:
                assert 'was made in process' in str(error), error
            subscriber.close()
            try:
                Subscriber('front', endpoint=endpoint).receive(0.05)
            except TimeoutError:
                sys.exit(7)
            sys.exit(8)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        try:
            subscriber.receive(0.05)
        except TimeoutError:
            pass
        """,
    "async, forked": """
        async def use(subscriber):
            await subscriber.receive(600)
        subscriber = AsyncSubscriber('front', endpoint=endpoint)
        pid = os.fork()
        if pid == 0:
            try:
                asyncio.run(use(subscriber))
            except framebus.SubscriberError as error:
                sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        """,
    "two threads at once": """
        subscriber = Subscriber('front', endpoint=endpoint)
        errors = []
        def receive():
            try:
                subscriber.receive(0.5)
            except (framebus.SubscriberError, TimeoutError) as error:
                errors.append(type(error).__name__)
        threads = [threading.Thread(target=receive) for _ in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert sorted(errors) == ['ReplyTimeoutError', 'SubscriberError', 'SubscriberError'], errors
        """,
    "two event loops": """
        subscriber = AsyncSubscriber('front', endpoint=endpoint)
        async def receive():
            try:
                await subscriber.receive(0.05)
            except TimeoutError:
                pass
        asyncio.run(receive())
        try:
            asyncio.run(receive())
        except framebus.SubscriberError:
            pass
        else:
            raise AssertionError
        """,
    "too many of them": """
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
        subscribers = []
        try:
            while True:
                subscribers.append(Subscriber('front', endpoint=endpoint))
        except framebus.ResourceError as error:
            assert 'file descriptors' in str(error)
        assert len(subscribers) > 40, len(subscribers)
        try:
            framebus.request_snapshot('front', endpoint=endpoint)
        except framebus.ResourceError:
            pass
        subscribers.clear()
        Subscriber('front', endpoint=endpoint)
        """,
    "more than the sockets of a context": """
        from framebus.transport import process_context
        process_context.MAX_SOCKETS = 40
        subscribers = []
        try:
            while True:
                subscribers.append(Subscriber('front', endpoint=endpoint))
        except framebus.ResourceError:
            pass
        assert 10 <= len(subscribers) <= 13, len(subscribers)
        try:
            framebus.request_snapshot('front', endpoint=endpoint)
        except framebus.ResourceError:
            pass
        """,
    "async, too many of them": """
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
        async def main():
            asyncio.get_running_loop().slow_callback_duration = 60
            subscribers = []
            try:
                while True:
                    subscribers.append(AsyncSubscriber('front', endpoint=endpoint))
            except framebus.ResourceError:
                pass
        asyncio.run(main())
        """,
    "many, one after another": """
        before = len(os.listdir('/proc/self/fd'))
        for _ in range(300):
            try:
                next(iter(Subscriber('front', endpoint=endpoint, timeout=0)))
            except TimeoutError:
                pass
        gc.collect()
        deadline = time.monotonic() + 10
        while len(os.listdir('/proc/self/fd')) > before + 12 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(os.listdir('/proc/self/fd')) <= before + 12
        assert len(os.listdir('/proc/self/task')) <= 2 + IO_THREADS  # Python's own, and libzmq's
        """,
}


@pytest.mark.slow
@pytest.mark.parametrize("script", ENDS.values(), ids=ENDS)
def test_the_process_ends_without_a_hang_an_abort_or_a_warning(script: str, endpoint: str, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(PREAMBLE + textwrap.dedent(script))
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", file, endpoint],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


SPAWNED = """
import multiprocessing, sys
from framebus import AsyncSubscriber, Subscriber
from framebus.transport.io_threads import IO_THREADS

def look(subscriber, results):
    results.put(subscriber.receive(10).seq)

async def receive(subscriber):
    return (await subscriber.receive(10)).seq

def look_in_a_loop(subscriber, results):
    import asyncio
    results.put(asyncio.run(receive(subscriber)))

if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    kind, target = {"sync": (Subscriber, look), "async": (AsyncSubscriber, look_in_a_loop)}[sys.argv[2]]
    subscriber = kind("front", endpoint=sys.argv[1], max_age=5)
    process = spawn.Process(target=target, args=(subscriber, results))
    process.start()
    print(results.get(timeout=12))
    process.join()
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_pickled_subscriber_connects_in_the_other_process(kind: str, tmp_path: Path, run_dir: Path) -> None:
    from tests.framebus.publisher import Publisher

    file = tmp_path / "program.py"
    file.write_text(SPAWNED)
    publisher = Publisher(f"ipc://{run_dir}/front.frames")
    with subprocess.Popen(
        [sys.executable, "-W", "error", file, f"ipc://{run_dir}/front.frames", kind], stdout=subprocess.PIPE, text=True
    ) as process:
        assert publisher.subscription() == publisher.subscription() == b"\x01live/front\n"  # the parent's, the child's
        publisher.send(7)
        output, _ = process.communicate(timeout=DEADLINE_SECONDS)
    publisher.close()
    assert (process.returncode, output) == (0, "7\n")
