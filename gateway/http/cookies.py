"""The session cookie as a Set-Cookie header. Python's own http.cookies writes no Partitioned before 3.14."""


def set_cookie(name: str, value: str, path: str, max_age_seconds: int, *, secure: bool, framed: bool) -> str:
    """The value of a Set-Cookie header.

    Args:
        name: of the cookie.
        value: of the cookie; empty, with a `max_age_seconds` of 0, to delete it.
        path: where the cookie counts.
        max_age_seconds: how long it lasts.
        secure: whether the page came over https.
        framed: whether the page is in a frame. Another site's frame keeps a cookie only over https and partitioned
            by that site (CHIPS).
    """
    parts = [f"{name}={value}", f"Path={path}", f"Max-Age={max_age_seconds}", "HttpOnly"]
    if secure and framed:
        parts += ["SameSite=None", "Secure", "Partitioned"]
    else:
        parts += ["SameSite=Lax"] + (["Secure"] if secure else [])
    return "; ".join(parts)
