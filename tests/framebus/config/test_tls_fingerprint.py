"""What `tls_fingerprint` may say."""

import pytest

from framebus.config.tls_fingerprint import TlsFingerprint

DIGITS = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text",
    [
        f"sha256:{DIGITS}",
        f"SHA256:{DIGITS.upper()}",
        "sha256:" + ":".join(DIGITS[at : at + 2] for at in range(0, 64, 2)),
        f" sha256:{DIGITS} ",
        "sha256 Fingerprint=" + ":".join(DIGITS[at : at + 2] for at in range(0, 64, 2)).upper(),
    ],
)
def test_a_fingerprint_is_read_in_each_form_that_tools_print(text: str) -> None:
    assert str(TlsFingerprint.parse(text)) == f"sha256:{DIGITS}"


@pytest.mark.parametrize("text", ["", DIGITS, "sha1:" + DIGITS[:40], f"sha256:{DIGITS[1:]}", f"sha256:{DIGITS[1:]}g"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="^" + TlsFingerprint.ALLOWED[:20]):
        TlsFingerprint.parse(text)
