"""flows/crawl/crawl_process.py as a process: what it answers on stdout, and what it does without."""

import json
import subprocess
import sys

from tests.flows.processes import ROOT

SAYS_MODULES = """
import atexit, sys
from flows.crawl import crawl_process
import pyarrow

def report():
    print(pyarrow.array([1, 2]), *(name for name in sys.modules if name.startswith("pandas.")), file=sys.stderr)

atexit.register(report)
sys.exit(crawl_process.main())
"""


def test_a_refusal_is_one_line_and_arrays_are_made_without_pandas() -> None:
    request = {"do": "doctor", "shop": "acme", "url": "https://shop.example/", "contact": "", "profile": ""}

    done = subprocess.run(
        [sys.executable, "-c", SAYS_MODULES],
        cwd=ROOT, input=json.dumps(request) + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip

    (line,) = done.stdout.splitlines()
    error = json.loads(line)["error"]
    assert done.returncode == 1
    assert error["type"] == "InputError" and "--contact" in " ".join(error["args"])
    assert "1,\n" in done.stderr and "pandas." not in done.stderr
