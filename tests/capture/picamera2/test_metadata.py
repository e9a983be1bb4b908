"""What libcamera says of a frame becomes plain names, short numbers and words."""

from capture.picamera2.metadata import plainly


def test_the_names_and_the_digits() -> None:
    said = {
        "SensorTimestamp": 123,
        "ExposureTime": 9998,
        "AnalogueGain": 1.1228070259094238,
        "Lux": 400.12345,
        "ColourGains": (1.5234567, 2.25),
        "LensPosition": 0.0,
        "FocusFoM": 2345,
        "SensorTemperature": 38.0,
        "AfState": 2,
    }
    assert plainly(said) == {
        "exposure_time": 9998,
        "gain": 1.1228,
        "lux": 400.12,
        "colour_gains": [1.5235, 2.25],
        "focus": 0.0,
        "sharpness_measure": 2345,
        "temperature": 38.0,
        "focus_state": "focused",
    }


def test_a_camera_that_says_little() -> None:
    assert plainly({"SensorTimestamp": 123}) == {}
    assert plainly({"AfState": 9}) == {}
