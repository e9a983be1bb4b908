"""The Content Security Policy (level 3) of our pages."""

from collections.abc import Sequence


def policy(frames: Sequence[str]) -> str:
    """The value of the header. The pages load and contact nothing but the gateway, and run no inline scripts.

    Args:
        frames: the origins whose pages may show ours in a frame, beside our own.
    """
    embedding = "*" if "*" in frames else " ".join(["'self'", *frames])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {embedding}",
        )
    )
