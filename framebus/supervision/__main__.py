"""`python -P -m framebus.supervision`: supervisord as `framebus up` becomes it."""

import sys

from framebus.supervision.left_out import leave_out

leave_out()

from framebus.supervision.supervisord import main  # noqa: E402  (it imports supervisor)

if __name__ == "__main__":
    sys.exit(main())
