"""The search page under load on loopback, beside the bare work of one answer: the encoder and the index alone.

    python tests/bench/serve_load.py                     rounds of each, in turn, on a lake of drawn photos
    python tests/bench/serve_load.py --products 1000 --questions 400 --rounds 5

Bare is what an answer cannot do without, in one thread of one process: of a photo the decoding and the network, of
words their vector; then the same calls of the index: photos by their ids (and vectors, to words), and what it says of a
page of them. The page runs as `vitrine serve`, a process of its own, and is asked by 1, 8 and 32 clients for JSON and
for HTML. Both sides take turns, so that what else the machine does meets both. Overhead is the page's median with one
client over bare's (goal 15 %), and bare's answers a second over the page's with more of them. Last, 8 clients ask while
another model is published and taken back by commands (goal: no fault). Nothing here judges; it prints.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
from numpy.typing import NDArray

from flows.queries.live import searched
from flows.queries.photo_encoder import photo_encoder
from flows.queries.products_found import IDS, PHOTOS_A_PRODUCT
from flows.queries.search import word_layer, words_asked
from flows.queries.words_found import LOOKED_AT, VECTOR, WordsAsked, likelihoods_of
from flows.serve.asking.questions import PAGE
from infra.lake import Lake
from infra.milvus.rows import NAMES
from infra.milvus.store import VectorStore
from tests.bench.served.clients import Answered, asked
from tests.bench.served.load_lake import load_lake
from tests.flows.lake_commands import vitrine
from tests.flows.serve.serving_process import serving
from workers.retrieval.query_words import QueryReader

CLIENTS = (1, 8, 32)
WORDS = 8
PHOTOS = 24
GIVEN_UP_S = 1.5  # after which an idle page has given the index up


@dataclass
class Side:
    """Rounds of one kind of question, asked one way."""

    rounds: list[Answered] = field(default_factory=list)

    def told(self, share: float) -> float:
        """The median of the rounds, in milliseconds."""
        return float(np.median([each.at(share) for each in self.rounds]))

    @property
    def rate(self) -> float:
        """Answers a second, the median of the rounds."""
        return float(np.median([each.rate for each in self.rounds]))


class Bare:
    """An answer's encoder and index, without a page."""

    def __init__(self, lake: Lake, milvus: str) -> None:
        self.indexed = searched(lake, None)
        self.encoder = photo_encoder(lake, self.indexed)
        self.layer = word_layer(lake, lake.run(self.indexed.result["train"]))
        likelihoods = likelihoods_of(lake, self.indexed)
        assert likelihoods, "the index of a method that learns words says how likely they are"
        self.likelihoods = likelihoods
        self.reader = QueryReader(self.layer.ids)
        names = list(self.layer.ids)[:WORDS]
        self.questions = [*names, *map(" ".join, pairwise(names))]
        self.milvus = milvus

    def asked(self, kind: str, photos: list[bytes], questions: int) -> Answered:
        """Answer so many questions, one after the other."""
        found = Answered()
        with VectorStore(self.milvus, create=False) as store:
            store.length(self.indexed.result["collection"])  # loads it
            begun = time.perf_counter()
            for number in range(questions):
                one = time.perf_counter()
                if kind == "photo":
                    vector = self.encoder.one("photo", photos[number % len(photos)])
                    self._index(store, vector[None], PHOTOS_A_PRODUCT * PAGE, IDS)
                else:
                    question = words_asked(self.reader, self.questions[number % len(self.questions)])
                    meant = WordsAsked(self.layer.vectors, question.ways, self.likelihoods)
                    self._index(store, meant.directions(), LOOKED_AT, [*IDS, VECTOR])
                found.seconds.append(time.perf_counter() - one)
            found.elapsed = time.perf_counter() - begun
        return found

    def _index(self, store: VectorStore, vectors: NDArray[np.float32], k: int, facts: Sequence[str]) -> None:
        """Photos, and what a page of them shows."""
        collection = self.indexed.result["collection"]
        found = store._client.search(collection, vectors.tolist(), limit=k, output_fields=list(facts))
        if VECTOR in facts:  # by which words order what was found
            np.array([hit["entity"][VECTOR] for hit in found[0]], np.float32)
        shown = [hit["key"] for hit in found[0][:PAGE]]
        store._client.query(collection, ids=shown, output_fields=list(NAMES))


