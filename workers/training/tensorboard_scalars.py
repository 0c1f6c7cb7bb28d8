"""A training as TensorBoard's event files: loss by term, validation loss, rate, images per second.

The horizontal axis is photos drawn, so that runs with other batch sizes lie above each other.
"""

from typing import Any

from torch.utils.tensorboard import SummaryWriter


class Scalars:
    """Writes what workers.training.train_loop tells. A resumed training adds a file beside the one it left."""

    def __init__(self, folder: str) -> None:
        self._writer = SummaryWriter(folder)

    def add(self, event: dict[str, Any]) -> None:
        """An event within an epoch, or a row of history."""
        where = "epoch" if "phase" in event else "step"
        terms = event["terms"]
        named = {term["name"]: term["loss"] for term in terms} if where == "epoch" else terms
        values = {f"{where}/loss": event["loss"]} | {
            f"{where}/loss/{name}": value for name, value in named.items()
        }
        values |= {f"{where}/{name}": event[name] for name in ("learning_rate", "images_per_second")}
        if event.get("validation_loss") is not None:
            values["epoch/validation_loss"] = event["validation_loss"]
        for name, value in values.items():
            self._writer.add_scalar(name, value, event["images"])
        if where == "epoch":
            self._writer.flush()

    def close(self) -> None:
        """Nothing more comes."""
        self._writer.close()
