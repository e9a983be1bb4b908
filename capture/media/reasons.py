"""Error messages for URLs and files: one sentence each, with what to do.

`name` is always the shown form of the URL, without a login.
"""

import errno
import socket
import sys
from http import HTTPStatus

CHECK_PATH = "check the path in the URL"

_NO_ROUTE = "cannot be reached from this machine; check the address and the network"
_OS_REASONS = {
    errno.ECONNREFUSED: "refuses the connection; check that the camera is on and that the port is right",
    errno.ECONNRESET: "broke the connection off",
    errno.EPIPE: "broke the connection off",
    errno.EHOSTUNREACH: _NO_ROUTE,
    errno.ENETUNREACH: _NO_ROUTE,
}
_FILE_REASONS = {
    errno.ENOENT: "there is no such file; check `source`",
    errno.ENOTDIR: "there is no such file; check `source`",
    errno.EACCES: "no permission to read it; allow it to the user that runs framebus",
}


def no_pyav(name: str) -> str:
    """The extra is missing."""
    return f"{name}: needs PyAV, which is not installed; run: {sys.executable} -m pip install av"


def no_url(name: str, flaw: str) -> str:
    """It cannot be read as a URL."""
    return f"{name}: not a readable URL; {flaw}"


def unknown_host(name: str, host: str) -> str:
    """The name service does not know it."""
    return f"{name}: the host name {host} was not found; check the name, or write the camera's IP address"


def no_connection(name: str, seconds: float) -> str:
    """Not even the connection came about."""
    return f"{name}: no connection within {seconds:g} seconds; check that the camera is on and in this network"


def no_answer(name: str, seconds: float) -> str:
    """The camera, or the way to it, kept still."""
    return f"{name}: no answer within {seconds:g} seconds; check the address, and restart the camera if it is right"


def silent(name: str, seconds: float) -> str:
    """It was open, and then nothing came any more."""
    return f"{name}: sent nothing for {seconds:g} seconds"


def no_jpeg(name: str, seconds: float, kind: str = "") -> str:
    """There is data, and no picture in it; `kind` is what its parts say they are."""
    return f"{name}: sends {kind or 'data'}, but for {seconds:g} seconds no JPEG; {CHECK_PATH}"


def repeats(name: str) -> str:
    """There are pictures, and no new one."""
    return f"{name}: sends only its last picture again; check the camera behind it"


def bad_compression(name: str) -> str:
    """It cannot be unpacked."""
    return f"{name}: sends an answer whose compression is broken; {CHECK_PATH}"


def ended(name: str) -> str:
    """The camera closed the stream in good order."""
    return f"{name}: the camera ended the stream"


def status(name: str, code: int, has_login: bool) -> str:
    """HTTP's or RTSP's refusal."""
    known = {status.value: status.phrase for status in HTTPStatus}
    answer = f"{name}: answers {code} {known.get(code, '')}".rstrip()
    if code == HTTPStatus.UNAUTHORIZED:
        if has_login:
            return f"{answer}: it refuses the login; check user and password in the URL"
        scheme = name.partition("://")[0]
        return f"{answer}: it wants a login; write it into the URL, as in {scheme}://USER:PASSWORD@camera/"
    if code >= 500:
        return f"{answer}: the camera has a fault of its own; restart it"
    return f"{answer}; {CHECK_PATH}"


def no_video(name: str, content_type: str) -> str:
    """Something else lies behind the URL."""
    return f"{name}: answers {content_type}, no video; {CHECK_PATH}"


def login_kind(name: str, offered: list[str]) -> str:
    """401, and no challenge that can be answered."""
    if not offered:
        return (
            f"{name}: answers 401 Unauthorized, does not say how to log in, and refuses Basic; check user, password "
            "and path in the URL, or switch basic or digest authentication on in the camera"
        )
    return (
        f"{name}: asks for a login of a kind that framebus does not know ({', '.join(offered)}); allowed: basic, and "
        "digest with MD5, SHA-256 or SHA-512-256"
    )


def login_elsewhere(name: str) -> str:
    """401 from where a redirect led."""
    return (
        f"{name}: redirects to another address, which wants a login; write that address into `source`, as a login is "
        "never sent to another host than the one it was written for"
    )


def redirected_login(name: str) -> str:
    """RTSP, read by FFmpeg: the login stays with the camera."""
    return f"{name}: redirects to another address; write that address into `source`, as a login is not sent there"


def redirects(name: str) -> str:
    """It sends us round in circles."""
    return f"{name}: redirects again and again; {CHECK_PATH}"


def bad_redirect(name: str) -> str:
    """It sends us away from HTTP."""
    return f"{name}: redirects to an address that is not http:// or https://; {CHECK_PATH}"


