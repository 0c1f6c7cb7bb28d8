"""How the command line asks for a value, where that is not an option of the value's own name.

Apart from the models, which bring pydantic: a command that has no model starts without it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Words(Enum):
    """How what the user wrote becomes the value of a field."""

    PLAIN = "one value, as it stands"
    COUNT = "a number, or auto"
    COMMA = "a,b"
    REPEATED = "the option once per value"
    PAIRS = "the option once per name=value"
    COMMA_PAIRS = "name=value,name=value"
    LINES = "a file with one value a line"


@dataclass(frozen=True, kw_only=True)
class Option:
    """What the command line needs beside a field's name, description, default and bounds.

    help     what the option is said to be, where the user writes something else than the flow takes
    flags    the option's names, such as ("--from",) or ("-k",)
    argument whether it is a word without an option before it
    env      environment variable that stands in for the option
    default  what the command takes where nobody says; by default what the flow takes
    words    how what the user wrote is read
    bounded  whether a value out of bounds is bad usage; otherwise it is refused as the flow refuses it
    absent   whether no option exists: only the flow can be told
    """

    help: str = ""
    flags: tuple[str, ...] = ()
    argument: bool = False
    env: str | None = None
    default: Any = None
    words: Words = Words.PLAIN
    bounded: bool = True
    absent: bool = False


LAKE = Option(
    help="Folder, s3:// or gs:// address; ./lake if no setting says.", flags=("--lake",), env="VITRINE_LAKE"
)
CONTACT = Option(help="How a shop reaches you: mail or URL.", env="VITRINE_CONTACT")
