"""The words of many products as numbers: all that one pass over the shops' texts leaves behind.

A bag of a field is its distinct words. Which of them are kept is known only when all texts were read, so all stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from numpy.typing import NDArray

from workers.data.columns import Csr
from workers.text.languages import guess, longest_text
from workers.text.words import FIELDS, product_words

_ROWS = 1_000  # products as Python objects at a time

BAGS = pa.schema(
    [
        ("unit", pa.int32()),  # of the caller
        ("words", pa.list_(pa.string())),
        *((f"{field}_{part}", pa.list_(pa.int32())) for field in FIELDS for part in ("counts", "ids")),
        ("shops", pa.list_(pa.string())),
        ("languages", pa.list_(pa.string())),
        ("confidences", pa.list_(pa.float64())),
    ]
)


@dataclass(frozen=True)
class Bags:
    """What R products say.

    words        distinct words, by their number
    fields       per field of FIELDS, the numbers of each product's distinct words in order of first appearance
    shops        (R,) names
    languages    (R,) what the longest text of each is in, and
    confidences  (R,) how likely, 0 to 1
    """

    words: Sequence[str]
    fields: Mapping[str, Csr]
    shops: Sequence[str]
    languages: Sequence[str]
    confidences: NDArray[np.float64]

    def union(self, fields: Sequence[str]) -> Csr:
        """The distinct words of some fields of each product, ascending."""
        rows = [np.repeat(np.arange(len(self.shops)), self.fields[field].counts) for field in fields]
        ids = [self.fields[field].ids for field in fields]
        return Csr.of_pairs(np.concatenate(rows), np.concatenate(ids), len(self.shops), len(self.words))

    def numbered(self, numbers: dict[str, int]) -> "Bags":
        """The same with the numbers of a larger set of words, which grows by what is new; `words` are left behind."""
        new = np.array([numbers.setdefault(word, len(numbers)) for word in self.words], np.int32)
        fields = {name: Csr(bag.starts, new[bag.ids]) for name, bag in self.fields.items()}
        return Bags((), fields, self.shops, self.languages, self.confidences)

    def row(self, unit: int) -> pa.Table:
        """A table of BAGS with one row."""
        flat = [part for bag in self.fields.values() for part in (bag.counts, bag.ids)]
        lists = [self.words, *flat, self.shops, self.languages, self.confidences]
        columns = [
            pa.ListArray.from_arrays([0, len(values)], pa.array(values, field.type.value_type))
            for values, field in zip(lists, list(BAGS)[1:], strict=True)
        ]
        return pa.Table.from_arrays([pa.array([unit], pa.int32()), *columns], schema=BAGS)

    @classmethod
    def of_row(cls, table: pa.Table | pa.RecordBatch, number: int = 0) -> "Bags":
        """From one row of a table of BAGS."""
        row = {name: table[name][number] for name in BAGS.names[1:]}
        fields = {}
        for name in FIELDS:
            counts, ids = (row[f"{name}_{part}"].values.to_numpy() for part in ("counts", "ids"))
            fields[name] = Csr(np.r_[0, np.cumsum(counts, dtype=np.int64)], ids)
        words, shops, languages = (row[name].values.to_pylist() for name in ("words", "shops", "languages"))
        return cls(words, fields, shops, languages, row["confidences"].values.to_numpy())


def read_bags(products: pa.Table) -> Bags:
    """Read the words and languages of products with the columns of FIELDS and `shop`."""
    numbers: dict[str, int] = {}
    ids: dict[str, list[list[int]]] = {field: [] for field in FIELDS}
    shops, languages, confidences = [], [], []
    for batch in products.to_batches(_ROWS):
        for product in batch.to_pylist():
            for field, bags in ids.items():
                words = product_words(product, [field])
                bags.append([numbers.setdefault(word, len(numbers)) for word in words])
            language, confidence = guess(longest_text(product))
            shops.append(product["shop"])
            languages.append(language)
            confidences.append(confidence)
    fields = {field: Csr.of(bags) for field, bags in ids.items()}
    return Bags(list(numbers), fields, shops, languages, np.array(confidences, np.float64))


class ReadBags:
    """A Ray Data actor, or a function of this process: places of products -> BAGS.

    filesystem   where the parts lie
    """

    def __init__(self, filesystem: pafs.FileSystem) -> None:
        self.filesystem = filesystem

    def __call__(self, units: pa.Table) -> pa.Table:
        """Read units: tables with the columns unit, path, row_group, and rows, positions within the row group."""
        return pa.concat_tables(self._read(unit) for unit in units.to_pylist())

    def _read(self, unit: Mapping[str, object]) -> pa.Table:
        with self.filesystem.open_input_file(unit["path"]) as file:
            table = pq.ParquetFile(file).read_row_group(unit["row_group"], columns=[*FIELDS, "shop"])
        return read_bags(table.take(pa.array(unit["rows"], pa.int64()))).row(int(str(unit["unit"])))
