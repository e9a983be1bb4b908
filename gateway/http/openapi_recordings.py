"""The schemas of answers and requests about recordings, for the description of the HTTP API."""

from typing import Any, get_args

from framebus.protocol.recorder import RecorderState
from gateway.export.job import State

RECORDER: dict[str, Any] = {
    "type": "object",
    "description": "The keys of the header of `recorder` in docs/wire-format.md.",
    "properties": {"camera": {"type": "string"}, "state": {"enum": list(get_args(RecorderState))}},
}
RECORDER_REQUEST = {
    "type": "object",
    "properties": {
        "action": {"enum": ["start", "stop", "keep", "release", "status"], "default": "start"},
        "seconds": {"type": "number", "description": "With start: how long; else until stop."},
        "begin": {"type": "number", "description": "With keep and release: Unix seconds."},
        "end": {"type": "number", "description": "With keep and release: Unix seconds."},
    },
}
SPAN = {
    "begin": {"type": "number"},
    "end": {"type": "number"},
    "bytes": {"type": "integer", "description": "Not with `bytes=0`."},
    "keep": {"type": "boolean"},
}
RECORDINGS = {
    "type": "object",
    "description": "Times are Unix seconds.",
    "properties": {
        "camera": {"type": "string"},
        "spans": {"type": "array", "items": {"type": "object", "properties": SPAN}},
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"url": {"type": "string"}, **SPAN, "complete": {"type": "boolean"}},
            },
        },
        "next": {"type": ["number", "null"], "description": "`from` of the next request, where there is more."},
    },
}
MOMENT = {"type": ["number", "string"], "description": "Unix seconds, or ISO 8601 with an offset."}
KEEP_REQUEST = {
    "type": "object",
    "properties": {"from": MOMENT, "to": MOMENT, "keep": {"type": "boolean", "default": True}},
    "required": ["from", "to"],
}
UTC_OFFSET = {
    "type": "string",
    "description": "The time of each picture is drawn into it, with this offset from UTC, such as +01:00.",
}
EXPORT_REQUEST = {
    "type": "object",
    "properties": {"from": MOMENT, "to": MOMENT, "utc_offset": UTC_OFFSET},
    "required": ["from", "to"],
}
EXPORT = {
    "type": "object",
    "properties": {
        "camera": {"type": "string"},
        "id": {"type": "string"},
        "from": {"type": "number"},
        "to": {"type": "number"},
        "state": {"enum": list(get_args(State))},
        "progress": {"type": "number", "minimum": 0, "maximum": 1},
        "frames": {"type": "integer"},
        "bytes": {"type": "integer"},
        "reason": {"type": "string", "description": "Why it has failed."},
        "url": {"type": ["string", "null"], "description": "Of the file, once it is done."},
    },
}
EVENT = {
    "id": {"type": "string"},
    "type": {"type": "string", "description": "What happened, such as motion."},
    "start": {"type": "number"},
    "end": {"type": ["number", "null"], "description": "null while it is in progress."},
    "score": {"type": "number", "minimum": 0, "maximum": 1},
    "box": {
        "type": "array",
        "items": {"type": "number"},
        "description": "Left, top, right and bottom, in fractions of the picture as it is shown.",
    },
}
EVENTS = {
    "type": "object",
    "description": "Times are Unix seconds.",
    "properties": {
        "camera": {"type": "string"},
        "events": {"type": "array", "items": {"type": "object", "properties": EVENT}},
        "next": {
            "type": ["number", "null"],
            "description": "`from` of the next request, where there is more; it takes `begun`, too.",
        },
    },
}
