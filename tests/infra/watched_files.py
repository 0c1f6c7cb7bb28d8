"""A lake's filesystem that is watched: what was read, listed and written, and a moment at which something happens."""

import os
from collections.abc import Callable
from typing import Any

import pyarrow.fs as pafs

from infra.lake import Lake

_CHANGES = ("open_output_stream", "delete_file", "delete_dir", "move")
_READS = ("open_input_stream", "open_input_file")


class Watched:
    """Everything of a filesystem, with the paths that were read, listed and changed.

    before  called ahead of each change with its name and path; what it raises, the change raises
    """

    def __init__(self, filesystem: pafs.FileSystem, before: Callable[[str, str], None] | None = None) -> None:
        self._filesystem, self.before = filesystem, before
        self.reads: list[str] = []
        self.lists: list[str] = []
        self.changes: list[str] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._filesystem, name)
        if name == "get_file_info":
            return self._listed
        if name not in (*_CHANGES, *_READS):
            return real

        def watched(path: str, *more: Any) -> Any:
            if name in _READS:
                self.reads.append(path)
            else:
                self.changes.append(path)
                if self.before:
                    self.before(name, path)
                if isinstance(self._filesystem, pafs.LocalFileSystem) and name == "open_output_stream":
                    os.makedirs(
                        os.path.dirname(path), exist_ok=True
                    )  # of a watched file nobody knows it is local
            return real(path, *more)

        return watched

    def _listed(self, what: Any) -> Any:
        if isinstance(what, pafs.FileSelector):
            self.lists.append(what.base_dir)
        return self._filesystem.get_file_info(what)


def watched(uri: str, before: Callable[[str, str], None] | None = None) -> tuple[Lake, Watched]:
    """A lake, opened anew, and the watch on its files."""
    lake = Lake(uri)
    watch = Watched(lake.filesystem, before)
    lake.filesystem = watch
    return lake, watch
