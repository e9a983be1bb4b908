"""The beginning of a segment is read, and that of other files refused."""

from pathlib import Path

import pytest

from framebus.recordings import ebml, matroska
from framebus.recordings.segment_beginning import SegmentError, parse_beginning, parse_cues
from tests.framebus.recordings.segments import MONOTONIC, STARTED, start_at

BEGINNING = matroska.beginning(start_at())
FILE = Path("x.mkv")


def test_what_was_written_is_read() -> None:
    info = parse_beginning(BEGINNING, FILE)

    assert (info.camera, info.started, info.width, info.height) == ("front", STARTED, 32, 16)
    assert (info.boot, info.monotonic, info.reason) == ("7d1f", MONOTONIC, "always")
    assert info.clusters_begin == len(BEGINNING)


def test_a_file_of_another_program_has_no_tags() -> None:
    tags = BEGINNING.index(ebml.id_bytes(matroska.TAGS))

    info = parse_beginning(BEGINNING[:tags], FILE)

    assert (info.boot, info.monotonic, info.reason) == ("", None, "")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "x.mkv: not a Matroska file"),
        (b"\xff\xd8\xff\xe0" * 100, "x.mkv: not a Matroska file"),
        (BEGINNING[:30], "x.mkv: a Matroska file without a segment"),
        (BEGINNING[:100], "x.mkv: a Matroska file without Motion JPEG"),
        (BEGINNING.replace(b"V_MJPEG", b"V_THEOR"), "x.mkv: a Matroska file without Motion JPEG"),
        (
            BEGINNING.replace(bytes.fromhex("2ad7b1830f4240"), bytes.fromhex("2ad7b1830f4241")),
            "x.mkv: a Matroska file whose times are not in milliseconds",
        ),
    ],
)
def test_other_files_are_refused(data: bytes, text: str) -> None:
    with pytest.raises(SegmentError) as error:
        parse_beginning(data, FILE)
    assert str(error.value) == text


def test_what_is_no_list_of_clusters_is_empty() -> None:
    assert list(parse_cues(b"")) == []
    assert list(parse_cues(ebml.element(matroska.CUES, ebml.element(matroska.CUE_POINT, b"\xb3\x81\x01")))) == []
