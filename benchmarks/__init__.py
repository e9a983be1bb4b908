"""Every speed that framebus claims, measured beside a peer or a limit in the same run: `make bench`."""
