"""Challenges of cameras are read as they are written, and answered as RFC 7616 and RFC 7617 say."""

import re

import pytest

from capture.media.login import Challenge, Login, best, challenges

RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CLIENT_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    """Section 3.9.1."""
    [challenge] = challenges([RFC_7616.format(algorithm)])
    header = Login("Mufasa", "Circle of Life", challenge, lambda: CLIENT_NONCE).header("GET", "/dir/index.html")
    assert f'response="{response}"' in header
    assert f'nc=00000001, cnonce="{CLIENT_NONCE}", algorithm={algorithm}' in header
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in header


def test_the_example_of_rfc_2069_without_qop() -> None:
    """With the erratum 749, as later texts give it."""
    [challenge] = challenges(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'])
    header = Login("Mufasa", "CircleOfLife", challenge).header("GET", "/dir/index.html")
    assert header.endswith('response="1949323746fe6a43ef61f9606e7febea"')
    assert "qop" not in header
    assert "nc=" not in header


def test_a_basic_login_is_utf_8() -> None:
    """RFC 7617, section 2.1."""
    assert Login("test", "123£", Challenge("basic")).header("GET", "/") == "Basic dGVzdDoxMjPCow=="


def test_each_answer_to_the_same_nonce_has_a_number_of_its_own() -> None:
    login = Login("a", "b", challenges([RFC_7616.format("MD5")])[0])
    numbers = [re.findall("nc=([0-9a-f]*)", login.header("GET", "/"))[0] for _ in range(3)]
    assert numbers == ["00000001", "00000002", "00000003"]


DIGEST = 'Digest realm="x", nonce="y", qop="auth"'


@pytest.mark.parametrize(
    ("headers", "chosen"),
    [
        ([DIGEST], ("digest", "MD5")),
        ([f"{DIGEST}, algorithm=SHA-256"], ("digest", "SHA-256")),
        ([f"{DIGEST}, algorithm=md5-sess"], ("digest", "MD5")),
        ([f"{DIGEST}, algorithm=MD5", f"{DIGEST}, algorithm=SHA-256"], ("digest", "SHA-256")),
        ([f'Basic realm="a, b", {DIGEST}'], ("digest", "MD5")),
        ([f'{DIGEST}, Basic realm="x"'], ("digest", "MD5")),
        (["Negotiate", "NTLM", DIGEST], ("digest", "MD5")),
        ([f"Negotiate YII=, {DIGEST}"], ("digest", "MD5")),
        (['Bearer realm="x", error="y"', 'Basic realm="x"'], ("basic", "MD5")),
        (["BASIC"], ("basic", "MD5")),
        (["Digest realm=IPCamera, nonce=abc123, qop=auth"], ("digest", "MD5")),
        ([f'{DIGEST}, algorithm=ROT13, Basic realm="x"'], ("basic", "MD5")),
        (['Digest realm="x", nonce="y", qop="auth-int"'], None),
        (['Digest realm="x"'], None),
        (["Negotiate"], None),
        ([""], None),
        ([], None),
    ],
)
def test_the_strongest_that_can_be_answered_is_chosen(headers: list[str], chosen: tuple[str, str] | None) -> None:
    found = best(challenges(headers))
    assert (found and (found.scheme, found.algorithm)) == chosen


def test_quotes_within_quotes_are_read_and_written() -> None:
    [challenge] = challenges([r'Digest realm="the \"best\" camera", nonce="n"'])
    assert challenge.fields["realm"] == 'the "best" camera'
    assert r'realm="the \"best\" camera"' in Login("a", "b", challenge).header("GET", "/")
