"""Words per photo, a vocabulary, a split in which nothing leaks, and a card of how good the words are."""

from collections.abc import Callable
from typing import Any

from flows import terminal
from flows.options import command_of, on_prefect
from flows.parameters.label import LabelParameters

POSITION = 70
_CARD_ROWS = 10  # of a section of the report card; all of them are in the run's table


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.learn.label import label

    return label


def _show(result: dict[str, Any]) -> None:
    terminal.fields_table("labelled", result)
    sections: dict[str, list[list[Any]]] = {}
    for row in result["report_card"]:
        value = round(row["value"], 3)
        figure = int(value) if value.is_integer() else value
        sections.setdefault(row["section"], []).append([row["name"], figure, row["unit"], row["detail"]])
    for section, rows in sections.items():
        more = f", {_CARD_ROWS} of {len(rows)}" if len(rows) > _CARD_ROWS else ""
        terminal.rows_table(section + more, ["", "value", "unit", "detail"], rows[:_CARD_ROWS])


command = command_of(LabelParameters, on_prefect(_flow), _show)
