"""flows/parameters/shops_file.py: what a file of shops may say, and one line for what it may not."""

from pathlib import Path

import pytest

from flows.parameters.shops_file import read_shops
from schemas.errors import InputError
from tests.flows.processes import ROOT


def written(tmp_path: Path, text: str) -> str:
    (tmp_path / "shops.yaml").write_text(text)
    return str(tmp_path / "shops.yaml")


def test_the_example_is_one() -> None:
    shops = {shop.name: shop for shop in read_shops(str(ROOT / "infra/shops.example.yaml"))}

    assert shops["one"].address == "https://one.example/"
    assert shops["two"].address == "https://two.example/en-gb/"
    assert shops["three"].address == "https://three.example/de/"
    assert shops["three"].profile == str(ROOT / "infra/profiles/three.yaml")
    weekly = read_shops(str(ROOT / "infra/shops.example.yaml"), "weekly")
    assert [shop.name for shop in weekly] == ["one", "two", "three"]
    assert [shop.name for shop in read_shops(str(ROOT / "infra/shops.example.yaml"), "nightly")] == [
        "one",
        "two",
    ]


def test_one_schedule_needs_no_list(tmp_path: Path) -> None:
    path = written(tmp_path, "shops: [{name: a, url: 'https://a.test/', schedule: weekly}]")

    assert read_shops(path, "weekly")[0].schedule == ("weekly",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "shops: "),
        ("shops: []", "shops: lists no shop"),
        ("- {name: a}", "shops: "),
        ("shops: [{name: a}]", "shop a, url: is missing"),
        ("shops: [{url: 'https://a.test/'}]", "shop 1, name: is missing"),
        ("shops: [acme]", "shop 1: "),
        ("shops: [{name: a, url: a.test}]", "a.test: not an http"),
        ("shops: [{name: 'a b', url: 'https://a.test/'}]", "shop name 'a b'"),
        ("shops: [{name: a, url: 'https://a.test/', colour: red}]", "shop a, colour: no such key"),
        ("shops: [{name: a, url: 'https://a.test/', market: '../..'}]", "shop a, market: "),
        (
            "shops: [{name: a, url: 'https://a.test/'}, {name: a, url: 'https://b.test/'}]",
            "shop a stands there twice",
        ),
        ("shops: [{name: a, url: 'https://a.test/', schedule: weekly}]", "no shop of the schedule nightly"),
        ("shops: [", "is no YAML"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_file(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_shops(written(tmp_path, text), "nightly")

    line = str(refused.value)
    assert words in line and line.startswith(f"{tmp_path}/shops.yaml: ") and "\n" not in line


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"shops\.yaml: No such file"):
        read_shops(str(tmp_path / "shops.yaml"))
