from capture.silence import Silence
from tests.clock import Clock


def test_a_camera_may_be_silent_for_the_patience_and_two_periods() -> None:
    clock = Clock()
    silence = Silence(5, clock)
    clock.seconds += 6.9
    assert silence.exceeded(1) == 0
    clock.seconds += 0.2
    assert silence.exceeded(1) > 7


def test_a_camera_of_a_frame_in_ten_seconds_is_usable_with_a_long_patience() -> None:
    clock = Clock()
    silence = Silence(30, clock)
    for _ in range(10):
        clock.seconds += 10
        assert silence.exceeded(30) == 0
        silence.end(30)


def test_an_idle_period_does_not_count_as_silence_for_a_new_viewer() -> None:
    clock = Clock()
    silence = Silence(5, clock)
    silence.exceeded(0.1)
    clock.seconds += 9
    assert silence.exceeded(30) == 0
    silence.end(0.1)
    clock.seconds += 9
    assert silence.exceeded(30) == 0


def test_viewers_who_come_and_go_do_not_put_off_the_end() -> None:
    clock = Clock()
    silence = Silence(5, clock)
    exceeded = 0.0
    for number in range(100):
        clock.seconds += 1
        exceeded = exceeded or silence.exceeded(1 if number % 2 else 30)
    assert 7 <= exceeded <= 9


def test_what_the_camera_waits_for_gets_its_own_time() -> None:
    clock = Clock()
    silence = Silence(5, clock)
    clock.seconds += 20
    assert silence.exceeded(30, waiting_seconds=30) == 0
    assert silence.exceeded(30) == 20
    clock.seconds += 11
    assert silence.exceeded(30, waiting_seconds=30) == 31
