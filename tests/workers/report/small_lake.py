"""A small lake written through infra.lake with the real schemas: every table a report reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from infra.lake import Lake
from schemas.ids import image_id
from schemas.image import IMAGES
from schemas.label import LABELS, VOCABULARY
from schemas.manifest import Count, Manifest
from schemas.product import PRODUCTS, Product
from schemas.reject import REJECTS
from schemas.score import HISTORY, HITS, SCORES
from schemas.vector import vectors_schema, word_vectors_schema
from tests.workers.report.drawn_photos import COLOURS, drawn

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
ATTACK = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> {{ 7*7 }} $x$"
KINDS = ("dress", "shirt", "skirt", "coat")
WORDS = (*KINDS, *COLOURS, "summer", "cotton", "wool")
SHOPS = ("atelier-nord", "maison <b>lune</b>")
DIM = 12


class SmallLake:
    """Two shops, a label run, two train runs, embeddings, an index and an evaluation of three methods."""

    def __init__(self, folder: Path, products: int = 24, hostile: Sequence[str] = (), crowd: int = 0) -> None:
        """`hostile` texts take the place of every word and address of the products, in turn.

        crowd  photos that the last product has beyond the four of every other one
        """
        self.lake = Lake(str(folder))
        self.random = np.random.default_rng(0)
        self.products: list[tuple[Product, str, str, list[str]]] = []
        self.photos: dict[str, bytes] = {}
        for n in range(products):
            kind, colour = KINDS[n % 4], list(COLOURS)[n // 4 % len(COLOURS)]
            shop = SHOPS[n % 2]
            views = 4 + crowd * (n == products - 1)
            data = [drawn(kind, colour, n // 20 + view) + n.to_bytes(1 + n // 256) for view in range(views)]
            ids = [image_id(photo) for photo in data]
            self.photos |= dict(zip(ids, data, strict=True))
            title = (
                ATTACK
                if n == 0
                else f"{colour.title()} {kind} Art.Nr {1000 + n} – NEU!! cotton, summer & mehr"
            )
            product = Product(
                product_id=f"{shop}:{n}",
                shop=shop,
                title=title,
                source="json-ld",
                fetched_at=NOW,
                categories=("women", ATTACK if n == 4 else kind),
                price=Decimal(20 + 7 * n),
                currency="EUR",
                image_urls=tuple(f"https://shop.test/{n}/{view}.png" for view in range(views)),
                image_views=("",) * views,
            )
            if hostile:
                text = hostile[n % len(hostile)]
                product = replace(
                    product,
                    title=text,
                    brand=text,
                    categories=(text, text),
                    tags=(text,),
                    colour=text,
                    url=text,
                    image_urls=(text,) * views,
                    attributes={text: text},
                )
            self.products.append((product, kind, colour, ids))
        self.crawls = [self.crawl(shop) for shop in SHOPS]
        self.labels = self.label()
        self.trains = {"untrained": self.train(0), "corbiere": self.train(6)}
        self.embeds = {name: self.embed(name) for name in ("corbiere", "untrained", "histogram")}
        self.index = self.commit(
            "index", {}, [self.embeds["corbiere"].run_id], {"collection": "c", "upserted": 9}
        )
        self.evaluation = self.evaluate()

    def commit(
        self,
        flow: str,
        tables: Mapping[Any, Iterable[Mapping[str, object]]],
        parents: list[str],
        result: dict[str, Any],
        parameters: dict[str, Any] | None = None,
        count: Count | None = None,
        kind: str = "run",
    ) -> Manifest:
        """One committed run."""
        run = self.lake.begin(
            kind, flow, f"{flow}{self.random.random()}", parents=parents, parameters=parameters
        )
        for schema, rows in tables.items():
            writer = run.writer(schema)
            for row in rows:
                writer.write(row)
            run.add(schema, writer.close())
        run.counts[flow] = count or Count(10, 10)
        run.seconds[flow] = 1.5 + 20 * self.random.random()
        return self.lake.commit(run, result)

    def crawl(self, shop: str) -> Manifest:
        own = [entry for entry in self.products if entry[0].shop == shop]
        robots = {"allowed": True, "noai": False, "noimageai": False}
        images = [
            {"image_id": i, "bytes": self.photos[i], "media_type": "image/png", "width": 240, "height": 320}
            | {
                "declared_type": "image/png",
                "orientation": 1,
                "quality": 90,
                "phash": 1,
                "thumbnail": bytes(192),
                "url": "https://shop.test/",
                "product_id": p.product_id,
                "robots": robots,
                "fetched_at": NOW,
            }
            for p, _, _, ids in own
            for i in ids
        ]
        reject = {"stage": "image", "url": "u", "product_id": "", "detail": "", "at": NOW}
        rejects = [reject | {"reason": reason} for reason in ("too_small", "too_small", "corrupt")]
        tables = {
            PRODUCTS: [p.row(tuple(ids), NOW) for p, _, _, ids in own],
            IMAGES: images,
            REJECTS: rejects,
        }
        said = {
            "shop": shop,
            "images_new": len(images),
            "images_known": 0,
            "requests": 3 * len(own),
            "seconds": 4.2,
        }
        said["rejected"] = {"too_small": 2, "corrupt": 1} if shop == SHOPS[0] else {}
        parameters = {"shop": shop, "url": "https://key:hidden@shop.test/", "limit": None}
        return self.commit(
            "crawl",
            tables,
            [],
            said,
            parameters,
            Count(len(images) + 3, len(images), {"too_small": 2, "corrupt": 1}),
            "crawl",
        )

    def label(self) -> Manifest:
        rows = []
        for n, (product, kind, colour, ids) in enumerate(self.products):
            words = sorted({WORDS.index(kind), WORDS.index(colour), *([9, 10] if n % 3 else [11])})
            for view, photo in enumerate(ids):
                split = "train" if n % 3 == 2 else "query" if view == 0 else "gallery"
                rows.append(
                    {
                        "product_id": product.product_id,
                        "image_id": photo,
                        "words": words,
                        "split": split,
                        "group": n,
                    }
                )
        kept = [
            {"word_id": n, "word": word, "document_frequency": 40 - 3 * n, "kept": True, "why": "kept"}
            for n, word in enumerate(WORDS)
        ]
        gone = [("und", 60, "stop word"), ("neu", 55, "site word"), ("art", 50, "site word")]
        gone += [(f"rare{chr(97 + n)}", 1, "too rare") for n in range(20)]
        dropped = [
            {"word_id": -1, "word": word, "document_frequency": n, "kept": False, "why": why}
            for word, n, why in gone
        ]
        said = {"products": len(self.products), "words_kept": len(kept), "words_dropped": {"too rare": 20}}
        parents = [crawl.run_id for crawl in self.crawls]
        return self.commit("label", {LABELS: rows, VOCABULARY: kept + dropped}, parents, said, {"rarest": 2})

    def train(self, epochs: int) -> Manifest:
        history = [
            {"phase": "words" if n < 2 else "all", "epoch": n + 1, "images": 100 * n, "loss": 3 / (n + 1)}
            | {
                "validation_loss": 3.2 / (n + 1) + 0.1,
                "learning_rate": 0.01,
                "images_per_second": 40.0 - 20 * (n > 1),
            }
            for n in range(epochs)
        ]
        words = [{"word_id": n, "word": word, "vector": self.meaning(word)} for n, word in enumerate(WORDS)]
        said: dict[str, object] = {
            "method": "corbiere",
            "checkpoint": "ab" * 32,
            "metrics": {"loss": 0.5},
            "seconds": 9.0,
            "images": epochs,
        }
        said |= {"images_per_second": 31.5, "origin": "random"}
        parameters = {"method": "corbiere", "config": {"epochs": epochs, "dim": DIM, "weights": "random"}}
        tables: dict[Any, list[dict[str, Any]]] = (
            {HISTORY: history, word_vectors_schema(DIM): words} if epochs else {}
        )
        return self.commit("train", tables, [self.labels.run_id], said, parameters)

    def meaning(self, word: str) -> list[float]:
        return [float(n == WORDS.index(word)) for n in range(DIM)]

    def embed(self, method: str) -> Manifest:
        noise = {"corbiere": 0.22, "untrained": 0.55, "histogram": 0.38}[method]
        self.vectors = getattr(self, "vectors", {})
        rows = []
        for _, kind, colour, ids in self.products:
            own = self.random.normal(0, 0.3, DIM)
            for photo in ids:
                z = np.add(self.meaning(kind), self.meaning(colour)) + own + self.random.normal(0, noise, DIM)
                vector = (z / np.linalg.norm(z)).astype(np.float32)
                self.vectors[method, photo] = vector
                rows.append({"image_id": photo, "fingerprint": f"print-{method}", "vector": vector})
        parents = [self.labels.run_id, *([self.trains[method].run_id] if method in self.trains else [])]
        said = {
            "fingerprint": f"print-{method}",
            "method": method,
            "embedded": len(rows),
            "images_per_second": 99.0,
        }
        parameters = {"method": method, "splits": None if method == "corbiere" else ["query", "gallery"]}
        return self.commit("embed", {vectors_schema(DIM): rows}, parents, said, parameters)

    def evaluate(self) -> Manifest:
        held = [entry for n, entry in enumerate(self.products) if n % 3 != 2]
        gallery = [photo for *_, ids in held for photo in ids[1:]]
        hits, scores = [], []
        for method in self.embeds:
            ranks: list[tuple[str, int]] = []
            matrix = np.stack([self.vectors[method, photo] for photo in gallery])
            for product, kind, _, ids in held:
                values = matrix @ self.vectors[method, ids[0]]
                order = np.argsort(-values)
                rank = 1 + min(int(np.flatnonzero(order == gallery.index(photo))[0]) for photo in ids[1:])
                ranks.append((kind, rank))
                for searched in ("exact",):
                    hits.append(
                        {"fingerprint": f"print-{method}", "query_id": ids[0], "rank": rank, "filter": ""}
                        | {"product_id": product.product_id}
                        | {"image_ids": [gallery[n] for n in order[:50]], "similarities": values[order[:50]]}
                        | {"searched": searched}
                    )
            for name in ("all", *KINDS):
                own = [rank for kind, rank in ranks if name in ("all", kind)]
                for k in (1, 20, 50):
                    scores.append(
                        self.score("item-retrieval", name, "recall", k, [r <= k for r in own], method)
                    )
            if method == "corbiere":
                for way in ("exact", "index"):
                    for k in (1, 20):
                        right = [rank <= k for _, rank in ranks]
                        scores.append(self.score(f"live-retrieval:{way}", "all", "recall", k, right, method))
            first = [rank == 1 for _, rank in ranks]
            scores.append(self.score("item-retrieval", "all", "r-precision", 0, first, method))
            if method != "histogram":
                for k in (1, 3, 5):
                    right = [self.random.random() < 0.2 * k for _ in held]
                    scores.append(self.score("zero-shot:colour", "all", "accuracy", k, right, method))
        parents = [
            self.labels.run_id,
            *(r.run_id for r in self.embeds.values()),
            *(r.run_id for r in self.trains.values()),
        ]
        said = {"main": {"method": "corbiere", "fingerprint": "print-corbiere"}, "scores": []}
        line = "R@20 exact 0.712 -> index 0.709 -> in stock only 0.690"
        said["index"] = {"queries": len(held), "entities": 96, "line": line, "overlap_at_10": 0.99}
        return self.commit("evaluate", {HITS: hits, SCORES: scores}, parents, said, {"main": "corbiere"})

    def score(
        self, benchmark: str, name: str, metric: str, k: int, right: list[bool], method: str
    ) -> dict[str, object]:
        value = float(np.mean(right))
        row = {
            "benchmark": benchmark,
            "slice": name,
            "metric": metric,
            "k": k,
            "value": value,
            "n": len(right),
        }
        row |= {"ci_low": max(0, value - 0.1), "ci_high": min(1, value + 0.1)}
        return row | {"fingerprint": f"print-{method}", "method": method}
