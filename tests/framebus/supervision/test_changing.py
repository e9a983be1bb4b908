"""A change of the processes, with processes of supervisord that end when the test says so."""

from types import SimpleNamespace
from typing import Any

from supervisor.states import ProcessStates

from framebus.supervision.changing import GRACE_SECONDS, Changing

STOPWAIT_SECONDS = 3


class Process:
    """What Changing uses of supervisord's Subprocess, as no real process can be made that cannot be killed."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.state: int = ProcessStates.RUNNING

    def get_state(self) -> int:
        return self.state

    def stop(self) -> None:
        self.state = ProcessStates.STOPPING

    def end(self) -> None:
        self.state = ProcessStates.STOPPED


class Machine:
    """A group of processes, and a clock."""

    def __init__(self, *names: str) -> None:
        self.seconds = 100.0
        self.group = SimpleNamespace(processes={}, config=SimpleNamespace(process_configs=[]))
        for name, config in self.configs(*names).items():
            self.group.processes[name] = Process(config)

    def configs(self, *names: str) -> dict[str, Any]:
        return {
            name: SimpleNamespace(
                name=name,
                stopwaitsecs=STOPWAIT_SECONDS,
                create_autochildlogs=lambda: None,
                make_process=self.make(name),
            )
            for name in names
        }

    def make(self, name: str) -> Any:
        return lambda _group: Process(self.configs(name)[name])

    def change(self, names: str, stop: str, start: str, stuck: list[str]) -> Changing:
        return Changing(
            self.group, self.configs(*names), list(stop), list(start), stuck=stuck, now=lambda: self.seconds
        )

    @property
    def running(self) -> str:
        processes = self.group.processes
        return "".join(sorted(name for name in processes if processes[name].state == ProcessStates.RUNNING))


def test_none_starts_before_all_have_ended() -> None:
    machine = Machine(*"abc")
    changing = machine.change("bcd", stop="ab", start="bd", stuck=[])
    assert not changing.step()
    machine.group.processes["a"].end()
    assert not changing.step()
    assert machine.running == "c"
    machine.group.processes["b"].end()
    assert changing.step()
    assert (machine.running, changing.stuck) == ("bcd", [])
    assert [config.name for config in machine.group.config.process_configs] == ["b", "c", "d"]


def stuck_machine() -> tuple[Machine, Changing]:
    """Programs a and b restart, and a does not end."""
    machine = Machine(*"abc")
    changing = machine.change("abcd", stop="ab", start="abd", stuck=[])
    machine.seconds += STOPWAIT_SECONDS + GRACE_SECONDS - 0.1
    assert not changing.step()
    machine.group.processes["b"].end()
    assert not changing.step()
    assert machine.running == "c"
    machine.seconds += 0.1
    assert changing.step()
    return machine, changing


def test_a_process_that_does_not_end_holds_up_the_others_for_a_while() -> None:
    machine, changing = stuck_machine()
    assert (machine.running, changing.stuck) == ("bcd", ["a"])
    others = {name: machine.group.processes[name] for name in "bcd"}
    assert changing.step()
    machine.group.processes["a"].end()
    assert changing.step()
    assert (machine.running, changing.stuck) == ("abcd", [])
    assert {name: machine.group.processes[name] for name in "bcd"} == others, "they start once"


def test_the_next_change_takes_over_what_does_not_end_and_does_not_wait_for_it() -> None:
    machine, changing = stuck_machine()
    following = machine.change("acd", stop="b", start="", stuck=changing.stuck)
    assert not following.step()
    machine.group.processes["b"].end()
    assert following.step()
    assert (machine.running, following.stuck) == ("cd", ["a"])
    machine.group.processes["a"].end()
    assert following.step()
    assert (machine.running, following.stuck) == ("acd", [])


def test_what_does_not_end_and_was_removed_meanwhile_does_not_start() -> None:
    machine, changing = stuck_machine()
    following = machine.change("bcd", stop="a", start="", stuck=changing.stuck)
    assert following.step()
    machine.group.processes["a"].end()
    assert following.step()
    assert (machine.running, following.stuck) == ("bcd", [])
    assert "a" not in machine.group.processes


def test_what_does_not_end_and_was_removed_starts_when_it_is_added_again() -> None:
    machine = Machine(*"ab")
    changing = machine.change("b", stop="a", start="", stuck=[])
    machine.seconds += STOPWAIT_SECONDS + GRACE_SECONDS
    assert changing.step()
    following = machine.change("ab", stop="", start="a", stuck=changing.stuck)
    assert following.step()
    machine.group.processes["a"].end()
    assert following.step()
    assert (machine.running, following.stuck) == ("ab", [])
