"""What `vitrine embed` takes by how many photos there are: seconds a photo, and memory of its processes.

Small JPEGs under new ids, and a network as small as one can be, so that what grows with the number of photos is seen
beside little else. Each size is stocked by a process of its own and embedded, through the flow's task, by another.
Start-up does not count. Seconds of a core are those of the actors' processes; neighbours on a shared machine change
them less than the wall's. Memory of all processes counts each page once (PSS, looked at every five seconds), the
driver's is its peak. Goals: seconds a photo within 10 % between sizes, memory of all within 1.3 times, the driver's
under 100 bytes for each photo more.

    python tests/bench/embed_scale.py [--photos 10000 100000 [1000000]] [--rounds N]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.embedded.scale import FOUND, PICTURES, SMALL_PX

SCRIPT = Path(__file__).parent / "embedded/scale.py"
SIZES = (10_000, 100_000)


def measured(photos: int, rounds: int) -> dict[str, Any]:
    """Embed so many photos, as often as there are rounds: medians of rates, the most of all memory."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            _said("stock", f"{folder}/lake", photos)
            found.append(json.loads(_said("embed", f"{folder}/lake", photos).rpartition(FOUND)[2]))
    whole = {name: max(one[name] for one in found) for name in ("driver", "all", "worker_mib")}
    rates = {
        "wall": median(1000 / one["images_per_second"] for one in found),
        "core": median(one["cpu_s_per_1000"] for one in found),
    }
    return whole | rates | {"verdict": found[-1]["verdict"], "start": found[-1]["start_seconds"]}


def _said(what: str, folder: str, photos: int) -> str:
    command = [sys.executable, str(SCRIPT), what, folder, str(photos)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return done.stdout


def main() -> None:
    """Print a line for each size, and how each compares with the smallest."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--photos", nargs="+", type=int, default=SIZES)
    asked.add_argument("--rounds", type=int, default=1)
    given = asked.parse_args()
    print(
        f"JPEGs of {SMALL_PX[0]} x {SMALL_PX[1]}, {PICTURES} pictures under new ids; house at 16 px, D = 16"
    )
    least: dict[str, Any] = {}
    for photos in sorted(given.photos):
        found = measured(photos, given.rounds)
        print(
            f"{photos:>9,} photos: {found['wall']:.3f} ms by the wall, {found['core']:.3f} ms of a core each; peak of"
            f" all processes {found['all'] >> 20} MiB, of a worker {found['worker_mib']}, of the driver"
            f" {found['driver'] >> 20}; start {found['start']:.1f} s\n          {found['verdict']}",
            flush=True,
        )
        if least:
            more = (found["driver"] - least["driver"]) / (photos - least["photos"])
            print(
                f"          beside {least['photos']:,}: {found['wall'] / least['wall']:.2f} by the wall,"
                f" {found['core'] / least['core']:.2f} of a core, {found['all'] / least['all']:.2f} of the memory;"
                f" the driver {more:.0f} bytes for each photo more",
                flush=True,
            )
        least = least or found | {"photos": photos}


if __name__ == "__main__":
    main()
