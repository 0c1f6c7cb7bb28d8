"""Where a Ray of this machine keeps its sockets and log files, and what goes of them."""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

LONGEST_TEMPORARY = 40  # characters: Ray puts sockets below it, and a socket's path ends at 107
KEPT_S = 24 * 3600


def temporary_folder() -> Path:
    """Return the folder of this user's sessions."""
    place = Path(tempfile.gettempdir())
    if len(str(place)) > LONGEST_TEMPORARY:
        place = Path("/tmp")
    return place / f"vitrine-ray-{os.getuid()}"


def session_folder() -> str:
    """Return the folder of the session that this process started; empty where it started none."""
    import ray

    node: Any = ray._private.worker._global_node
    return str(node.get_session_dir_path()) if node else ""


def remove_old_sessions(folder: Path) -> None:
    """Sessions of killed processes, a day after; Ray itself never removes them."""
    for session in folder.glob("session_2*_*"):
        with contextlib.suppress(OSError, ValueError):
            dead = not Path(f"/proc/{session.name.rpartition('_')[2]}").exists()
            if dead and time.time() - session.stat().st_mtime > KEPT_S:
                shutil.rmtree(session, ignore_errors=True)
