"""The doctor as a command has it: through the process of a crawl, with a file to write and a screen to show."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from flows import terminal
from flows.crawl.doctor import doctor, show
from infra.mall.running import RunningMall, start
from infra.mall.trade import MallSpec
from schemas.errors import FetchError, InputError


@pytest.fixture(scope="module")
def mall() -> Iterator[RunningMall]:
    with start(MallSpec(products=60, seed=2, shops=("plain", "shopify"), size=(96, 120))) as mall:
        yield mall


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Console:
    console = Console(record=True, width=140, file=io.StringIO())
    monkeypatch.setattr(terminal, "results", console)
    return console


def test_a_draft_is_written_where_the_operator_says_and_named_in_the_command(
    mall: RunningMall, tmp_path: Path, screen: Console
) -> None:
    file = tmp_path / "my shop.yaml"

    result = doctor(f"acme={mall.urls[0]}", write=str(file))

    assert result["written"] == str(file)
    assert result["command"] == f"vitrine crawl acme={mall.urls[0]} --profile '{file}'"
    assert file.read_text() == result["profile"]
    assert [path.name for path in tmp_path.iterdir()] == ["my shop.yaml"]
    assert yaml.safe_load(result["profile"])["fields"]["price"] == ".price"
    show(result)
    shown = screen.export_text()
    assert "read by the draft of a profile" in shown
    assert result["command"] in shown

    again = doctor(f"acme={mall.urls[0]}", profile=str(file))

    assert again["platform"] == "profile"
    assert (again["coverage"]["price"], again["profile"]) == (1.0, "")


def test_a_file_that_is_there_is_not_overwritten_and_the_shop_is_not_even_asked(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text("mine")

    with pytest.raises(InputError, match="overwrites nothing"):
        doctor("http://127.0.0.1:1/", write=str(file))

    assert file.read_text() == "mine"


def test_nothing_is_written_for_a_shop_that_needs_no_profile(mall: RunningMall, tmp_path: Path) -> None:
    result = doctor(mall.urls[1], write=str(tmp_path / "shop.yaml"))

    assert (result["platform"], result["profile"], result["written"]) == ("shopify", "", "")
    assert not list(tmp_path.iterdir())


def test_what_the_process_refuses_is_raised_here() -> None:
    with pytest.raises(FetchError, match="connection refused"):
        doctor("http://127.0.0.1:1/")
    with pytest.raises(InputError, match="--contact"):
        doctor("https://shop.example/")


def test_a_shops_words_cannot_steer_the_terminal(screen: Console) -> None:
    result: dict[str, Any] = {
        "shop": "acme", "url": "http://x", "home": "http://x/\x1b[2J\u202e[red]", "requests": 1, "seconds": 0.1,
        "platform": "", "scores": {}, "products": {"count": 0, "exact": False, "basis": "\x1b]0;owned\x07"},
        "sample": {"products": 0, "pages": 0, "rejected": {}}, "coverage": {}, "sources": {}, "profile": "",
        "robots": {"allowed": False, "why": "\x9b31m", "there": True, "crawl_delay_s": None, "sitemaps": []},
        "validators": {"cheap": False}, "cost": {"requests": 0, "seconds": 0, "photo_bytes": None},
        "command": "vitrine crawl", "missing": ["everything: [bold]\x1b[0m"], "written": "",
    }  # fmt: skip
    show(result)

    shown = screen.export_text(styles=False)
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)
    assert "[red]" in shown
    assert "[bold]" in shown
