"""flows/crawl/wanted_shops.py: which shops are crawled, and what is refused before anything is asked."""

from pathlib import Path
from typing import Any

import pytest

from flows.crawl.wanted_shops import wanted_shops
from flows.parameters.crawl import CrawlParameters
from schemas.errors import InputError


@pytest.fixture
def listed(tmp_path: Path) -> str:
    (tmp_path / "shops.yaml").write_text(
        "shops:\n- {name: a, url: 'http://127.0.0.1:1/', market: de}\n"
        "- {name: b, url: 'http://127.0.0.1:2/', schedule: [weekly]}\n"
    )
    return str(tmp_path / "shops.yaml")


def test_shops_of_a_file_have_the_address_of_their_market(listed: str) -> None:
    shops = wanted_shops(CrawlParameters(shops=listed))

    assert [(name, url) for name, url, _ in shops] == [
        ("a", "http://127.0.0.1:1/de/"),
        ("b", "http://127.0.0.1:2/"),
    ]
    (nightly,) = wanted_shops(CrawlParameters(shops=listed, schedule="nightly"))
    assert nightly[0] == "a"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "no shop named"),
        ({"urls": ("http://127.0.0.1:1/",), "shops": "x"}, "not both"),
        ({"urls": ("http://127.0.0.1:1/",), "schedule": "nightly"}, "--schedule"),
        ({"urls": ("https://shop.example/",)}, "--contact"),
        ({"urls": ("http://127.0.0.1:1/",), "profile": "nowhere.yaml"}, "nowhere.yaml"),
    ],
)
def test_what_cannot_be_crawled_is_refused(
    given: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VITRINE_CONTACT", raising=False)
    with pytest.raises(InputError, match=words):
        wanted_shops(CrawlParameters(**given))


def test_a_missing_profile_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shops.yaml").write_text("shops: [{name: a, url: 'http://127.0.0.1:1/', profile: none.yaml}]")

    with pytest.raises(InputError, match=r"none\.yaml"):
        wanted_shops(CrawlParameters(shops=str(tmp_path / "shops.yaml")))


def test_the_contact_of_the_settings_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_CONTACT", "ops@acme.test")

    ((_, _, of_shop),) = wanted_shops(CrawlParameters(urls=("https://shop.example/",)))

    assert of_shop.contact == "ops@acme.test"
