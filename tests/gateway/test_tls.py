"""The application behind TLS, as a gateway with a certificate would serve it."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import zmq
from tornado.httpserver import HTTPServer

from framebus.config import Config
from framebus.losses import Losses
from framebus.run_dir import snapshot_endpoint
from gateway.access.access import Access
from gateway.cameras import Cameras
from gateway.connections import Connections
from gateway.mjpeg import BOUNDARY_LINE, part
from gateway.routes import application
from gateway.server import listen, logger
from gateway.stills import Stills
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import until
from tests.programs import need


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that it signed itself."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [need("openssl"), "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run([*command, "-subj", "/CN=localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


async def test_a_stream_goes_through_tls(config: Config, camera: PublishedCamera, tmp_path: Path) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    cameras = Cameras(config, context)
    stills = Stills(snapshot_endpoint(config), context)
    server = HTTPServer(
        application(config, cameras, stills, Losses(logger), Connections(10, 10), Access(config, Losses(logger))),
        ssl_options=certificate(tmp_path),
    )
    server.add_socket(listen(config.gateway.listen))
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    trusting.check_hostname = False
    address = config.gateway.listen
    reader, writer = await asyncio.open_connection(address.host, address.port, ssl=trusting, limit=1 << 22)
    writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(jpeg())
    async with asyncio.timeout(10):
        await reader.readuntil(BOUNDARY_LINE)
        for picture in (jpeg(), padded(jpeg("blue", (1600, 1200)), 1_000_000)):
            header = camera.show(picture)
            await reader.readuntil(part(picture, header.captured))
    assert cameras.viewers == 1
    writer.close()
    await until(lambda: not cameras.viewers)
    server.stop()
    cameras.close()
    stills.close()
    await server.close_all_connections()
    context.destroy()
