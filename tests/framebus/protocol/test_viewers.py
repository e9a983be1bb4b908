"""What one worker of the gateway may say to the others."""

import pytest

from framebus.protocol.viewers import ViewersHeader
from framebus.protocol.wire import WireError, decode


def test_the_figures_of_a_worker_count_from_0_for_cameras_that_may_be_called_so() -> None:
    figures = b'{"viewers":%d,"received":0,"missed":0,"sent":0}'
    for cameras, text in [
        (b'{"front":%s}' % (figures % -1), "Expected `int` >= 0 - at `$.cameras[...].viewers`"),
        (b'{"front":{}}', "Object missing required field `viewers` - at `$.cameras[...]`"),
    ]:
        with pytest.raises(WireError) as caught:
            decode(b'{"v":1,"pid":1,"viewers":0,"cameras":%s}' % cameras, ViewersHeader)
        assert str(caught.value) == f"ViewersHeader: {text}"
    with pytest.raises(WireError):
        decode(b'{"v":1,"pid":1,"viewers":0,"cameras":{"Front":%s}}' % (figures % 0), ViewersHeader)
