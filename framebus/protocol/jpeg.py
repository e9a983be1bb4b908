"""The markers at which a JPEG begins and ends (ITU-T T.81, annex B)."""

from typing import Final

SOI: Final = b"\xff\xd8"
"""Start of image."""
EOI: Final = b"\xff\xd9"
"""End of image."""
