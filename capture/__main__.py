"""`python -m capture NAME`."""

import sys

if __name__ == "__main__":
    from framebus.transport.left_out import leave_out

    leave_out()

    from capture.process import main  # it imports pyzmq

    sys.exit(main())
