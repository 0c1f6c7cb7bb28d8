"""The process of a private Prefect API: `python -m flows.private_api PARENT ...`, the rest as uvicorn takes it."""

import sys

from flows.child_processes import end_with_parent

if __name__ == "__main__":
    end_with_parent(int(sys.argv[1]))
    from uvicorn.main import main

    main(["--log-level", "error", "--factory", "prefect.server.api.server:create_app", *sys.argv[2:]])
