"""`python -m snapshot`."""

import sys

if __name__ == "__main__":
    from framebus.transport.left_out import leave_out

    leave_out()

    from snapshot.process import main  # it imports pyzmq

    sys.exit(main())
