"""flows/learn/bag_spool.py: what was added in any order is read by its unit, and the file goes."""

from pathlib import Path

import numpy as np

from flows.learn.bag_spool import BagSpool
from workers.data.columns import Csr
from workers.text.bags import Bags
from workers.text.words import FIELDS


def bags(*words: int) -> Bags:
    return Bags((), dict.fromkeys(FIELDS, Csr.of([list(words)])), [f"shop {words}"], ["en"], np.array([0.5]))


def test_units_come_back_as_they_were_added() -> None:
    with BagSpool() as spool:
        for unit in (5, 0, 3):
            spool.add(unit, bags(unit, unit + 1))
        name = spool.path

        for unit in (0, 3, 5, 3):
            found = spool.read(unit)
            assert found.fields["tags"].ids.tolist() == [unit, unit + 1]
            assert list(found.shops) == [f"shop {(unit, unit + 1)}"]
        assert Path(name).exists()

    assert not Path(name).exists()
