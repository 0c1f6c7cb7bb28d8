"""All text that the tables of a lake hold, read past every schema: what is nowhere is really gone."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from infra.lake import Lake


def stored_strings(lake: Lake) -> set[str]:
    """Every text in every part file of a local lake, however deep it lies, but for what receipts keep away."""
    found: set[str] = set()
    for path in Path(lake.root).glob("*=*/*/*.parquet"):
        if path.parent.name != "forgotten":
            for column in pq.read_table(path).columns:
                for chunk in column.chunks:
                    for texts in _texts(chunk):
                        found.update(texts.unique().to_pylist())
    return found


def _texts(values: pa.Array) -> Iterator[pa.Array]:
    kind = values.type
    if pa.types.is_string(kind):
        yield values
    elif pa.types.is_map(kind):
        yield from (*_texts(values.keys), *_texts(values.items))
    elif pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from _texts(values.flatten())
    elif pa.types.is_struct(kind):
        for field in values.flatten():
            yield from _texts(field)
