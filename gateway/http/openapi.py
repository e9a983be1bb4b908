"""The HTTP API as an OpenAPI 3.1 document, made from the route table. Pure: permissions in, plain data out.

Each path of the table needs an entry in OPERATIONS; a test compares the two. Websockets are described as GET, since
OpenAPI has no word for them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_type_hints

import msgspec

from framebus.credentials.links import PATTERN as LINK_PATTERN
from framebus.protocol.controls import Control
from framebus.protocol.stills import ClipRequest, SnapshotRequest
from gateway.access.permissions import Permission
from gateway.http.openapi_recordings import (
    EVENTS,
    EXPORT,
    EXPORT_REQUEST,
    KEEP_REQUEST,
    RECORDER,
    RECORDER_REQUEST,
    RECORDINGS,
)
from gateway.http.operation import JSON, OBJECT, Operation
from gateway.http.recordings_query import CLIP_PARAMETERS, EVENT_PARAMETERS, LISTING_PARAMETERS
from gateway.http.settings.operations import SETTINGS_OPERATIONS
from gateway.http.stream_query import StreamQuery

OPENAPI_VERSION = "3.1.0"
JPEG, HTML, TEXT = "image/jpeg", "text/html", "text/plain"
MATROSKA = "video/x-matroska"
MP4 = "video/mp4"
MJPEG = "multipart/x-mixed-replace"
ERROR = {"$ref": "#/components/schemas/Error"}
CAMERAS = {
    "type": "object",
    "properties": {
        "version": {"type": "string"},
        "cameras": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "title": {"type": "string", "description": "For people; the name if the camera has no title."},
                },
            },
        },
        "now": {"type": "number", "description": "The time of the server, in Unix seconds."},
    },
}
CONTROLS = {
    "type": "object",
    "properties": {"controls": {"type": "array", "items": {"$ref": "#/components/schemas/Control"}}},
}
VALUES = {"type": "object", "description": "Names of controls and their new values."}
VIEWER = {
    "camera": {"type": "string"},
    "address": {"type": "string", "description": "Of the client, as far as its proxy tells."},
    "user": {"type": "string", "description": "The name of the account or token; empty without one."},
    "kind": {"enum": ["page", "websocket", "mjpeg"]},
    "since": {"type": "number", "description": "Unix seconds."},
}
VIEWERS = {
    "type": "object",
    "properties": {"viewers": {"type": "array", "items": {"type": "object", "properties": VIEWER}}},
}
ERRORS = {
    400: "A parameter is invalid; the text names it and what is allowed.",
    401: "Log in, or send a token.",
    403: "The client lacks the scope or the camera, or the request comes from another site.",
    404: "There is no such camera or path.",
    408: "The request did not come to its end within `request_timeout` in [gateway].",
    409: "The camera is not recorded, the film is not done, or the setting cannot be changed now, with the reason.",
    410: "The link was opened already, is too old, or was taken back.",
    411: "The request has no body.",
    412: "framebus.toml was changed since the version in If-Match was read.",
    413: "The body is larger than `max_request_kb` in [gateway] allows.",
    415: "The body has another content type.",
    416: "The file is shorter than the range begins.",
    426: "The request is no websocket handshake.",
    429: "Too many requests from this address; see Retry-After.",
    502: "The camera gives no picture, with the reason.",
    501: "This needs the extra `av`.",
    503: "Not available now, with the reason; see Retry-After.",
    504: "No suitable answer in time.",
}


def _query(kind: type[msgspec.Struct], left_out: set[str]) -> tuple[dict[str, Any], ...]:
    """The parameters of a request as the query of a URL, with the descriptions of its fields."""
    hints = get_type_hints(kind, include_extras=True)
    _, schemas = msgspec.json.schema_components([kind])
    properties = schemas[kind.__name__]["properties"]
    return tuple(
        {"name": name, "in": "query", "required": False, "schema": properties[name]}
        for name in hints
        if name not in left_out
    )


STILL = Operation(
    "A still image of the camera.",
    {JPEG: {}},
    query=_query(SnapshotRequest, {"v", "camera"}),
    errors=(400, 404, 429, 503, 504),
)
STREAM = Operation(
    "The frames of the camera as Motion JPEG: with a width, the smallest that are at least so wide.",
    {MJPEG: {}},
    query=_query(StreamQuery, set()),
    errors=(400, 404, 503),
)
PAGE = Operation("The page, for browsers.", {HTML: {}}, errors=(400, 404))
SOCKET = "switching to the websocket protocol"
OPERATIONS: dict[str, dict[str, Operation]] = {
    "/": {"get": PAGE},
    "/camera/([^/]+)/": {"get": PAGE},
    "/camera/([^/]+)": {"get": Operation("A redirect to the page of the camera.", status=302, errors=(404,))},
    "/camera/([^/]+)/stream.mjpg": {"get": STREAM},
    "/camera/([^/]+)/snapshot.jpg": {"get": STILL},
    "/camera/([^/]+)/clip.(mjpg|avi)": {
        "get": Operation(
            "The last seconds of the history as a file.",
            {"video/x-motion-jpeg": {}, "video/x-msvideo": {}},
            query=_query(ClipRequest, {"v", "camera", "clip", "id", "offset"}),
            errors=(400, 404, 429, 503, 504),
        )
    },
    "/camera/([^/]+)/recordings/clip.mkv": {
        "get": Operation(
            "The frames that were recorded in a time, as a Matroska file.",
            {MATROSKA: {}},
            query=CLIP_PARAMETERS,
            errors=(400, 404, 429, 503, 504),
        )
    },
    "/camera/([^/]+)/recordings/([0-9]{4}-[0-9]{2}-[0-9]{2})/([^/]+[.]mkv)": {
        "get": Operation(
            "A file of recordings, or with Range a part of it.", {MATROSKA: {}}, errors=(404, 416, 429, 503, 504)
        )
    },
    "/camera/([^/]+)/ws": {
        "get": Operation(
            "A websocket: each binary message is a JPEG.",
            status=101,
            query=_query(StreamQuery, {"adapt"}),
            errors=(400, 404, 426, 503),
        )
    },
    "/ws": {"get": Operation("The page's websocket, subprotocol framebus.v1.", status=101, errors=(400, 426, 503))},
    "/api/cameras": {"get": Operation("The cameras, their status and their URLs.", {JSON: CAMERAS})},
    "/api/cameras/([^/]+)/controls": {
        "get": Operation("The controls of the camera.", {JSON: CONTROLS}, errors=(404, 503, 504)),
        "patch": Operation(
            "Set controls: all of them or none.",
            {JSON: CONTROLS},
            body=(JSON, VALUES),
            errors=(400, 404, 408, 411, 413, 415, 503, 504),
        ),
        "delete": Operation(
            "Reset all controls, or those that are named.",
            {JSON: CONTROLS},
            query=({"name": "name", "in": "query", "required": False, "schema": {"type": "string"}},),
            errors=(400, 404, 503, 504),
        ),
    },
    "/api/cameras/([^/]+)/recorder": {
        "get": Operation("What is recorded of the camera.", {JSON: RECORDER}, errors=(404, 503, 504)),
    },
    "/api/cameras/([^/]+)/record": {
        "post": Operation(
            "Start or stop a recording, or mark recordings to be kept.",
            {JSON: RECORDER},
            body=(JSON, RECORDER_REQUEST),
            errors=(400, 404, 408, 409, 411, 413, 415, 503, 504),
        ),
    },
    "/api/cameras/([^/]+)/recordings": {
        "get": Operation(
            "The times of which there are recordings.",
            {JSON: RECORDINGS},
            query=LISTING_PARAMETERS,
            errors=(400, 404, 429, 503, 504),
        )
    },
    "/api/cameras/([^/]+)/recordings/keep": {
        "post": Operation(
            "Mark the recordings of a time, so that they are never deleted to make room, or unmark them.",
            {JSON: RECORDER},
            body=(JSON, KEEP_REQUEST),
            errors=(400, 404, 408, 411, 413, 415, 503, 504),
        ),
    },
    "/api/cameras/([^/]+)/recordings/export": {
        "post": Operation(
            "Begin to make a film in H.264 of the recordings of a time, an hour at most.",
            {JSON: EXPORT},
            status=202,
            body=(JSON, EXPORT_REQUEST),
            errors=(400, 404, 408, 411, 413, 415, 429, 501, 503, 504),
        ),
    },
    "/api/cameras/([^/]+)/recordings/export/([0-9a-f]{16})": {
        "get": Operation("How far a film is.", {JSON: EXPORT}, errors=(404, 503, 504)),
        "delete": Operation("Delete a film, or make it no longer.", status=204, errors=(404, 503, 504)),
    },
    "/camera/([^/]+)/recordings/export/([0-9a-f]{16})[.]mp4": {
        "get": Operation(
            "A film that is done, or with Range a part of it. It is deleted when it was fetched without Range.",
            {MP4: {}},
            errors=(404, 409, 416, 429, 503, 504),
        )
    },
    "/api/cameras/([^/]+)/events": {
        "get": Operation(
            "What happened in front of the camera, as far back as there are recordings.",
            {JSON: EVENTS},
            query=EVENT_PARAMETERS,
            errors=(400, 404, 429, 503, 504),
        )
    },
    **SETTINGS_OPERATIONS,
    "/api/viewers": {"get": Operation("Who watches: one entry for each connection and camera.", {JSON: VIEWERS})},
    "/api/me": {"get": Operation("Who the client is, and its scopes.", {JSON: OBJECT})},
    "/api/openapi.json": {"get": Operation("This document.", {JSON: OBJECT})},
    "/login": {
        "get": Operation("The login form.", {HTML: {}}),
        "post": Operation(
            "Log in; redirects to the page.",
            status=303,
            body=(
                "application/x-www-form-urlencoded",
                {"type": "object", "properties": {name: {"type": "string"} for name in ("name", "password", "next")}},
            ),
            errors=(401, 403, 429),
        ),
    },
    "/logout": {"post": Operation("End the session; redirects to the login.", status=303, errors=(403, 503))},
    "/settings": {"get": Operation("The page of the settings, for browsers.", {HTML: {}})},
    f"/link/({LINK_PATTERN})": {
        "get": Operation("A page that asks before it uses the link up.", {HTML: {}}),
        "post": Operation(
            "Use a one-time link up and log in; redirects to the page.", status=303, errors=(403, 410, 429)
        ),
    },
    "/healthz": {"get": Operation("Whether the gateway answers.", {JSON: OBJECT})},
    "/readyz": {"get": Operation("Whether every camera gives frames.", {JSON: OBJECT}, errors=(503,))},
    "/metrics": {"get": Operation("Metrics for Prometheus.", {TEXT: {}})},
    "/state": {"get": Operation("The state of the first camera, as ustreamer tells it.", {JSON: OBJECT})},
    "/(?:stream|stream.mjpg|live.jpg)": {"get": STREAM},
    "/(?:snapshot|snapshot.jpg|static.jpg|pi.jpg)": {"get": STILL},
    "/(favicon[.]ico)": {"get": Operation("The icon, for browsers that show a picture alone.", {"image/x-icon": {}})},
    "/page/(.*)": {
        "get": Operation("A file of the page, also under a version.", {"application/octet-stream": {}}, errors=(404,))
    },
}
PLACEHOLDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "([0-9]{4}-[0-9]{2}-[0-9]{2})": ("day", {"type": "string", "format": "date"}),
    f"({LINK_PATTERN})": ("secret", {"type": "string"}),
    "([0-9a-f]{16})": ("id", {"type": "string"}),
    "([^/]+[.]mkv)": ("file", {"type": "string"}),
    "([a-z0-9_-]+)": ("name", {"type": "string"}),
    "([A-Za-z0-9_.@%-]+)": ("name", {"type": "string"}),
    "([^/]+)": ("camera", {"type": "string"}),
    "(mjpg|avi)": ("format", {"type": "string", "enum": ["mjpg", "avi"]}),
    "(.*)": ("file", {"type": "string"}),
    "(favicon[.]ico)": ("icon", {"type": "string", "enum": ["favicon.ico"]}),
}
"""Name and schema of each group of the table's patterns."""


