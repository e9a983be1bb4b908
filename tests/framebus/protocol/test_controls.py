import math
import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.protocol.controls import Control, ControlError, ControlsRequest, Value, checked, named, shown
from framebus.protocol.wire import WireError, decode

WHOLE = Control(name="brightness", type="int", min=-64, max=64, step=1)
STEPPED = Control(name="contrast", type="int", min=0, max=95, step=5)
NUMBER = Control(name="gain", type="float", min=1, max=16, unit="dB")
FREE = Control(name="lux", type="float")
SWITCH = Control(name="auto_focus", type="bool")
MENU = Control(name="power", type="menu", menu={"0": "Disabled", "1": "50 Hz", "3": "Auto"})
TEXT = Control(name="label", type="text", max=5)
LIST = Control(name="ColourGains", type="list", length=2, min=0, max=32)
FIXED = Control(name="privacy", type="bool", read_only=True)


@pytest.mark.parametrize(
    ("control", "value", "taken"),
    [
        (WHOLE, -64, -64),
        (STEPPED, 33, 35),
        (NUMBER, 2, 2.0),
        (NUMBER, 15.5, 15.5),
        (FREE, -1e9, -1e9),
        (SWITCH, True, True),
        (MENU, 3, 3),
        (MENU, "50 Hz", 1),
        (MENU, "disabled", 0),
        (TEXT, "abcde", "abcde"),
        (LIST, [1, 2.5], [1.0, 2.5]),
    ],
)
def test_a_value_that_is_allowed_is_taken(control: Control, value: Any, taken: Value) -> None:
    found = control.check(value)
    assert (found, type(found)) == (taken, type(taken))


@pytest.mark.parametrize(
    ("control", "value", "code", "sentence"),
    [
        (WHOLE, 65, "out-of-range", "brightness: found 65; allowed: a whole number from -64 to 64"),
        (WHOLE, 1.5, "wrong-type", "brightness: found 1.5; allowed: a whole number from -64 to 64"),
        (WHOLE, True, "wrong-type", "brightness: found true; allowed: a whole number from -64 to 64"),
        (STEPPED, "x", "wrong-type", 'contrast: found "x"; allowed: a whole number from 0 to 95 in steps of 5'),
        (NUMBER, 0.5, "out-of-range", "gain: found 0.5; allowed: a number from 1 to 16 dB"),
        (NUMBER, math.nan, "out-of-range", "gain: found null; allowed: a number from 1 to 16 dB"),
        (FREE, 10**400, "out-of-range", f"lux: found {str(10**400)[:80]}…; allowed: a number"),
        (FREE, None, "wrong-type", "lux: found null; allowed: a number"),
        (SWITCH, 1, "wrong-type", "auto_focus: found 1; allowed: true or false"),
        (MENU, 2, "out-of-range", "power: found 2; allowed: 0 (Disabled), 1 (50 Hz), 3 (Auto)"),
        (MENU, "60 Hz", "out-of-range", 'power: found "60 Hz"; allowed: 0 (Disabled), 1 (50 Hz), 3 (Auto)'),
        (MENU, True, "wrong-type", "power: found true; allowed: 0 (Disabled), 1 (50 Hz), 3 (Auto)"),
        (TEXT, "abcdef", "wrong-type", 'label: found "abcdef"; allowed: a text of at most 5 characters'),
        (LIST, [1], "wrong-type", "ColourGains: found [1]; allowed: 2 numbers, each from 0 to 32"),
        (LIST, [1, 33], "out-of-range", "ColourGains: found 33; allowed: 2 numbers, each from 0 to 32"),
        (LIST, [1, "x"], "wrong-type", 'ColourGains: found "x"; allowed: 2 numbers, each from 0 to 32'),
        (LIST, {"a": 1}, "wrong-type", "ColourGains: found an object; allowed: 2 numbers, each from 0 to 32"),
        (FIXED, True, "read-only", "privacy: cannot be set, only read"),
    ],
)
def test_a_value_that_is_not_is_refused_with_what_is(control: Control, value: Any, code: str, sentence: str) -> None:
    with pytest.raises(ControlError) as refused:
        control.check(value)
    assert (refused.value.code, str(refused.value)) == (code, sentence)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.sampled_from([WHOLE, STEPPED, NUMBER, FREE, SWITCH, MENU, TEXT, LIST, FIXED]), JSON)
