"""The shape of the repository: names nobody else owns, and start-up that imports only what it needs."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("schemas", "infra", "crawlers", "workers", "flows")


@pytest.mark.parametrize("name", OURS)
def test_our_packages_are_the_ones_imported(name: str) -> None:
    assert Path(str(import_module(name).__file__)).is_relative_to(ROOT)
    assert set(packages_distributions().get(name, [])) <= {"vitrine"}


def test_no_file_is_named_like_an_installed_package() -> None:
    installed = set(packages_distributions()) - set(OURS)
    files = [path for name in OURS for path in (ROOT / name).rglob("*.py")]

    taken = {path.stem for path in files if path.stem in installed and path.parent.name in OURS}

    assert taken <= {"report"}, taken


def test_there_are_no_drawers() -> None:
    drawers = {"utils", "helpers", "common", "base", "manager", "core"}

    assert not [path for name in OURS for path in (ROOT / name).rglob("*") if path.stem in drawers]


def test_no_file_has_two_subjects() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for name in OURS
        for path in (ROOT / name).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 300
    }

    assert not long


def imported_by(*words: str) -> set[str]:
    """Top-level modules in memory after a command, in a fresh process."""
    program = (
        "import sys\nfrom flows.cli import main\n"
        f"sys.argv = ['vitrine', *{list(words)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('MODULES', *{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stderr.rpartition("MODULES")[2].split())


def test_help_imports_nothing_heavy() -> None:
    heavy = {"prefect", "ray", "torch", "pyarrow", "pymilvus", "scrapy", "pydantic"}

    assert not heavy & imported_by("--help")


def test_runs_and_search_start_neither_prefect_nor_ray(tmp_path: Path) -> None:
    for words in (("runs",), ("search", "--words", "red")):
        heavy = {"prefect", "ray", "torch", "scrapy"} & imported_by(*words, "--lake", str(tmp_path))
        assert not heavy, (words, heavy)


def test_the_lock_holds_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()

    assert "://" not in lock
    assert lock.count("==") == sum(1 for line in lock.splitlines() if "==" in line)
    assert "--hash=sha256:" in lock


def test_the_pictures_of_the_folders_show_the_house_as_it_is() -> None:
    drawn = subprocess.run(
        [sys.executable, "docs/draw_rooms.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )

    assert not drawn.returncode, drawn.stderr
