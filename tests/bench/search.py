"""What an index costs to load, to search and to judge, beside the same work done bare; and a search from a cold shell.

    python tests/bench/search.py                    everything, small enough for 15 minutes
    python tests/bench/search.py --only loads       rows a second into Lite and a server, beside pymilvus (goal 0.90)
    python tests/bench/search.py --only kinds       recall@10 and queries a second: faiss, Lite, a server (--rows N ...)
    python tests/bench/search.py --only evaluation  ranks in a whole gallery beside faiss's flat search (goal 1.25)
    python tests/bench/search.py --only cold        seconds of `vitrine search`, by words and by photo (goals 2 and 6)

One thread a process. Vectors are drawn: clusters on a sphere, as products have several photos and kinds have many
products. The server is that of the tests (`make milvus`); where it is missing that is said.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.found import cold, evaluation, kinds, loads

PARTS = {"loads": loads, "kinds": kinds, "evaluation": evaluation, "cold": cold}


def main() -> None:
    """Run the parts that are wanted, one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=PARTS, help="one part")
    for part in PARTS.values():
        part.options(parser)
    given = parser.parse_args()
    for name, part in PARTS.items():
        if given.only in (None, name):
            print(f"-- {name}", flush=True)
            part.measure(given)


if __name__ == "__main__":
    main()
