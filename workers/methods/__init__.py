"""One paper, one file: docstring with the source, Config, TRAINING, Method.__init__, embed, and what it can do more.

Files of a folder `vitrine_methods` on the Python path are methods as well: __path__ is the seam.
"""

import sys
from pathlib import Path

__path__ += [str(folder) for entry in sys.path if (folder := Path(entry, "vitrine_methods")).is_dir()]
