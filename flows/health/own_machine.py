"""This machine: what it has, what is installed, and whether it has room."""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from packaging.requirements import Requirement

from flows.health.finding import Finding
from infra.atomic_write import temporary_name
from infra.lake import Lake
from infra.lake_files import LakeFiles
from infra.machine import describe_machine, gpus
from infra.settings import Settings
from schemas.errors import LakeError, PipelineError

LEAST_FREE_GIB = 2.0
_PORTS = {"milvus": 19530, "prefect": 4200, "ray": 6379}
_ANSWER_S = 1.0


def described(lake: str) -> dict[str, Any]:
    """Cores, memory, GPUs, libraries, room on the disk of a lake, usual ports, and whether the lake answers."""
    return describe_machine() | {
        "disk_free_gib": round(_free_gib(_folder(lake)), 1),
        "ports": {name: _listens(port) for name, port in _PORTS.items()},
        "lake": {"uri": lake, **_lake(lake)},
    }


def ports(told: dict[str, bool]) -> dict[str, str]:
    """The usual ports for people."""
    return {f"{name} ({_PORTS[name]})": "answers" if answers else "silent" for name, answers in told.items()}


def findings(settings: Settings, told: dict[str, Any]) -> Iterator[Finding]:
    """Judge a machine as `described` tells it."""
    yield _libraries()
    yield from _room(settings)
    yield _gpus(settings)
    lake = told["lake"]
    if lake["reachable"]:
        yield Finding("lake", f"{lake['uri']}: {lake['runs']:,} runs, opened in {lake['seconds']:.2f} s")
    else:
        cure = "see that VITRINE_LAKE names it, that its bucket is there, and that this user, or AWS_ACCESS_KEY_ID and "
        cure += "its secret, may read and write in it"
        yield Finding("lake", str(lake["why"]), cure)


def _libraries() -> Finding:
    """Whether what is installed is what vitrine asks for."""
    try:
        asked = [Requirement(line) for line in requires("vitrine") or ()]
    except PackageNotFoundError:
        return Finding("libraries", "vitrine is not installed here", "make setup, or pip install .")
    wrong = []
    for each in asked:
        if each.marker is not None and not each.marker.evaluate({"extra": ""}):
            continue
        try:
            there = version(each.name)
        except PackageNotFoundError:
            there = ""
        if not (there and each.specifier.contains(there, prereleases=True)):
            wrong.append((f"{each.name}{each.specifier}", there or "none"))
    if not wrong:
        return Finding("libraries", f"all {len(asked)} as asked for")
    found = ", ".join(f"{asked} asked for, {there} installed" for asked, there in wrong)
    return Finding("libraries", found, f"pip install {' '.join(repr(asked) for asked, _ in wrong)}")


def _room(settings: Settings) -> Iterator[Finding]:
    """Room where the lake lies if it is a folder, where Ray and the parts on their way lie, and decoded photos."""
    places = {
        "disk of temporary files": Path(tempfile.gettempdir()),
        "disk of decoded photos": Path(settings.pixel_cache),
    }
    if urlparse(settings.lake).scheme in ("", "file"):
        places = {"disk of the lake": _folder(settings.lake)} | places
    for what, place in places.items():
        place = _existing(place.expanduser())
        free = _free_gib(place)
        cure = (
            ""
            if free >= LEAST_FREE_GIB
            else f"make {LEAST_FREE_GIB:.0f} GiB free there; vitrine sweep --keep 30d"
        )
        yield Finding(what, f"{free:,.1f} GiB free at {place}", cure)


def _gpus(settings: Settings) -> Finding:
    """Whether the GPUs there are can be computed with, and those asked for are there."""
    names = gpus()
    asked = 0 if settings.gpus == "auto" else int(settings.gpus)
    if not names:
        cure = "VITRINE_GPUS=auto takes those there are; nvidia-smi shows them" if asked else ""
        return Finding("GPUs", f"none, {asked} asked for by VITRINE_GPUS" if asked else "none", cure)
    from workers.device import cuda_devices  # brings torch, seconds that a machine without a GPU need not pay

    found, usable = f"{len(names)}: {', '.join(names)}", cuda_devices()
    if asked > usable or not usable:
        cure = "install the torch that is built for this driver, or VITRINE_GPUS=0 to do without"
        return Finding("GPUs", f"{found}; torch can use {usable}", cure)
    return Finding("GPUs", found)


def _folder(lake: str) -> Path:
    place = urlparse(lake)
    return Path(place.path if place.scheme == "file" else lake) if place.scheme in ("", "file") else Path()


def _existing(folder: Path) -> Path:
    return next(path for path in [folder.absolute(), *folder.absolute().parents] if path.exists())


def _free_gib(folder: Path) -> float:
    return shutil.disk_usage(_existing(folder)).free / 2**30


def _lake(uri: str) -> dict[str, Any]:
    begun = time.monotonic()
    try:
        lake = Lake(uri)
        runs = len(lake.seen().committed)
        _write_and_remove(lake)
    except PipelineError as error:
        return {"reachable": False, "why": str(error)}
    return {"reachable": True, "runs": runs, "seconds": round(time.monotonic() - begun, 3)}


def _write_and_remove(files: LakeFiles) -> None:
    """Try to write. Raises LakeError where that fails; a folder that is not there yet is not made."""
    root = Path(files.root)
    if files.is_local and not root.exists():
        if not os.access(place := _existing(root), os.W_OK):
            raise LakeError(files.uri, f"cannot be made: no permission to write in {place}")
        return
    probe = temporary_name("doctor")
    files.write(probe, {})
    files.remove([probe])


def _listens(port: int) -> bool:
    """Whether anything on this machine answers at a port."""
    with socket.socket() as probe:
        probe.settimeout(_ANSWER_S)
        return probe.connect_ex(("127.0.0.1", port)) == 0
