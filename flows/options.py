"""Between a model and the command line: options made of its fields, and its values of what a user wrote.

A command is a file of flows/commands with a function `command`; `command_of` makes one of a model.
"""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from flows import terminal
from flows.parameters.option import CONTACT, LAKE, Option, Words
from flows.progress import waiting
from flows.running import first_signals
from schemas.errors import InputError, PipelineError, UsageError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from flows.parameters.stage_parameters import StageParameters

P = TypeVar("P", bound="StageParameters")
Result = dict[str, Any]


def typer_option(option: Option, text: str = "", **bounds: float) -> Any:
    """Return what typer is told of an option or argument; `text` is said where the option has no words of its own."""
    if option.argument:
        return typer.Argument(help=option.help or text)
    return typer.Option(*option.flags, help=option.help or text, envvar=option.env, **bounds)  # type: ignore[arg-type]


Lake = Annotated[str, typer_option(LAKE)]
Contact = Annotated[str, typer_option(CONTACT)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout; everything else on stderr.")]
LAKE_BY_DEFAULT = ""  # what `lake_of` makes of it

# What typer takes for each way of writing, and what stands there where nobody writes anything.
_WRITTEN: dict[Words, tuple[Any, Any]] = {
    Words.COUNT: (str, "auto"),
    Words.COMMA: (str, ""),
    Words.COMMA_PAIRS: (str, ""),
    Words.LINES: (str, ""),
    Words.REPEATED: (list[str] | None, None),
    Words.PAIRS: (list[str] | None, None),
}


def command_of(
    parameters: type[P],
    work: Callable[[P], Result],
    show: Callable[[Result], None],
    refuse: Callable[[Mapping[str, Any]], None] = lambda written: None,
    check: Callable[[P], object] = lambda parameters: None,
) -> Callable[..., None]:
    """Return the command whose options are the fields of `parameters`.

    work    gets the model and gives the result
    show    prints the result for people
    refuse  raises InputError for what cannot be, seeing what was written before anything is read or started
    check   raises PipelineError for what cannot be, seeing the model before anything is started
    """

    def command(*, json: bool, **written: Any) -> None:
        def worked() -> Result:
            refuse(written)
            given = read(parameters, written)
            check(given)
            return work(given)

        terminal.command(json, worked, show)

    options = [*options_of(parameters), inspect.Parameter("json", _KEYWORD, default=False, annotation=Json)]
    vars(command)["__signature__"] = inspect.Signature(options)
    command.__annotations__ = {each.name: each.annotation for each in options}
    return command


def on_prefect(load: Callable[[], Callable[..., Result]]) -> Callable[[P], Result]:
    """Return the work of a flow: Prefect's private API starts beside the imports that `load` makes."""

    def work(parameters: P) -> Result:
        from flows.orchestration import PrivateApi

        with waiting("Prefect and what the stage needs start, 10 to 30 s"):
            api = PrivateApi()
            flow = load()
            api.wait()
        return flow(**parameters.flat())

    return work


def options_of(parameters: type["StageParameters"]) -> list[inspect.Parameter]:
    """Return the fields of a model as typer reads them from a signature, in the order of the model."""
    from flows.parameters.stage_parameters import option_of

    return [
        _parameter(name, field, option)
        for name, field in parameters.model_fields.items()
        if not (option := option_of(parameters, name)).absent
    ]


def read(parameters: type[P], written: Mapping[str, Any]) -> P:
    """Make a model of what typer read from the command line. Raises UsageError for the first value at fault."""
    from flows.parameters.stage_parameters import option_name, option_of

    given: dict[str, Any] = {}
    for name, value in written.items():
        option = option_of(parameters, name)
        given[name] = _value(option.words, value, option_name(parameters, name))
    return parameters.read(given)


def lake_of(written: str) -> str:
    """Return the lake that was written, else the one that the settings say."""
    from infra.settings import load_settings

    return load_settings(lake=written or None).lake


def names(text: str) -> list[str]:
    """Return the words of a comma list, without the empty ones."""
    return [name.strip() for name in text.split(",") if name.strip()]


def pairs(words: list[str], option: str) -> dict[str, str]:
    """Return words like `name=value` as a dict; raises UsageError, naming the option, for any other word."""
    if bad := [word for word in words if "=" not in word.strip("=")]:
        raise UsageError(f"{option} {bad[0]}", "must look like name=value")
    return {name.strip(): value.strip() for name, _, value in (word.partition("=") for word in words)}


def lines(path: str) -> list[str]:
    """Return the lines of a file, each once, without blank ones and those that begin with #; refuses none at all."""
    try:
        text = Path(path).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, getattr(error, "strerror", "") or "cannot be read as text") from error
    stripped = (line.strip() for line in text.splitlines())
    kept = list(dict.fromkeys(line for line in stripped if line and not line.startswith("#")))
    if not kept:
        raise InputError(path, "holds no address")
    return kept


def one_line(work: Callable[[], int | None]) -> int:
    """Run what writes to stdout itself; an error of the user's is one line all the same."""
    first_signals.leave_alone()
    try:
        return work() or 0
    except PipelineError as error:
        typer.echo(f"vitrine: {error}", err=True)
        return terminal.exit_status(error)


_KEYWORD = inspect.Parameter.KEYWORD_ONLY


def _parameter(name: str, field: "FieldInfo", option: Option) -> inspect.Parameter:
    annotation, default = _WRITTEN.get(option.words, (field.annotation, field.default))
    if option.default is not None:
        default = option.default
    elif field.is_required():
        annotation, default = (
            (list[str] if option.words is Words.REPEATED else annotation),
            inspect.Parameter.empty,
        )
    bounds = _bounds(field) if option.bounded and option.words is Words.PLAIN else {}
    face = typer_option(option, field.description or "", **bounds)
    return inspect.Parameter(name, _KEYWORD, default=default, annotation=Annotated[annotation, face])


def _bounds(field: "FieldInfo") -> dict[str, float]:
    """Return a field's bounds as typer calls them."""
    bounds = {}
    for rule in field.metadata:
        for ours, theirs in (("ge", "min"), ("le", "max")):
            if (value := getattr(rule, ours, None)) is not None:
                bounds[theirs] = value
    return bounds


def _value(words: Words, written: Any, option: str) -> Any:
    """Return what was written as the field holds it; None where nothing was."""
    match words:
        case Words.COMMA:
            return names(written) or None
        case Words.COMMA_PAIRS:
            return pairs(written.split(","), option) if written else None
        case Words.PAIRS:
            return pairs(written or [], option)
        case Words.LINES:
            return lines(written) if written else None
        case _:
            return written
