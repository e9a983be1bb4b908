import subprocess
import sys

SCRIPT = """
import resource
from framebus.runtime.descriptors import allow_descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 200))
print(allow_descriptors(100), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
print(allow_descriptors(300), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
print(allow_descriptors(50), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_the_limit_is_raised_as_far_as_it_may_be_and_never_lowered() -> None:
    output = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True).stdout
    assert output.splitlines() == ["100 100", "200 200", "50 200"]
