"""Answers control requests of one camera, and sets stored values again at each opening.

Values that were set outlive the process, in a file; they take precedence over those of the configuration.
capture.reader owns the thread, capture.server the sockets.
"""

import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec

from capture.source import Source
from framebus.protocol.controls import ControlError, ControlsHeader, ControlsRequest, Value, checked, named
from framebus.protocol.wire import MAX_REQUEST_BYTES, VERSION, ErrorHeader, WireError, decode, pack
from framebus.runtime.atomic_write import PRIVATE, write_atomically

logger = logging.getLogger("capture")

SWITCHES = ("bool", "menu")
"""Types of the controls that decide whether others have an effect: set first."""


class ControlService:
    """Answers requests with the open camera, and restores what was set before. One thread calls it."""

    def __init__(self, camera: str, configured: dict[str, Value], file: Path) -> None:
        """Read what was set before.

        Args:
            camera: its name in the configuration.
            configured: the values of the configuration.
            file: where the values are kept that are set.
        """
        self._camera = camera
        self._configured = configured
        self._file = file
        self._set = self._saved()
        self._complaints: set[str] = set()

    def answer(self, request: bytes, source: Source) -> bytes:
        """Answer a request.

        Args:
            request: its JSON.
            source: the open camera.

        Returns:
            The reply, a complete message.

        Raises:
            SourceError: the camera is gone.
        """
        try:
            if len(request) > MAX_REQUEST_BYTES:
                raise WireError(f"request of {len(request)} bytes, allowed: at most {MAX_REQUEST_BYTES}")
            asked = decode(request, ControlsRequest)
            if asked.reset:
                self._reset(source, asked)
            if asked.set:
                values = checked(source.controls(), asked.set)
                source.set_controls(values)
                self._keep({**self._set, **values})
            return pack(
                "controls", self._camera, ControlsHeader(v=VERSION, camera=self._camera, controls=source.controls())
            )
        except WireError as error:
            return self.refusal("bad-request", str(error))
        except ControlError as error:
            return self.refusal(error.code, str(error))

    def refusal(self, code: str, message: str) -> bytes:
        """The reply to a request that cannot be served."""
        return pack("error", self._camera, ErrorHeader(v=VERSION, code=code, message=message))

    def restore(self, source: Source) -> None:
        """Set what the configuration says and what was set, as far as this camera has it.

        Args:
            source: the open camera.

        Raises:
            SourceError: the camera is gone.
        """
        wanted = {**self._configured, **self._set}
        if not wanted:
            return
        controls = source.controls()
        values = {}
        for name, value in wanted.items():
            try:
                values[name] = named(controls, name).check(value)
            except ControlError as error:
                self._complain(str(error))
        self._apply(source, values)

    def _reset(self, source: Source, asked: ControlsRequest) -> None:
        controls = source.controls()
        settable = [control.name for control in controls if not control.read_only]
        names = settable if asked.reset == "all" else asked.reset
        values = {}
        for control in [named(controls, name) for name in names]:
            value = self._configured.get(control.name, control.default)
            if control.read_only or value is not None:
                values[control.name] = control.check(value)
        self._apply(source, values)
        forgotten = set(self._set) if asked.reset == "all" else set(names)
        self._keep({name: value for name, value in self._set.items() if name not in forgotten})

    def _apply(self, source: Source, values: dict[str, Value]) -> None:
        """Set the switches, and then what has an effect with them."""
        self._set_each(source, values, [control.name for control in source.controls() if control.type in SWITCHES])
        rest = [control for control in source.controls() if control.type not in SWITCHES and not control.inactive]
        self._set_each(source, values, [control.name for control in rest])

    def _set_each(self, source: Source, values: dict[str, Value], names: Iterable[str]) -> None:
        for name in names:
            if name in values:
                try:
                    source.set_controls({name: values[name]})
                except ControlError as error:
                    self._complain(str(error))

    def _complain(self, text: str) -> None:
        """Once for each camera and mistake, not at each opening."""
        if text not in self._complaints:
            self._complaints.add(text)
            logger.warning("camera %s: a control stays as it is: %s", self._camera, text)

    def _saved(self) -> dict[str, Value]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, Value])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            logger.warning("camera %s: the controls kept in %s cannot be read: %s", self._camera, self._file, error)
            return {}

    def _keep(self, values: dict[str, Value]) -> None:
        self._set = values
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self._file, msgspec.json.encode(values), PRIVATE, lasting=True)
        except OSError as error:
            logger.warning("camera %s: its controls cannot be kept in %s: %s", self._camera, self._file, error.strerror)


def file_of(state_dir: Path, camera: str) -> Path:
    """Where the controls of a camera are kept."""
    return state_dir / f"{camera}.controls.json"
