"""What Prefect costs a small command: the wait for its private API, and a flow run of one empty task.

Runs the real thing twice in fresh processes (the first creates the database) and prints the second.
Goal: under 5 s on a quiet machine.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import json, time
from flows.orchestration import PrivateApi
begun = time.perf_counter()
api = PrivateApi()
import flows.learn.label  # a command's own imports go on meanwhile
imported = time.perf_counter() - begun
api.wait()
from prefect import flow, task
@task
def nothing(): return 0
@flow
def empty(): return nothing()
ran = time.perf_counter()
empty()
print(json.dumps({"imports_s": imported, "waited_s": api.seconds_waited, "run_s": time.perf_counter() - ran}))
"""


def main() -> None:
    """Print the share of a command that is orchestration."""
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {
            "PREFECT_HOME": home,
            "PYTHONPATH": str(ROOT),
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
        }
        env.pop("PREFECT_API_URL", None)
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, check=True
            )
        found = json.loads(done.stdout.splitlines()[-1])
    waited, ran = found["waited_s"], found["run_s"]
    print(
        f"own imports {found['imports_s']:.1f} s, the API started beside them; then waited for it {waited:.1f} s"
    )
    print(
        f"flow run of one empty task {ran:.1f} s; orchestration in all {waited + ran:.1f} s (goal 5, quiet machine)"
    )


if __name__ == "__main__":
    main()
