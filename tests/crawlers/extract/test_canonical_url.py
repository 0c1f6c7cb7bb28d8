"""crawlers/extract/canonical_url.py: one page has one identity, and two products have two."""

import string
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.extract.canonical_url import TRACKING, canonical, is_fetchable

WORDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
VALUES = st.text(max_size=8)
NAMES = WORDS.map(lambda word: f"x{word}")  # no tracking parameter begins with x
PARAMETERS = st.lists(st.tuples(NAMES, VALUES), max_size=5, unique_by=lambda pair: pair[0])
PATHS = st.lists(WORDS, max_size=4).map(lambda words: "/" + "/".join(words))


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTPS://Shop.Example:443/A", "https://shop.example/A"),
        ("http://shop.example:80", "http://shop.example/"),
        ("http://shop.example.:80/", "http://shop.example/"),
        ("http://shop.example:8080/", "http://shop.example:8080/"),
        ("https://shöp.example/", "https://xn--shp-tna.example/"),
        ("https://SHÖP.example/", "https://xn--shp-tna.example/"),
        ("https://shop.example/a/../b/./c", "https://shop.example/b/c"),
        ("https://shop.example/a/%2E%2e/b", "https://shop.example/b"),
        ("https://shop.example/../../b", "https://shop.example/b"),
        ("https://shop.example/%7euser/%c3%a4", "https://shop.example/~user/%C3%A4"),
        ("https://shop.example/ä b", "https://shop.example/%C3%A4%20b"),
        ("https://shop.example/p#reviews", "https://shop.example/p"),
        ("https://shop.example/p?", "https://shop.example/p"),
        ("https://shop.example/p?b=2&a=1&&", "https://shop.example/p?a=1&b=2"),
        ("https://shop.example/p?q=a+b", "https://shop.example/p?q=a%20b"),
        (
            "https://shop.example/p?utm_source=x&UTM_Medium=y&gclid=1&fbclid=2&mc_cid=3",
            "https://shop.example/p",
        ),
        ("https://shop.example/p?msclkid=1&variant=4&_pos=1&_sid=9", "https://shop.example/p?variant=4"),
        ("https://shop.example/p;jsessionid=0A1B.node1?id=3", "https://shop.example/p?id=3"),
        ("https://shop.example/p;JSESSIONID=0A/q", "https://shop.example/p/q"),
        ("https://shop.example/p?PHPSESSID=abc&sid=1&id=3", "https://shop.example/p?id=3"),
        ("https://shop.example/p?%75tm_source=x", "https://shop.example/p"),
        ("  https://shop.example/p\n", "https://shop.example/p"),
        ("https://[2001:DB8::1]:443/", "https://[2001:db8::1]/"),
    ],
)
def test_spellings_of_one_address_have_one_form(url: str, same: str) -> None:
    assert canonical(url) == canonical(same)


def test_the_form_is_the_one_a_reader_expects() -> None:
    assert canonical("HTTP://Shop.Example:80/a/../B?z=%c3%a4&a=1#x") == "http://shop.example/B?a=1&z=%C3%A4"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://shop.example/p/1", "https://shop.example/p/2"),
        ("https://shop.example/P", "https://shop.example/p"),
        ("https://shop.example/p", "https://shop.example/p/"),
        ("https://shop.example/p?id=1", "https://shop.example/p?id=2"),
        ("https://shop.example/p?variant=1", "https://shop.example/p"),
        ("https://shop.example/p?a=1&a=2", "https://shop.example/p?a=1"),
        ("https://shop.example/a%2Fb", "https://shop.example/a/b"),
        ("https://shop.example/p?x=a%26b%3Dc", "https://shop.example/p?x=a&b=c"),
        ("http://shop.example/p", "https://shop.example/p"),
        ("https://www.shop.example/p", "https://shop.example/p"),
        ("https://shop.example:8443/p", "https://shop.example/p"),
        ("https://shop.example/p;v=1", "https://shop.example/p"),
        ("https://shop.example/p?size=1", "https://shop.example/p?sid=1"),
    ],
)
def test_addresses_that_may_show_different_things_stay_apart(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "/relative",
        "shop.example/p",
        "//shop.example/p",
        "ftp://shop.example/",
        "javascript:alert(1)",
        "data:image/png;base64,AA==",
        "mailto:a@b.example",
        "http://",
        "http:///p",
        "http://[::1",
        "http://shop.example:99999/",
        "http://shop.example:port/",
        "http://user:word@shop.example/",
        "http://exa mple/",
        "http://shop.example\\@evil.example/\ud800",
        "http://.../",
        "http://-/",
        "http://" + "ä" * 300 + ".example/",
        "http://%00/",
    ],
)
def test_what_is_no_web_address_has_no_form(text: str) -> None:
    assert canonical(text) == ""
    assert not is_fetchable(text)


@given(st.one_of(st.text(), st.text(max_size=30).map(lambda tail: f"http://shop.example/{tail}")))
def test_any_text_has_a_form_or_none_and_the_form_is_its_own(text: str) -> None:
    form = canonical(text)

    assert canonical(form) == form
    assert form.isascii()
    assert not any(char.isspace() or ord(char) < 32 for char in form)


@given(st.text("/.%2eE:;@?&=#+aZ\\[]é \t", max_size=40).map(lambda tail: f"https://shop.example/{tail}"))
def test_the_form_is_stable_on_the_characters_that_mean_something(url: str) -> None:
    assert canonical(canonical(url)) == canonical(url)


@given(st.data(), PATHS, PARAMETERS, st.booleans(), WORDS)
def test_order_case_port_fragment_and_tracking_do_not_matter(
    data: st.DataObject, path: str, pairs: list[tuple[str, str]], port: bool, fragment: str
) -> None:
    plain = f"https://shop.example{path}" + (f"?{urlencode(pairs)}" if pairs else "")
    visit = data.draw(
        st.lists(st.sampled_from([*sorted(TRACKING), "utm_source", "utm_anything"]), max_size=3)
    )
    shuffled = data.draw(st.permutations([*pairs, *((name, "v") for name in visit)]))

    other = f"HTTPS://SHOP.Example{':443' if port else ''}{path}?{urlencode(shuffled)}#{fragment}"

    assert canonical(other) == canonical(plain) != ""


@given(PATHS, PATHS, PARAMETERS, PARAMETERS)
def test_another_path_or_another_parameter_is_another_page(
    path: str, other_path: str, pairs: list[tuple[str, str]], other_pairs: list[tuple[str, str]]
) -> None:
    one = canonical(f"https://shop.example{quote(path)}?{urlencode(pairs)}")
    other = canonical(f"https://shop.example{quote(other_path)}?{urlencode(other_pairs)}")

    assert (one == other) == ((path, sorted(pairs)) == (other_path, sorted(other_pairs)))
