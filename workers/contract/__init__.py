"""What a method is: the contract between one file of workers/methods and everything that uses it.

A method is a `Method`, and declares what else it can do by having the functions of a protocol; whoever uses it asks
`isinstance` and never its name. README.md has the table.
"""

from workers.contract.batch import Batch, Sparse
from workers.contract.label_space import NO_LABELS, LabelSpace
from workers.contract.method import (
    Accounts,
    Attends,
    Edits,
    Fits,
    KnowsFrequencies,
    Method,
    NamesWords,
    Predicts,
    Reranks,
    Trains,
)
from workers.contract.stage import SETTLING, Group, Stage, head_first
from workers.contract.training import EPOCHS, Training

__all__ = [
    "EPOCHS",
    "NO_LABELS",
    "SETTLING",
    "Accounts",
    "Attends",
    "Batch",
    "Edits",
    "Fits",
    "Group",
    "KnowsFrequencies",
    "LabelSpace",
    "Method",
    "NamesWords",
    "Predicts",
    "Reranks",
    "Sparse",
    "Stage",
    "Training",
    "Trains",
    "head_first",
]
