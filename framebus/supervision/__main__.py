"""`python -P -m framebus.supervision`: supervisord as `framebus up` becomes it."""

import sys

from framebus.supervision.without_openssl import leave_out_openssl

leave_out_openssl()

from framebus.supervision.supervisord import main  # noqa: E402  (it imports supervisor, which would load OpenSSL)

if __name__ == "__main__":
    sys.exit(main())
