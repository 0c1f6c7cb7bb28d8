"""The other side of flows.crawl.crawl_process: starts it, asks one thing, shows how far it is, returns its answer."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from flows.orchestration import die_with_parent
from flows.progress import Stage, stage
from schemas import errors

_SHOWN = {"page": "products", "image": "photos", "import": "rows"}
_ROOT = Path(__file__).resolve().parents[2]

# One process per shop, side by side, for hours: memory that was used once goes back.
FRUGAL = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}


def converse(request: Mapping[str, Any], shop: str) -> dict[str, Any]:
    """Run the process to its end and show how far it is.

    Raises the PipelineError that it reports, or RuntimeError with its last words where it broke.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.crawl.crawl_process"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            encoding="utf-8",
            env=os.environ | FRUGAL,
            preexec_fn=die_with_parent,
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            with process.stdin as stdin:
                stdin.write(json.dumps(request, default=str) + "\n")
            last = _follow(process.stdout, shop)
            process.wait()
        finally:
            process.kill()  # also when the flow is cancelled; a process that has ended does not mind
            process.wait()
            process.stdout.close()
        if "done" in last:
            return dict(last["done"])
        if "error" in last:
            raise getattr(errors, last["error"]["type"])(*last["error"]["args"])
        said.seek(0)
        words = said.read().decode(errors="replace").strip().splitlines()
        raise RuntimeError(
            f"the crawl of {shop} broke with code {process.returncode}: " + "\n".join(words[-20:])
        )


def _follow(lines: Iterable[str], shop: str) -> dict[str, Any]:
    """Show progress lines as stages; returns the last line, which is no progress where all went well."""
    message: dict[str, Any] = {}
    with ExitStack() as shown:
        step: Stage | None = None
        name = ""
        for line in lines:
            message = json.loads(line)
            if (news := message.get("progress")) is None:
                continue
            if news["stage"] != name:
                name = news["stage"]
                shown.close()
                unit = _SHOWN.get(name, name)
                step = shown.enter_context(stage(f"{shop}: {unit}", news["total"], unit))
            assert step is not None
            step.reach(news["done"], total=news["total"], note=news["note"])
    return message
