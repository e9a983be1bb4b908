"""A helper: a relay that takes a megabyte before it waits, as proxies and slow links with large buffers do.

It prints its port as JSON, and serves until its input ends.
"""

import asyncio
import json
import sys

BUFFER_BYTES = 1_000_000
CHUNK_BYTES = 64 * 1024


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass everything on until either end closes."""
    writer.transport.set_write_buffer_limits(BUFFER_BYTES, BUFFER_BYTES // 2)
    try:
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(host: str, target_port: int) -> None:
    """Relay connections to a port of the same host."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(host, target_port)
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

    server = await asyncio.start_server(relay, host, 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    asyncio.run(serve(settings["host"], settings["port"]))
