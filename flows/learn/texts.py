"""One pass over the shops' texts: words, languages and how often which word stands where, row group by row group.

Few products are read by this process, many by Ray Data's actors, one a core; either leaves the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flows.learn.bag_spool import BagSpool
from flows.learn.shown_photos import ShownPhotos
from flows.progress import Stage
from flows.running.started_ray import started_ray
from infra.lake import Lake
from schemas.manifest import Manifest
from workers.text.bags import Bags, ReadBags
from workers.text.languages import ShopLanguages
from workers.text.vocabulary import WordTally

FEW = 30_000  # products that this process reads as soon as Ray would have started: 0.4 ms each


@dataclass(frozen=True)
class Unit:
    """A row group of products: where it lies, and the product of each row as in ShownPhotos.place."""

    path: str
    row_group: int
    place: NDArray[np.int64]

    @property
    def labelled(self) -> NDArray[np.int64]:
        """Rows of products with a stored photo."""
        return np.flatnonzero(self.place >= 0)

    def table(self, number: int) -> pa.Table:
        """What workers.text.bags.ReadBags reads."""
        columns = {"path": self.path, "row_group": self.row_group, "rows": self.labelled.tolist()}
        return pa.Table.from_pylist([{"unit": number} | columns])


@dataclass(frozen=True)
class Said:
    """What the texts of the train side say.

    tally      words in how many products
    languages  of the shops
    numbers    word -> number in the bags, every word of every labelled product
    """

    tally: WordTally
    languages: ShopLanguages
    numbers: dict[str, int]


def units_of(lake: Lake, crawls: Sequence[Manifest], shown: ShownPhotos) -> list[Unit]:
    """The row groups of the crawls' products, in the order of their rows."""
    units, first = [], 0
    for crawl in crawls:
        for path in lake.part_paths(crawl, "products"):
            with lake.part(path) as part:
                for group in range(part.metadata.num_row_groups):
                    last = first + part.metadata.row_group(group).num_rows
                    units.append(Unit(path, group, shown.place[first:last]))
                    first = last
    return units


def read_texts(
    lake: Lake,
    units: Sequence[Unit],
    columns: Sequence[str],
    out: NDArray[np.bool_],
    spool: BagSpool,
    step: Stage,
) -> Said:
    """Read the texts of all labelled products into `spool`; count the words of some columns where not held `out`."""
    said = Said(WordTally(), ShopLanguages(), {})
    for number, local in _read(lake, units):
        bags = local.numbered(said.numbers)
        place = units[number].place[units[number].labelled]
        _count(said, local, columns, np.flatnonzero(~out[place]))
        spool.add(number, bags)
        step.advance(len(place))
    return said


def _read(lake: Lake, units: Sequence[Unit]) -> Iterator[tuple[int, Bags]]:
    """Bags of each unit, by its place; in any order."""
    tables = [unit.table(number) for number, unit in enumerate(units) if len(unit.labelled)]
    if sum(len(unit.labelled) for unit in units) <= FEW:
        reader = ReadBags(lake.filesystem)
        found: Iterator[pa.Table] = map(reader, tables)
    else:
        found = _by_ray(lake, tables)
    for table in found:
        for row in range(len(table)):
            yield table["unit"][row].as_py(), Bags.of_row(table, row)


def _by_ray(lake: Lake, tables: Sequence[pa.Table]) -> Iterator[pa.Table]:
    from ray.data import (
        ActorPoolStrategy,
        DataContext,
        from_arrow,
    )  # two seconds that few products need not pay

    with started_ray(lake) as cluster:
        DataContext.get_current().execution_options.preserve_order = False
        bags = from_arrow(tables).map_batches(
            ReadBags,
            fn_constructor_kwargs={"filesystem": lake.filesystem},
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=1,
            compute=ActorPoolStrategy(size=max(1, min(cluster.cores, len(tables)))),
        )
        yield from bags.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1)


def _count(said: Said, bags: Bags, columns: Sequence[str], learnt: NDArray[np.int64]) -> None:
    """Count the words of the products learnt from, by shop and language; bags with their own words."""
    words = bags.union(columns).take(learnt)
    buckets: dict[tuple[str, str], list[int]] = {}
    for row, product in enumerate(learnt.tolist()):
        shop = bags.shops[product]
        language = said.languages.observe(shop, bags.languages[product], float(bags.confidences[product]))
        buckets.setdefault((shop, language), []).append(row)
    for (shop, language), rows in buckets.items():
        numbers = words.take(np.array(rows)).photos_per_id()
        there = np.flatnonzero(numbers)
        found = {
            bags.words[word]: number
            for word, number in zip(there.tolist(), numbers[there].tolist(), strict=True)
        }
        said.tally.add(found, shop, language)
