"""A name server that does not answer: what looks up the name slow.example waits for an hour."""

import subprocess
import sys
from pathlib import Path

from tests.programs import need

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node && strcmp(node, "slow.example") == 0 && !(hints && hints->ai_flags & AI_NUMERICHOST)) {
        sleep(3600);
    }
    return real(node, service, hints, result);
}
"""


def slow_lookup(folder: Path) -> dict[str, str]:
    """The environment in which a process meets it; its library is made in a folder."""
    source, library = folder / "slow.c", folder / "slow.so"
    source.write_text(SHIM)
    subprocess.run([need("gcc"), "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "PYTHONPATH": ":".join(sys.path)}
