"""`python -m gateway`."""

import sys

if __name__ == "__main__":
    from gateway.left_out import leave_out

    leave_out()

    from gateway.process import main  # it imports Tornado

    sys.exit(main())
