"""Seconds to open a lake of 36,000 runs: the index of runs in a folder, and in an object store on loopback.

The runs are those of 100 shops crawled every night for a year, with a chain every ten nights: manifests of some 4 KB as
a crawl writes them, without the parts that they name. Printed is what a command waits for: the first look, which reads
every manifest and writes the index; then `vitrine runs` as a whole command, the newest run of a flow, what a run waits
for when it is begun, and every manifest parsed.
"""

import argparse
import json
import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.lake import Lake
from infra.machine import ROOT, describe_machine
from schemas.ids import new_run_id
from schemas.manifest import Count, Manifest, Part

BUCKET = "lake"
STAGES = ("label", "train", "embed", "index", "evaluate", "publish")
TABLES = ("products", "images", "rejects", "ledger", "annotations")


def manifests(runs: int) -> Iterator[tuple[str, bytes]]:
    """So many manifests, each with the name of its file below the root; the newest is of a minute ago."""
    machine = describe_machine()
    begun = datetime.now(UTC) - timedelta(seconds=60 + runs)
    for number in range(runs):
        stage = STAGES[number % 1000 - 994] if number % 1000 >= 994 else ""
        moment = begun + timedelta(seconds=number)
        run = Manifest(
            kind="run" if stage else "crawl",
            run_id=new_run_id(moment),
            flow=stage or "crawl",
            key="0" * 64,
            started_at=moment.isoformat(timespec="seconds"),
            committed_at=moment.isoformat(timespec="seconds"),
            parameters={"shop": f"shop-{number % 100}", **{f"parameter_{n}": n for n in range(15)}},
            result={"shop": f"shop-{number % 100}", "products": number, "images_new": 7}
            | {f"number_{n}": n / 3 for n in range(25)},
            files={t: [Part(f"{t}/part-{n:05d}.parquet", 9, 9, "a" * 64) for n in range(2)] for t in TABLES},
            counts={table: Count(12, 9, {"timeout": 1, "http_5xx": 2}) for table in TABLES},
            seconds=dict.fromkeys(TABLES, 1.5),
            schemas=dict.fromkeys(TABLES, 1),
            machine=machine,
        )
        yield f"{run.kind}={run.run_id}/manifest.json", run.to_json().encode()


def folder(runs: int, root: str) -> str:
    """A lake in a folder."""
    for name, text in manifests(runs):
        path = Path(root, name)
        path.parent.mkdir()
        path.write_bytes(text)
    return root


def store(runs: int, ready: Connection) -> None:
    """Serve an object store that holds such a lake, until it is ended; tells its `host:port`."""
    from moto.s3.models import s3_backends
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    backend = s3_backends["123456789012"]["aws"]
    backend.create_bucket(BUCKET, "us-east-1")
    for name, text in manifests(runs):
        backend.put_object(BUCKET, name, text)
    host, port = server.get_host_and_port()
    ready.send(f"{host}:{port}")
    ready.recv()


def told(what: str, work: Callable[[], object], least_of: int = 3) -> None:
    """Print the least seconds of some tries."""
    tries = []
    for _ in range(least_of):
        begun = time.perf_counter()
        work()
        tries.append(time.perf_counter() - begun)
    print(
        f"  {what:<42}{min(tries):9.2f} s" + (f"  (most {max(tries):.2f})" if least_of > 1 else ""),
        flush=True,
    )


def command(uri: str, *words: str) -> None:
    """One `vitrine runs`, from its start to its end."""
    program = [sys.executable, "-c", "from flows.cli import main; main()", "runs", "--lake", uri, *words]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout


def measured(uri: str) -> None:
    """Every line of one lake."""
    told("first look: every manifest is read", lambda: Lake(uri).seen(), least_of=1)
    told("opened, and all runs known", lambda: Lake(uri).seen())
    told("vitrine runs, the whole command", lambda: command(uri))
    told("newest run of a flow", lambda: Lake(uri).newest("train"))
    told("a run begun, and discarded", lambda: (lake := Lake(uri)).discard(lake.begin("run", "label", "k")))
    told("every manifest parsed", lambda: sum(1 for _ in Lake(uri).runs()))


def main() -> None:
    """Print both lakes."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=36_000)
    arguments.add_argument("--only", choices=("folder", "store"))
    chosen = arguments.parse_args()
    if chosen.only != "store":
        with tempfile.TemporaryDirectory() as root:
            print(f"{chosen.runs:,} runs in a folder")
            measured(folder(chosen.runs, root))
    if chosen.only != "folder":
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(
            target=store, args=(chosen.runs, theirs), daemon=True
        )
        server.start()
        address = ours.recv()
        print(f"{chosen.runs:,} runs in an object store (moto, on this machine's cores)")
        measured(f"s3://{BUCKET}?endpoint_override={address}&scheme=http&region=us-east-1")
        ours.send(json.dumps("end"))
        server.join()


if __name__ == "__main__":
    main()
