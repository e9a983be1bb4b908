"""The configuration with which other programs show a camera of framebus, ready to paste. No files, no sockets."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd


@dataclass(frozen=True, slots=True)
class SharedCamera:
    """A camera, as another program reaches it."""

    name: str
    url: str
    """Of the gateway, as the program and its browsers reach it, without a slash at the end."""
    local_url: str
    """The same from this machine."""
    token: str
    """Empty where none is needed."""
    width: int
    height: int
    fps: float

    def stream(self, *, local: bool = False) -> str:
        """The MJPEG stream."""
        return self._at("stream.mjpg", local)

    def snapshot(self, *, local: bool = False) -> str:
        """A still."""
        return self._at("snapshot.jpg", local)

    @property
    def ratio(self) -> str:
        """Such as 16:9."""
        divisor = gcd(self.width, self.height)
        return f"{self.width // divisor}:{self.height // divisor}"

    def _at(self, path: str, local: bool) -> str:
        query = f"?token={self.token}" if self.token else ""
        return f"{self.local_url if local else self.url}/camera/{self.name}/{path}{query}"


TIMES_OF_ARRIVAL = "-use_wallclock_as_timestamps 1"
"""For ffmpeg, which otherwise takes every MJPEG stream for 25 frames per second, too fast or too slow."""


def quoted(text: str) -> str:
    """The text for YAML, which reads an unquoted on, no, null or 1e3 as something else than text."""
    return json.dumps(text)


def octoprint(cameras: Sequence[SharedCamera]) -> str:
    """OctoPrint has one webcam: its bundled plugin Classic Webcam (1.9 and later)."""
    camera = cameras[0]
    ratio = "4:3" if camera.ratio == "4:3" else "16:9"
    return (
        "# OctoPrint: Settings > Classic Webcam, or in ~/.octoprint/config.yaml while OctoPrint does not run:\n"
        "plugins:\n"
        "  classicwebcam:\n"
        f"    stream: {quoted(camera.stream())}\n"
        f"    snapshot: {quoted(camera.snapshot(local=True))}\n"
        f'    streamRatio: "{ratio}"\n'
    )


def moonraker(cameras: Sequence[SharedCamera]) -> str:
    """Moonraker, for Mainsail and Fluidd."""
    text = "# Moonraker (Mainsail, Fluidd): moonraker.conf, then: sudo systemctl restart moonraker\n"
    for camera in cameras:
        text += (
            f"[webcam {camera.name}]\n"
            "location: printer\n"
            "service: mjpegstreamer-adaptive\n"
            f"target_fps: {max(1, round(min(camera.fps, 15)))}\n"
            f"stream_url: {camera.stream()}\n"
            f"snapshot_url: {camera.snapshot(local=True)}\n"
            f"aspect_ratio: {camera.ratio}\n\n"
        )
    return text + (
        "# For updates in the web interface, if framebus is a clone in ~/framebus, installed by `sudo make install`.\n"
        "# Add the line `framebus` to moonraker.asvc, and run `sudo make install` after an update.\n"
        "[update_manager framebus]\n"
        "type: git_repo\n"
        "path: ~/framebus\n"
        "origin: https://github.com/framebus/framebus.git\n"
        "primary_branch: main\n"
        "managed_services: framebus\n"
    )


def homeassistant(cameras: Sequence[SharedCamera]) -> str:
    """Home Assistant: the integration MJPEG IP Camera has no YAML; the platform ffmpeg has."""
    text = "# Home Assistant: Settings > Devices & services > Add integration > MJPEG IP Camera, with\n"
    for camera in cameras:
        text += f"#   Name: {camera.name}\n#   MJPEG URL: {camera.stream()}\n#   Still image URL: {camera.snapshot()}\n"
    text += "# or, through ffmpeg, which takes more of its CPU, in configuration.yaml:\ncamera:\n"
    for camera in cameras:
        text += f"  - platform: ffmpeg\n    name: {quoted(camera.name)}\n    input: {quoted(camera.stream())}\n"
    return text


def frigate(cameras: Sequence[SharedCamera]) -> str:
    """Frigate. Recording needs H.264, which its go2rtc makes."""
    text = (
        "# Frigate: config.yml. Recording takes H.264, which its go2rtc makes.\n"
        "go2rtc:\n"
        "  ffmpeg:\n"
        f'    framebus: "-fflags nobuffer -flags low_delay {TIMES_OF_ARRIVAL} -i {{input}}"\n'
        "  streams:\n"
    )
    for camera in cameras:
        text += f"    {quoted(camera.name)}:\n      - {quoted(f'ffmpeg:{camera.stream()}#input=framebus#video=h264')}\n"
    text += "cameras:\n"
    for camera in cameras:
        text += (
            f"  {quoted(camera.name)}:\n"
            "    ffmpeg:\n"
            "      inputs:\n"
            f'        - path: "rtsp://127.0.0.1:8554/{camera.name}"\n'
            "          input_args: preset-rtsp-restream\n"
            "          roles: [record]\n"
            f"        - path: {quoted(camera.stream())}\n"
            "          input_args: preset-http-mjpeg-generic\n"
            "          roles: [detect]\n"
            "    detect:\n"
            f"      width: {camera.width}\n"
            f"      height: {camera.height}\n"
            "      fps: 5\n"
        )
    return text


def motion(cameras: Sequence[SharedCamera]) -> str:
    """motion, a file for each camera."""
    text = ""
    for number, camera in enumerate(cameras, 1):
        text += (
            f"# motion: /etc/motion/{camera.name}.conf, and in motion.conf: camera /etc/motion/{camera.name}.conf\n"
            f"camera_name {camera.name}\n"
            f"camera_id {number}\n"
            f"netcam_url {camera.stream(local=True)}\n"
            f"width {camera.width}\n"
            f"height {camera.height}\n"
            f"framerate {max(2, round(min(camera.fps, 100)))}\n\n"
        )
    return text.rstrip("\n") + "\n"


MEDIAMTX_EVERY_PATH = ("all", "all_others")
"""Names that stand for every path in mediamtx.yml. As a regular expression, which begins with ~, they are names."""


def mediamtx(cameras: Sequence[SharedCamera]) -> str:
    """MediaMTX: RTSP, HLS and WebRTC for many viewers, encoded while there are viewers."""
    text = "# MediaMTX: mediamtx.yml. It needs ffmpeg, which runs only while there are viewers.\npaths:\n"
    for camera in cameras:
        path = f"~^{camera.name}$" if camera.name in MEDIAMTX_EVERY_PATH else camera.name
        command = (
            f"ffmpeg -loglevel error -fflags nobuffer {TIMES_OF_ARRIVAL} -f mpjpeg -i '{camera.stream(local=True)}' "
            "-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 30 -fps_mode vfr -f rtsp rtsp://127.0.0.1:$RTSP_PORT/$MTX_PATH"
        )
        text += (
            f"  {quoted(path)}:\n"
            f"    runOnDemand: {quoted(command)}\n"
            "    runOnDemandRestart: true\n"
            "    runOnDemandCloseAfter: 10s\n"
        )
    return text


def go2rtc(cameras: Sequence[SharedCamera]) -> str:
    """go2rtc: the stream as it is, and as H.264 for those who need it."""
    text = "# go2rtc: go2rtc.yaml. The second line is H.264 for WebRTC and RTSP, which needs ffmpeg.\nstreams:\n"
    for camera in cameras:
        text += (
            f"  {quoted(camera.name)}:\n"
            f"    - {quoted(camera.stream(local=True))}\n"
            f'    - "ffmpeg:{camera.name}#video=h264"\n'
        )
    return text


INTEGRATIONS: dict[str, Callable[[Sequence[SharedCamera]], str]] = {
    "octoprint": octoprint,
    "moonraker": moonraker,
    "homeassistant": homeassistant,
    "frigate": frigate,
    "motion": motion,
    "mediamtx": mediamtx,
    "go2rtc": go2rtc,
}
