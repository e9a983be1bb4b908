import select

from capture.change_signal import ChangeSignal


def readable(signal: ChangeSignal) -> bool:
    return bool(select.select([signal], [], [], 0)[0])


def test_it_is_readable_from_a_change_until_it_is_cleared() -> None:
    signal = ChangeSignal()
    assert not readable(signal)
    signal.notify()
    signal.notify()
    assert readable(signal)
    signal.clear()
    assert not readable(signal)


def test_clearing_without_a_change_does_nothing() -> None:
    signal = ChangeSignal()
    signal.clear()
    assert not readable(signal)
    signal.notify()
    assert readable(signal)
