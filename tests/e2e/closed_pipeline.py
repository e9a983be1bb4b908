"""A pipeline that does not let everybody in, so that it cannot be asked how its cameras do."""

import urllib.request

from tests.e2e.conftest import Pipeline


class ClosedPipeline(Pipeline):
    """A pipeline with people, that is whole when its own processes say so."""

    def is_whole(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return answer.status == 200 and len(self.processes()) == 4
        except OSError:
            return False