def document(routes: Mapping[str, Permission], version: str, cameras: Sequence[str]) -> dict[str, Any]:
    """Describe the API.

    Args:
        routes: The pattern of each path of the route table, with its permission.
        version: Of framebus.
        cameras: The names of the cameras that the reader of the document may see.

    Returns:
        An OpenAPI document, ready to be encoded as JSON.
    """
    _, components = msgspec.json.schema_components([Control], ref_template="#/components/schemas/{name}")
    paths = {
        path: {method: _operation(one, permission, method, parameters) for method, one in OPERATIONS[pattern].items()}
        for pattern, permission in routes.items()
        for path, parameters in _paths(pattern, cameras)
    }
    return {
        "openapi": OPENAPI_VERSION,
        "info": {"title": "framebus", "version": version, "license": {"name": "MIT", "identifier": "MIT"}},
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": _error_schema()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
                "token": {"type": "apiKey", "in": "query", "name": "token"},
            },
        },
    }


def _paths(pattern: str, cameras: Sequence[str]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The paths that a pattern stands for, each with its parameters."""
    if choice := re.fullmatch(r"/\(\?:([^)]+)\)", pattern):
        return [(f"/{name}", []) for name in choice[1].split("|")]
    parameters = []
    for group, (name, schema) in PLACEHOLDERS.items():
        if group in pattern:
            pattern = pattern.replace(group, f"{{{name}}}")
            known = {"enum": list(cameras)} if name == "camera" else {}
            parameters.append({"name": name, "in": "path", "required": True, "schema": {**schema, **known}})
    return [(pattern, parameters)]


def _operation(
    operation: Operation, permission: Permission, method: str, parameters: list[dict[str, Any]]
) -> dict[str, Any]:
    scope = permission.required_scope(method.upper())
    errors = {*operation.errors, *((401, 403, 429) if scope else ())}
    described: dict[str, Any] = {
        "summary": operation.summary,
        "responses": {
            str(operation.status): _response(operation),
            **{str(status): _error(ERRORS[status]) for status in sorted(errors)},
        },
    }
    if parameters or operation.query:
        described["parameters"] = [*parameters, *operation.query]
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {operation.body[0]: {"schema": operation.body[1]}}}
    if scope:
        described["description"] = f"Needs the scope {scope}."
        described["security"] = [{}, {"bearer": []}, {"basic": []}, {"token": []}]
    return described


def _response(operation: Operation) -> dict[str, Any]:
    response: dict[str, Any] = {"description": operation.summary}
    if operation.content:
        response["content"] = {kind: {"schema": dict(schema)} for kind, schema in operation.content.items()}
    return response


def _error(text: str) -> dict[str, Any]:
    return {"description": text, "content": {JSON: {"schema": ERROR}, TEXT: {}, HTML: {}}}


def _error_schema() -> dict[str, Any]:
    parts = {"code": {"type": "string"}, "message": {"type": "string"}}
    error = {"type": "object", "properties": parts, "required": ["code", "message"]}
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}
