"""What ss says of the kernel's memory."""

from benchmarks.stalled_viewers import send_queues


def test_the_send_queue_of_each_connection() -> None:
    text = (
        "0 2560 127.0.0.1:8080 127.0.0.1:40000 skmem:(r0,rb131072,t0,tb2626560,f1024,w33792,o0,bl0,d0)\n"
        "0 0    127.0.0.1:8080 127.0.0.1:40002 skmem:(r0,rb131072,t0,tb2626560,f0,w0,o0,bl0,d0)\n"
    )
    assert send_queues(text) == [33792, 0]
