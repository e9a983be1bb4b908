"""Marks what moves in front of a camera, and publishes the result as a camera: python detect_motion.py front marked.

framebus.toml needs a table for the result: [camera.marked] with source = "program". It needs OpenCV.
"""

import sys

import cv2
import numpy

from framebus import Publisher, Subscriber

DIFFERENCE = 25
"""Of brightness, 0 to 255, that is motion."""
LEAST_PIXELS = 40


def main(camera: str, result: str) -> None:
    """Publish the camera with frames around what moves, at half size, until interrupted."""
    before = None
    with Publisher(result) as publisher:
        while publisher.wait_watched():  # without viewers of the result, the camera idles, too
            with Subscriber(camera, rendition="half") as subscriber:
                for frame in subscriber:
                    if not publisher.watched:
                        break
                    picture = frame.decode()
                    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (9, 9), 0)
                    boxes = moving(before, grey) if before is not None and before.shape == grey.shape else []
                    for x, y, width, height in boxes:
                        cv2.rectangle(picture, (x, y), (x + width, y + height), (0, 255, 255), 2)
                    publisher.publish(picture, like=frame, metadata={"moving": len(boxes)})
                    before = grey


def moving(before: numpy.ndarray, now: numpy.ndarray) -> list:
    """The boxes around what differs."""
    _, mask = cv2.threshold(cv2.absdiff(before, now), DIFFERENCE, 255, cv2.THRESH_BINARY)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [cv2.boundingRect(outline) for outline in outlines if cv2.contourArea(outline) >= LEAST_PIXELS]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
