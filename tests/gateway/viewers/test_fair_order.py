"""Whose turn it is among the cameras of a page."""

from collections import Counter

from gateway.viewers.fair_order import OTHERS_EVERY, FairOrder


def order_of(*cameras: str, first: str | None = None) -> FairOrder:
    """The order for these cameras."""
    order = FairOrder()
    order.first = first
    order.watch(cameras)
    return order


def turns(order: FairOrder, count: int, silent: frozenset[str] = frozenset()) -> list[str]:
    """Who gets the next turns, when all but the silent ones have frames."""
    taken = []
    for _ in range(count):
        camera = next(camera for camera in order if camera not in silent)
        order.took(camera)
        taken.append(camera)
    return taken


def test_all_get_equally_many_turns() -> None:
    assert turns(order_of("a", "b", "c"), 7) == ["a", "b", "c", "a", "b", "c", "a"]


def test_a_camera_without_frames_delays_no_other_and_is_next_when_it_has_one() -> None:
    order = order_of("a", "b", "c")
    assert turns(order, 4, frozenset({"a"})) == ["b", "c", "b", "c"]
    assert turns(order, 2) == ["a", "b"]


def test_the_enlarged_camera_goes_first_and_the_others_share_a_part() -> None:
    counted = Counter(turns(order_of("a", "b", "c", first="c"), 4 * 10))
    assert counted["c"] == 40 * (OTHERS_EVERY - 1) / OTHERS_EVERY
    assert counted["a"] == counted["b"] == 5


def test_the_enlarged_camera_takes_no_turn_that_it_does_not_need() -> None:
    assert turns(order_of("a", "b", first="b"), 3, frozenset({"b"})) == ["a", "a", "a"]


def test_an_enlarged_camera_that_is_not_watched_changes_nothing() -> None:
    assert turns(order_of("a", "b", first="z"), 3) == ["a", "b", "a"]


def test_new_cameras_wait_behind_those_that_wait_already() -> None:
    order = order_of("a", "b")
    order.took("a")
    order.watch(["c", "a", "b"])
    assert list(order) == ["b", "a", "c"]
    order.watch(["c"])
    assert list(order) == ["c"]
    order.took("a")
    assert list(order) == ["c"], "it is not watched any more"
