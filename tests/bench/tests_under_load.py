"""`make test` alone on this machine, and with another process busy on one core: seconds of both, and their ratio.

Goals: under 360 s alone on two quiet cores, at most 2.5 times that beside the busy process. The first line says how
busy the machine was before; where that is not about 0, the first figure is none of a quiet machine. Nothing here
judges the times; a suite that fails ends it.
"""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def seconds_of_suite() -> float:
    """Run the suite as a user does; its last line is shown. Raises SystemExit where a test fails."""
    begun = time.monotonic()
    done = subprocess.run(["make", "test"], cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    print(*done.stdout.splitlines()[-1:], flush=True)
    if done.returncode:
        sys.exit(done.stdout[-2_000:])
    return seconds


def main() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{platform.machine()}, {cores} cores, load before: {os.getloadavg()[0]:.2f}", flush=True)
    alone = seconds_of_suite()
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        beside = seconds_of_suite()
    finally:
        busy.kill()
        busy.wait()
    print(f"alone {alone:.0f} s, beside a busy process {beside:.0f} s: {beside / alone:.2f} times as long")


if __name__ == "__main__":
    main()
