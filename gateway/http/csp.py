"""What a browser is told that a page of ours may do (Content Security Policy, level 3)."""

from collections.abc import Sequence


def policy(frames: Sequence[str]) -> str:
    """The header's value. `frames` are the origins whose pages may hold ours in a frame, beside our own.

    Nothing is inline, and nothing comes from elsewhere or goes there.
    """
    embedding = "*" if "*" in frames else " ".join(["'self'", *frames])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {embedding}",
        )
    )
