"""The paths below /api/settings, for the description of the HTTP API."""

from typing import Any

from gateway.http.operation import JSON, OBJECT, Operation

CHANGED = {
    "type": "object",
    "properties": {
        "sentences": {"type": "array", "items": {"type": "string"}, "description": "What was done."},
        "version": {"type": "string", "description": "Of framebus.toml, for If-Match of the next change."},
    },
}
CAMERA_KEYS = {
    "type": "object",
    "description": "`title`, `source`, `size`, `fps`, `quality`, `orientation`, `hflip`, `vflip`; null removes a key.",
}
ACCOUNT_RIGHTS = {
    "scopes": {"type": "array", "items": {"type": "string"}},
    "cameras": {"type": ["array", "null"], "items": {"type": "string"}, "description": "null for all cameras"},
}
REFUSED = (400, 408, 409, 411, 413, 415)


def _rights(**more: dict[str, str]) -> dict[str, Any]:
    return {"type": "object", "properties": {**more, **ACCOUNT_RIGHTS}}


SETTINGS_OPERATIONS: dict[str, dict[str, Operation]] = {
    "/api/settings": {
        "get": Operation("framebus.toml, cameras, users, tokens and links, without their secrets.", {JSON: OBJECT})
    },
    "/api/settings/network": {
        "put": Operation(
            "Let the network in, or only this machine. The gateway restarts after the answer.",
            {JSON: OBJECT},
            status=202,
            body=(JSON, {"type": "object", "properties": {"open": {"type": "boolean"}}}),
            errors=(*REFUSED, 412),
        )
    },
    "/api/settings/reload": {
        "post": Operation(
            "Apply framebus.toml as it was edited by hand, after the answer.",
            {JSON: CHANGED},
            status=202,
            body=(JSON, OBJECT),
            errors=REFUSED,
        )
    },
    "/api/settings/attached": {
        "get": Operation("The cameras that are attached to this machine.", {JSON: OBJECT}, errors=(429, 502))
    },
    "/api/settings/preview": {
        "post": Operation(
            "A picture of a camera that is not configured: the server connects to it.",
            {JSON: {"type": "object", "properties": {"text": {"type": "string"}, "jpeg": {"type": "string"}}}},
            body=(JSON, {"type": "object", "properties": {"source": {"type": "string"}}}),
            errors=(*REFUSED, 429, 502),
        )
    },
    "/api/settings/cameras": {
        "post": Operation(
            "Add a camera: `name`, `source` and other keys.",
            {JSON: CHANGED},
            body=(JSON, CAMERA_KEYS),
            errors=(*REFUSED, 412, 503),
        )
    },
    "/api/settings/cameras/([a-z0-9_-]+)": {
        "patch": Operation(
            "Change keys of a camera.", {JSON: CHANGED}, body=(JSON, CAMERA_KEYS), errors=(*REFUSED, 404, 412, 503)
        ),
        "delete": Operation("Remove a camera.", {JSON: CHANGED}, errors=(400, 404, 409, 412, 503)),
    },
    "/api/settings/users/([A-Za-z0-9_.@%-]+)": {
        "put": Operation(
            "Add a user, or change the password or the rights.",
            {JSON: OBJECT},
            body=(JSON, _rights(password={"type": "string"})),
            errors=REFUSED,
        ),
        "delete": Operation("Remove a user.", {JSON: OBJECT}, errors=(404, 409)),
    },
    "/api/settings/tokens": {
        "post": Operation(
            "Make a token, which is shown in this answer only.",
            {JSON: OBJECT},
            body=(JSON, _rights(name={"type": "string"})),
            errors=REFUSED,
        )
    },
    "/api/settings/tokens/([A-Za-z0-9_.@%-]+)": {
        "delete": Operation("Revoke a token.", {JSON: OBJECT}, errors=(404, 409))
    },
    "/api/settings/links": {
        "post": Operation(
            "Make a one-time link for a user or a guest.",
            {JSON: OBJECT},
            body=(
                JSON,
                _rights(user={"type": "string"}, guest={"type": "string"}, minutes={"type": "number"}),
            ),
            errors=(*REFUSED, 404),
        )
    },
}
