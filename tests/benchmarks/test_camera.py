"""Pictures of a given size."""

import io

from PIL import Image

from benchmarks.camera import PICTURE_BYTES, SIZE, encoded, noise_for


def test_the_noise_is_as_much_as_the_size_takes() -> None:
    for wanted in PICTURE_BYTES.values():
        jpeg = encoded(noise_for(wanted))
        assert abs(len(jpeg) - wanted) < 0.03 * wanted
        assert Image.open(io.BytesIO(jpeg)).size == SIZE
