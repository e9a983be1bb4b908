"""Relative redirects (RFC 9110, section 10.2.2). They work behind proxies that strip a prefix, too."""


def relative(path: str, target: str) -> str:
    """The way from a request's path to another path of the gateway.

    Args:
        path: of the request, such as "/camera/front/".
        target: such as "/login".

    Returns:
        Such as "../../login".
    """
    return "../" * (path.count("/") - 1) + target.removeprefix("/") if path.count("/") > 1 else f"./{target[1:]}"