def untrusted(name: str, flaw: str, fingerprint: str) -> str:
    """TLS: an authority or a name is not what it should be."""
    line = f'tls_fingerprint = "{fingerprint}"' if fingerprint else "tls_fingerprint"
    return (
        f"{name}: its certificate is not trusted ({flaw}); to trust this one, compare it with the camera's and write "
        f"{line} into its table of the configuration"
    )


def wrong_fingerprint(name: str, seen: str) -> str:
    """TLS: not the certificate that was pinned."""
    return (
        f"{name}: its certificate is {seen}, not the one of tls_fingerprint; no login was sent; if the camera "
        "has a new certificate, write the new fingerprint"
    )


def no_tls(name: str, flaw: str) -> str:
    """TLS does not come about."""
    return f"{name}: no TLS connection ({flaw.lower().replace('_', ' ') or 'failed'}); check the port and the scheme"


def live_playlist(name: str) -> str:
    """Live HLS or DASH."""
    return (
        f"{name}: a live playlist (HLS or DASH), whose pictures are 10 to 30 seconds old; "
        "name the camera's RTSP or MJPEG stream in `source`"
    )


def waiting_for_key_frame(name: str) -> str:
    """Video comes, and cannot be decoded yet."""
    return f"{name}: waiting for a key frame"


def no_key_frame(name: str, seconds: float) -> str:
    """The bound on the wait."""
    return (
        f"{name}: sent no key frame for {seconds:g} seconds; lower the key frame interval in the camera, "
        "or raise keyframe_timeout"
    )


def no_rtsp(name: str) -> str:
    """The answer is not of the protocol."""
    return f"{name}: does not speak RTSP; check the port in the URL"


def codec_over_tls(name: str, codec: str) -> str:
    """FFmpeg would have to do it, which verifies no certificate."""
    return f"{name}: sends {codec or 'an unknown codec'}; over rtsps:// framebus reads H.264 and H.265 alone"


def no_video_in_transport_stream(name: str) -> str:
    """Neither H.264 nor any other that is known."""
    return (
        f"{name}: sends a transport stream without video that framebus knows (H.264, H.265, MPEG-4, MPEG-2); "
        "choose one of them in the camera"
    )


def no_picture_decoded(name: str, seconds: float) -> str:
    """Video comes, and nothing can be decoded any more."""
    return f"{name}: sends video, but for {seconds:.0f} seconds no picture that can be decoded"


def no_http(name: str) -> str:
    """The answer is not of the protocol."""
    return f"{name}: does not speak HTTP; check the port in the URL"


def refused(name: str, host: str, error: OSError) -> str:
    """What the failure to connect, or to read on, means."""
    if isinstance(error, socket.gaierror):
        return unknown_host(name, host)
    number = error.errno or (errno.ECONNRESET if isinstance(error, ConnectionError) else 0)
    return f"{name}: {_OS_REASONS.get(number) or f'the connection failed: {error.strerror or error}'}"


def unreadable_file(name: str, error: OSError) -> str:
    """The system does not let us have it."""
    return f"{name}: {_FILE_REASONS.get(error.errno or 0) or f'it cannot be read: {error.strerror}'}"


def no_file(name: str, found: str) -> str:
    """The path leads to something else."""
    return f"{name}: {found}, no file; name a video in `source`"


def not_understood(name: str) -> str:
    """FFmpeg finds no beginning of a video."""
    return f"{name}: no video that FFmpeg understands; name another in `source`"


def no_pictures(name: str, found: str) -> str:
    """It is a medium, but without video."""
    return f"{name}: holds {found}, but no video; name another in `source`"


def no_decoder(name: str) -> str:
    """FFmpeg knows the container, not what is in it."""
    return f"{name}: FFmpeg cannot decode the kind of video in it; name another in `source`"


def nothing_complete(name: str) -> str:
    """A file was read to its end without one picture."""
    return f"{name}: holds no complete picture; name another in `source`"


def ffmpeg(name: str, reason: str) -> str:
    """FFmpeg's own words, where we have no better."""
    return f"{name}: FFmpeg says: {reason}"


def not_written(name: str, seconds: float) -> str:
    """Another program wrote it again and again, and does so no more."""
    return f"{name}: was written last {seconds:.0f} seconds ago; check the program that writes it"


def too_many_pixels(name: str, size: tuple[int, int], most: float) -> str:
    """More than max_megapixels."""
    width, height = size
    return (
        f"{name}: {width}x{height} are {width * height / 1e6:.1f} megapixels, allowed: at most {most:g} "
        "(max_megapixels of this camera)"
    )


def fingerprint_of_ffmpeg(name: str) -> str:
    """FFmpeg verifies certificates by name and authority only."""
    return (
        f"{name}: this kind of stream is read by FFmpeg, which knows no tls_fingerprint; "
        "add the certificate to this machine's, or set tls_verify = false"
    )
