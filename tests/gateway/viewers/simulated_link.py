"""A page behind a link of a given rate, in simulated time: what the modules without sockets decide together."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from gateway.viewers.fair_order import FairOrder
from gateway.viewers.link_adaptation import TICK_SECONDS, LinkAdaptation
from gateway.viewers.link_budget import LinkBudget

STEP_SECONDS = 0.001


@dataclass
class SimulatedCamera:
    """A camera with frames of one size for each level."""

    name: str = "front"
    sizes: tuple[int, ...] = (162_000, 18_000, 5_000)
    fps: tuple[float, ...] = (30.0, 15.0, 15.0)
    shown: int = -1
    unacknowledged: set[int] = field(default_factory=set)

    def newest(self, level: int, now: float) -> int:
        """The number of the newest frame, which is the millisecond at which it was taken."""
        every = 1 / self.fps[level]
        return round(now // every * every * 1000)


@dataclass
class Drawn:
    """A frame that the page has drawn."""

    camera: str
    level: int
    at: float
    age: float


class SimulatedPage:
    """A page with some cameras behind a link; `rate` gives its bytes per second at a time."""

    def __init__(
        self,
        rate: Callable[[float], float],
        cameras: list[SimulatedCamera] | None = None,
        delay_seconds: float = 0.01,
        draw_seconds: float = 0.005,
        adapts: bool = True,
    ) -> None:
        self.now = 0.0
        self.rate = rate
        self.cameras = {camera.name: camera for camera in cameras or [SimulatedCamera()]}
        self.budget = LinkBudget()
        self.order = FairOrder()
        self.order.watch(self.cameras)
        self.adaptation = LinkAdaptation(self.budget)
        self.drawn: list[Drawn] = []
        self.switches: list[tuple[float, str, int]] = []
        self.most_in_flight = 0
        self._adapts = adapts
        self._delay = delay_seconds
        self._draw = draw_seconds
        self._queue: deque[list[float | str | int]] = deque()
        self._events: list[tuple[float, Callable[[], None]]] = []
        self._next_tick = TICK_SECONDS
        for name in self.cameras:
            self.adaptation.watch(name, 0)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end:
            self._step()

    def since(self, at: float, camera: str | None = None) -> list[Drawn]:
        """What was drawn since then."""
        return [drawn for drawn in self.drawn if drawn.at >= at and camera in (None, drawn.camera)]

    def fps(self, seconds: float) -> float:
        """Frames drawn per second over the last seconds."""
        return len(self.since(self.now - seconds)) / seconds

    def ages(self, seconds: float) -> list[float]:
        """Their ages, sorted."""
        return sorted(drawn.age for drawn in self.since(self.now - seconds))

    def _step(self) -> None:
        self.now += STEP_SECONDS
        due = [event for event in self._events if event[0] <= self.now]
        self._events = [event for event in self._events if event[0] > self.now]
        for _, act in due:
            act()
        self._transmit(self.rate(self.now) * STEP_SECONDS)
        if self.now >= self._next_tick:
            self._next_tick += TICK_SECONDS
            self._tick()
        if self.budget.is_ping_due(self.now):
            self.budget.pinged(self.now)
            self._queue.append([10.0, "", 0, 0])
        self._send()

    def _send(self) -> None:
        sent = True
        while sent:
            sent = False
            for name in self.order:
                camera, level = self.cameras[name], self.adaptation.level(name)
                seq = camera.newest(level, self.now)
                if seq <= camera.shown or len(camera.unacknowledged) >= self.budget.window:
                    continue
                if not self.budget.has_room(camera.sizes[level], self.now):
                    break
                camera.shown = seq
                camera.unacknowledged.add(seq)
                self.budget.sent(name, seq, camera.sizes[level], self.now)
                self.most_in_flight = max(self.most_in_flight, self.budget.in_flight_bytes)
                self._queue.append([float(camera.sizes[level]), name, level, seq])
                self.order.took(name)
                sent = True
                break

    def _transmit(self, size: float) -> None:
        while self._queue and size > 0:
            left = float(self._queue[0][0])
            if left > size:
                self._queue[0][0] = left - size
                return
            size -= left
            _, name, level, seq = self._queue.popleft()
            self._after(self._delay / 2, partial(self._arrive, str(name), int(level), int(seq)))

    def _arrive(self, name: str, level: int, seq: int) -> None:
        if not name:
            self._after(self._delay / 2, lambda: self.budget.ponged(self.now))
            return
        self._after(self._draw, lambda: self._show(name, level, seq))

    def _show(self, name: str, level: int, seq: int) -> None:
        self.drawn.append(Drawn(name, level, self.now, self.now - seq / 1000))
        self._after(self._delay / 2, lambda: self._acknowledge(name, level, seq))

    def _acknowledge(self, name: str, level: int, seq: int) -> None:
        camera = self.cameras[name]
        camera.unacknowledged.discard(seq)
        self.budget.acknowledged(name, seq, self.now)
        self.adaptation.drawn(name, level, camera.sizes[level])

    def _tick(self) -> None:
        offered = {name: camera.fps[self.adaptation.level(name)] for name, camera in self.cameras.items()}
        if not self._adapts:
            return
        for name in self.adaptation.tick(offered, self.now):
            self.switches.append((self.now, name, self.adaptation.level(name)))

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._events.append((self.now + seconds, act))
