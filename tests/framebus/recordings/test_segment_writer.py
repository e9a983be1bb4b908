"""The pieces of a segment: each is complete, and where the end says that the clusters are, there they are."""

from framebus.recordings import ebml, matroska
from framebus.recordings.segment_beginning import parse_cues
from framebus.recordings.segment_writer import SegmentWriter
from tests.framebus.recordings.segments import MONOTONIC, jpeg, start_at


def test_times_are_those_of_the_monotonic_clock() -> None:
    writer = SegmentWriter(start_at(monotonic=MONOTONIC))

    assert [writer.ms(MONOTONIC + seconds) for seconds in (0, 0.0334, 59.9996)] == [0, 33, 60000]


def test_the_end_says_where_the_clusters_are() -> None:
    writer = SegmentWriter(start_at())
    pieces = [writer.beginning(), writer.cluster([(0, b"{}", jpeg(0))]), writer.cluster([(1000, b"{}", jpeg(1))])]
    offsets = [len(pieces[0]), len(pieces[0]) + len(pieces[1])]
    begins = pieces[0].index(ebml.UNKNOWN_SIZE) + len(ebml.UNKNOWN_SIZE)

    end = writer.end()

    position = matroska.cues_position(end[-matroska.END_BYTES :])
    assert position == sum(map(len, pieces)) - begins
    assert list(parse_cues(end)) == [(0, offsets[0] - begins), (1000, offsets[1] - begins)]
    assert writer.bytes == sum(map(len, pieces))
    assert writer.last_ms == 1000
