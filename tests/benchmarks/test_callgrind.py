"""What is read of the files that callgrind writes."""

import pytest

from benchmarks.callgrind import instructions
from benchmarks.processes import BenchError


def test_the_totals_of_a_dump_count() -> None:
    assert instructions("events: Ir\nfn=(1) main\n1 200\n\ntotals: 57869298\n") == 57_869_298
    with pytest.raises(BenchError, match=r"^callgrind wrote a file without totals$"):
        instructions("events: Ir\n")
