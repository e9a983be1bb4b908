"""A page of your own with a still of a camera, with Flask: python serve_still.py front [PORT]."""

import sys

from flask import Flask, Response

from framebus import FramebusError, request_snapshot

app = Flask(__name__)
camera = "front"


@app.get("/")
def page() -> str:
    """A page that shows the still."""
    return f'<h1>{camera}</h1><img src="still.jpg" alt="the camera {camera}">'


@app.get("/still.jpg")
def still() -> Response:
    """The newest picture, at most a second old."""
    try:
        frame = request_snapshot(camera, max_age=1, width=640)
    except (FramebusError, TimeoutError) as error:
        return Response(f"{error}\n", status=503, mimetype="text/plain")
    return Response(frame.jpeg, mimetype="image/jpeg", headers={"Cache-Control": "no-store"})


if __name__ == "__main__":
    camera = sys.argv[1]
    app.run(port=int(sys.argv[2]) if len(sys.argv) > 2 else 5000)