def main() -> None:
    """Measure, and print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--products", type=int, default=500, help="of the lake, with four photos each")
    parser.add_argument(
        "--lake", help="a folder with a lake in which one index is live, and a newer one judged"
    )
    parser.add_argument("--questions", type=int, default=200, help="in each round of each load")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(given.lake or f"{folder}/lake").absolute()
        if not given.lake:
            load_lake(place, given.products)
        lake = Lake(str(place))
        bare = Bare(lake, str(place / "milvus.db"))
        photos = lake.table(lake.newest("crawl"), "images", ["bytes"])["bytes"].to_pylist()[:PHOTOS]
        with serving(place, Path(folder, "log"), "--rate", "1000000") as url:
            paths = _paths(url, photos, bare.questions)
            print(f"{bare.indexed.result['entities']} photos in the index, {given.rounds} rounds", flush=True)
            _measure(bare, url, photos, paths, given.questions, given.rounds)
            _while_published(place, url, paths, lake.newest("index").run_id)


def _measure(
    bare: Bare,
    url: str,
    photos: list[bytes],
    paths: dict[tuple[str, str], list[str]],
    questions: int,
    rounds: int,
) -> None:
    alone = {kind: Side() for kind in ("words", "photo")}
    loads = {(kind, form, clients): Side() for kind, form in paths for clients in CLIENTS}
    for each in paths.values():
        asked(url, each, 2, 10)  # what is done once only
    for _ in range(rounds):
        for kind, side in alone.items():
            time.sleep(GIVEN_UP_S)
            side.rounds.append(bare.asked(kind, photos, questions))
        for (kind, form, clients), side in loads.items():
            side.rounds.append(asked(url, paths[kind, form], clients, questions))
            last = side.rounds[-1]
            print(
                f"  {kind}, {form}, {clients}: {last.rate:.1f}/s {last.faults or ''}",
                file=sys.stderr,
                flush=True,
            )
    for kind, side in alone.items():
        print(f"{kind}, bare: p50 {side.told(0.5):.1f} ms, p95 {side.told(0.95):.1f} ms, {side.rate:.1f}/s")
    for (kind, form, clients), side in loads.items():
        own = alone[kind]
        more = side.told(0.5) / own.told(0.5) if clients == 1 else own.rate / side.rate
        faults = sum(sum(each.faults.values()) for each in side.rounds)
        print(
            f"{kind}, {form}, {clients} clients: p50 {side.told(0.5):.1f} ms, p95 {side.told(0.95):.1f} ms, "
            f"{side.rate:.1f}/s, overhead {100 * (more - 1):+.0f} %, {faults} faults"
        )


def _paths(url: str, photos: list[bytes], questions: list[str]) -> dict[tuple[str, str], list[str]]:
    """What is asked, by words and photos, for JSON and for the page."""
    names = [_given(url, data) for data in photos]
    words = [f"words={each.replace(' ', '+')}" for each in questions]
    asks = {"words": words, "photo": [f"photo={name}" for name in names]}
    forms = {"JSON": "/api/search?", "page": "/?"}
    return {
        (kind, form): [start + each for each in own]
        for kind, own in asks.items()
        for form, start in forms.items()
    }


def _given(url: str, data: bytes) -> str:
    """Give the page a photo; returns its name there."""
    edge = b"edge-of-the-form"
    head = b'Content-Disposition: form-data; name="file"; filename="photo.png"\r\n\r\n'
    body = b"--" + edge + b"\r\n" + head + data + b"\r\n--" + edge + b"--\r\n"
    kind = {"content-type": f"multipart/form-data; boundary={edge.decode()}"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}api/photos", body, kind)) as answer:
        return str(json.load(answer)["photo"])


def _while_published(lake: Path, url: str, paths: dict[tuple[str, str], list[str]], other: str) -> None:
    told: list[str] = []

    def changes() -> None:
        steps: list[tuple[str, Callable[[], object]]] = [
            ("publish", lambda: vitrine(lake, "publish", "--index", other, "--force", "--why", "a bench")),
            ("rollback", lambda: vitrine(lake, "rollback")),
        ]
        for name, change in steps:
            change()
            told.append(name)
            time.sleep(5)  # the page follows within seconds

    mixed = [path for each in paths.values() for path in each]
    found = asked(url, mixed, 8, meanwhile=changes)
    print(
        f"8 clients while {' and '.join(told)}: {len(found.seconds)} answers, p50 {found.at(0.5):.0f} ms, "
        f"p95 {found.at(0.95):.0f} ms, longest {found.at(1):.0f} ms, {found.rate:.1f}/s, "
        f"faults {found.faults or 'none'}"
    )


if __name__ == "__main__":
    main()
