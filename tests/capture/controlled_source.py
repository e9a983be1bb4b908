"""A camera with controls, which remembers what it was told, and may refuse or be gone."""

from typing import Any

from capture.source import SourceError
from framebus.protocol.controls import Control, ControlError, Value
from tests.capture.fake_source import ScriptedSource, Step


class ControlledSource(ScriptedSource):
    """brightness, gain with its automatic, and one that can only be read."""

    def __init__(self, *script: Step, **options: Any) -> None:
        super().__init__(*script, **options)
        self.values: dict[str, Value] = {"brightness": 0, "auto_exposure": True, "gain": 1.0, "lux": 5.0}
        self.told: list[dict[str, Value]] = []
        self.refusing: set[str] = set()
        self.is_gone = False

    def controls(self) -> list[Control]:
        if self.is_gone:
            raise SourceError("scripted: gone")
        automatic = self.values["auto_exposure"] is True
        return [
            Control(name="brightness", type="int", value=self.values["brightness"], default=0, min=-10, max=10),
            Control(name="auto_exposure", type="bool", value=automatic, default=True),
            Control(
                name="gain", type="float", value=self.values["gain"], default=1.0, min=1, max=8, inactive=automatic
            ),
            Control(name="lux", type="float", value=5.0, read_only=True),
        ]

    def set_controls(self, values: dict[str, Value]) -> None:
        refused = self.refusing & set(values)
        if refused:
            raise ControlError("refused", f"{min(refused)}: the camera refuses it")
        self.told.append(dict(values))
        self.values.update(values)