def test_any_value_is_taken_or_refused(control: Control, value: Any) -> None:
    try:
        taken = control.check(value)
    except ControlError as refused:
        assert len(str(refused)) < 400  # noqa: PT017  (some values are taken)
        return
    msgspec.json.encode(taken)
    if control.type in ("int", "float") and control.min is not None and control.max is not None:
        assert isinstance(taken, (int, float))
        assert control.min <= taken <= control.max


def test_a_name_that_is_not_there_gets_those_that_are() -> None:
    with pytest.raises(ControlError) as refused:
        named([WHOLE, NUMBER], "brightnes")
    assert (refused.value.code, str(refused.value)) == (
        "unknown-control",
        '"brightnes": no such control; allowed: brightness, gain; did you mean "brightness"?',
    )
    with pytest.raises(ControlError, match=r'^"gain": no such control; allowed: nothing: this camera has no controls$'):
        named([], "gain")


def test_one_mistake_among_many_values_refuses_all() -> None:
    assert checked([WHOLE, NUMBER], {"gain": 2, "brightness": 1}) == {"gain": 2.0, "brightness": 1}
    with pytest.raises(ControlError):
        checked([WHOLE, NUMBER], {"gain": 2, "brightness": 100})


@pytest.mark.parametrize(
    ("request_", "meant"),
    [
        (b"{}", ControlsRequest()),
        (b'{"set":{"gain":2}}', ControlsRequest(set={"gain": 2})),
        (b'{"v":1,"reset":["gain"]}', ControlsRequest(reset=["gain"])),
        (b'{"reset":"all","set":{"gain":2}}', ControlsRequest(reset="all", set={"gain": 2})),
    ],
)
def test_a_request_is_read(request_: bytes, meant: ControlsRequest) -> None:
    assert decode(request_, ControlsRequest) == meant


@pytest.mark.parametrize("request_", [b"", b"[]", b'{"set":[]}', b'{"reset":"some"}', b'{"sets":{}}', b'{"v":2}'])
def test_what_is_no_request_is_refused(request_: bytes) -> None:
    with pytest.raises(WireError):
        decode(request_, ControlsRequest)


def test_a_long_value_is_shown_by_its_beginning() -> None:
    assert shown("x" * 1000) == '"' + "x" * 79 + "…"
    assert shown([[1]]) == "a list of lists or objects"


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(ControlError) as refused:
        FREE.check(10**5000)
    assert str(refused.value) == "lux: found a number of thousands of digits; allowed: a number"


def test_a_refusal_survives_a_pickle() -> None:
    again = pickle.loads(pickle.dumps(ControlError("busy", "why")))
    assert (type(again), again.code, str(again)) == (ControlError, "busy", "why")


UNBOUNDED = Control(name="shutter", type="int")
WITHOUT_STEP = Control(name="sharpness", type="int", min=1, max=7)
FINE = Control(name="hue", type="float", min=0, max=1, step=0.5)


@pytest.mark.parametrize(
    ("control", "value"),
    [(WHOLE, 64), (STEPPED, 95), (NUMBER, 16.0), (UNBOUNDED, 12345), (WITHOUT_STEP, 6), (WITHOUT_STEP, 7), (FINE, 0.3)],
)
def test_a_value_at_the_bound_or_without_a_step_is_taken_as_it_is(control: Control, value: float) -> None:
    """Cameras round numbers with a fraction by themselves."""
    assert control.check(value) == value


def test_a_text_of_the_greatest_length_is_shown_in_full() -> None:
    assert shown("x" * 78) == f'"{"x" * 78}"'
    assert shown("x" * 79) == f'"{"x" * 79}\u2026'
    assert shown("x" * 10, 12) == f'"{"x" * 10}"'
