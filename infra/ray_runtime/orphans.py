"""A worker of Ray ends with the Ray that started it.

By itself a worker asks every few seconds whether its raylet's process is there, and a dead one that nobody has reaped
still is: in a container whose first process reaps nothing, workers of a killed command would keep their memory for
good. Linux can end a process when its parent does, reaped or not.
"""

import ctypes
import os
import signal
import sys

SETUP_HOOK = f"{__name__}.end_with_raylet"  # as Ray imports it in each worker that starts
_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def end_with_raylet() -> None:
    """Have the kernel kill this process when its parent ends; where the kernel is not Linux, nothing.

    Ends this process at once where the parent is gone already.
    """
    if sys.platform != "linux":
        return
    raylet = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != raylet:  # it died between the two lines above
        os._exit(1)
