"""The receipt: which runs stand behind a page, how long they took, and how to repeat them."""

import re
import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from schemas.manifest import Manifest
from workers.report.data import Receipt, Run, Stage
from workers.report.lineage import depths

_SECRET = re.compile(r"(?<=//)[^/@\s]+@")


def receipt(manifests: Sequence[Manifest], lake: str) -> Receipt:
    """The runs, each after its parents."""
    depth = depths({manifest.run_id: manifest.parents for manifest in manifests})
    ordered = sorted(manifests, key=lambda manifest: (depth[manifest.run_id], manifest.run_id))
    known = {manifest.run_id for manifest in ordered}
    untrained = {manifest.run_id for manifest in ordered if _is_untrained(manifest)}
    runs = [_run(manifest, known, untrained) for manifest in ordered]
    commands = [_command(manifest, lake) for manifest in ordered if _is_repeatable(manifest)]
    return Receipt(runs, list(dict.fromkeys(commands)))


def without_secrets(value: Any) -> Any:
    """A JSON value whose addresses hold no user and password: a report is mailed around."""
    if isinstance(value, str):
        return _SECRET.sub("", value)
    if isinstance(value, dict):
        return {key: without_secrets(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value


def _run(manifest: Manifest, known: set[str], untrained: set[str]) -> Run:
    subject = (
        manifest.result.get("shop")
        or manifest.result.get("method")
        or manifest.parameters.get("method")
        or ""
    )
    if untrained.intersection([manifest.run_id, *manifest.parents]) and manifest.flow in ("train", "embed"):
        subject = "untrained"
    stages = [
        Stage(
            name,
            manifest.seconds.get(name),
            count.came_in if (count := manifest.counts.get(name)) else None,
            count.went_out if count else None,
            dict(count.rejected) if count else {},
        )
        for name in dict.fromkeys([*manifest.counts, *manifest.seconds])
    ]
    return Run(
        run_id=manifest.run_id,
        flow=manifest.flow,
        subject=str(subject),
        started=manifest.started_at,
        seconds=_seconds(manifest),
        parents=[parent for parent in manifest.parents if parent in known],
        stages=stages,
        parameters=without_secrets(manifest.parameters),
        code=code(manifest),
    )


def code(manifest: Manifest) -> str:
    """Version and, where known, commit that wrote a run."""
    version = manifest.code.get("vitrine") or "unknown"
    commit = manifest.code.get("commit", "")
    return f"vitrine {version}" + (f" ({commit[:10]})" if commit else "")


def machine(manifest: Manifest) -> str:
    """The machine of a run in one line."""
    said = manifest.machine
    gpus = said.get("gpus")
    parts = [
        f"{said['cores']} cores" if said.get("cores") else "",
        f"{said['memory_gib']} GiB memory" if said.get("memory_gib") else "",
        ", ".join(str(gpu) for gpu in gpus) if isinstance(gpus, list) and gpus else "no GPU",
        f"Python {said['python']}" if said.get("python") else "",
    ]
    return ", ".join(part for part in parts if part)


def _seconds(manifest: Manifest) -> float:
    try:
        begun, done = (datetime.fromisoformat(t) for t in (manifest.started_at, manifest.committed_at))
    except ValueError:
        return sum(manifest.seconds.values())
    # Stage times are finer than the two clock readings, which are whole seconds.
    return max(sum(manifest.seconds.values()), (done - begun).total_seconds())


def _is_repeatable(manifest: Manifest) -> bool:
    """Baselines are made by evaluate itself, so they need no command of their own."""
    if _is_untrained(manifest):
        return False
    return manifest.flow != "embed" or manifest.parameters.get("splits") is None


def _is_untrained(manifest: Manifest) -> bool:
    return manifest.flow == "train" and not manifest.result.get("images", 1)


def _command(manifest: Manifest, lake: str) -> str:
    words = ["vitrine", manifest.flow]
    if manifest.kind == "crawl" and manifest.parameters.get("source") != "import":
        words.append(str(manifest.parameters.get("url") or manifest.parameters.get("shop") or "URL"))
    elif manifest.kind == "crawl":
        words = ["vitrine", "import", str(manifest.parameters.get("path") or "PATH")]
        words += ["--shop", str(manifest.result.get("shop") or manifest.parameters.get("shop") or "NAME")]
    elif manifest.flow == "train":
        words.append(str(manifest.result.get("method") or manifest.parameters.get("method") or "METHOD"))
    return shlex.join(str(without_secrets(word)) for word in [*words, "--lake", lake])
