"""The limit of open files of a process."""

import resource


def allow_descriptors(wanted: int) -> int:
    """Raise the soft limit of open files, often 1024, as far as the hard limit allows.

    Args:
        wanted: how many files the process may have to open.

    Returns:
        How many it may open now, at most `wanted`.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
