"""Every command that a README or a guide shows is one that there is, with options and values that it takes."""

import re
import shlex
from collections.abc import Iterator

import pytest

from tests.flows.processes import ROOT
from tests.flows.taken_commands import refused

READMES = sorted(
    path for path in ROOT.rglob("*.md") if ".venv" not in path.parts and path.parent.name != "bench"
)
MAKEFILE = (ROOT / "Makefile").read_text()


def shown(program: str) -> Iterator[tuple[str, list[str]]]:
    """Yield where each command of a program stands and its words, of lines that are indented or fenced."""
    for readme in READMES:
        text = re.sub(r"\\\n\s*", "", readme.read_text())
        fenced = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M))
        indented = "\n".join(re.findall(r"^    .*", text, re.M))
        for line in f"{fenced}\n{indented}".splitlines():
            for part in re.split(r"&&|\|\s|&$", line.partition(" #")[0]):
                part = re.split(r"\s{2,}", part.strip())[0]  # what it does stands behind it in a column
                if part.split()[:1] == [program]:
                    yield str(readme.relative_to(ROOT)), shlex.split(part)


COMMANDS = list(shown("vitrine"))
TARGETS = list(shown("make"))
PREFECT = [words for _, words in shown("prefect")]


@pytest.mark.parametrize(
    ("readme", "words"), COMMANDS, ids=[f"{readme}: {' '.join(words)}" for readme, words in COMMANDS]
)
def test_a_command_of_a_readme_is_taken(readme: str, words: list[str]) -> None:
    assert refused(words) == ""


@pytest.mark.parametrize("words", PREFECT, ids=[" ".join(words) for words in PREFECT])
def test_a_command_of_prefect_is_taken(words: list[str]) -> None:
    assert refused(words) == ""


def test_a_target_of_a_readme_is_there() -> None:
    words = {words[1] for _, words in TARGETS}

    assert words >= {"demo", "test", "setup"} and all(
        re.search(rf"^{re.escape(word)}:", MAKEFILE, re.M) for word in words
    )


def test_the_readmes_show_commands() -> None:
    assert len(COMMANDS) >= 20
    assert {words[1] for words in PREFECT} >= {"server", "worker", "deployment"}
    assert {words[1] for _, words in COMMANDS} >= {"crawl", "train", "search", "doctor", "import", "changes"}
