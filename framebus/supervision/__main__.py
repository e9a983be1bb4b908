"""`python -P -m framebus.supervision`: supervisord as `framebus up` becomes it."""

import sys

from framebus.supervision.supervisord import main

if __name__ == "__main__":
    sys.exit(main())
