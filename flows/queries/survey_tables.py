"""The survey's tables with what this lake measured: published rows, then ours."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.lake import Lake
from schemas.errors import InputError
from workers.report.survey.formats import FORMATS
from workers.report.survey.measured import BenchmarkScores, filled
from workers.report.survey.table import Table


def survey_tables(lake: Lake, average: str = "micro") -> list[Table]:
    """Every table, with our rows from the benchmark runs of a lake; without any, as published."""
    runs = lake.runs("run", "benchmark")
    return filled(
        (BenchmarkScores(run.run_id, _data(run.result), run.result["scores"]) for run in runs), average
    )


def _data(result: Mapping[str, Any]) -> str:
    """What was scored, in words; of a retrieval what was searched, too."""
    searched = f"; searched: {result['gallery']:,} {result['gallery_rule']}" if "gallery" in result else ""
    return f"{result['data']}{searched}"


def write_tables(lake: str, average: str, form: str, out: str) -> dict[str, Any]:
    """The tables as plain values, and written in a format where one is named.

    form  html, latex or csv; empty: none
    out   the file; empty: the text is in the result
    Raises InputError where the file cannot be written.
    """
    tables = survey_tables(Lake(lake), average)
    result: dict[str, Any] = {"tables": tables}
    if form:
        text = FORMATS[form](tables)
        if not out:
            return result | {"text": text}
        path = Path(out).expanduser()
        fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
        except OSError as error:
            raise InputError(out, f"cannot be written ({error.strerror})") from error
        result["out"] = str(path)
    return result
