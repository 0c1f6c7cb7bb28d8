"""Bags of words that wait on this machine's disk until the vocabulary is known: memory holds one unit at a time."""

import tempfile
from types import TracebackType

import pyarrow as pa

from workers.text.bags import BAGS, Bags


class BagSpool:
    """A file of BAGS that is gone when it is left; written once in any order, then read by unit.

    path  where it lies
    """

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="vitrine-bags-")  # noqa: SIM115  # until it is left
        self.path = self._file.name
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        self._writer = pa.ipc.new_file(self.path, BAGS, options=options)
        self._place: dict[int, int] = {}
        self._reader: pa.ipc.RecordBatchFileReader | None = None

    def __enter__(self) -> "BagSpool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._file.close()

    def add(self, unit: int, bags: Bags) -> None:
        """Write the bags of a unit."""
        self._place[unit] = len(self._place)
        self._writer.write_table(bags.row(unit))

    def read(self, unit: int) -> Bags:
        """The bags of a unit, as they were added; nothing can be added afterwards."""
        if self._reader is None:
            self._writer.close()
            self._reader = pa.ipc.open_file(self.path)
        return Bags.of_row(self._reader.get_batch(self._place[unit]))
