"""The exceptions of framebus."""

import pickle
import re

import pytest

from framebus import errors
from framebus.errors import FramebusError, SubscriberClosed

CLASSES = [each for each in vars(errors).values() if isinstance(each, type)]


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.__name__)
def test_every_exception_is_in_the_tree_and_in_its_description(each: type[Exception]) -> None:
    assert issubclass(each, FramebusError)
    assert re.search(rf":exc:`(~[a-z.]+\.)?{each.__name__}`", errors.__doc__ or "")


def test_a_closed_subscriber_names_its_camera_and_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(SubscriberClosed("front")))
    assert (error.camera, str(error)) == ("front", "the subscriber of camera front is closed")
