"""flows/options.py: options made of a model's fields, and its values of what a user wrote."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from pydantic import Field
from typer.testing import CliRunner

from flows.options import command_of, lines, names, options_of, pairs, read
from flows.parameters.crawl import CrawlParameters, ImportParameters
from flows.parameters.option import Option, Words
from flows.parameters.retrieval import EvaluateParameters
from flows.parameters.stage_parameters import StageParameters
from flows.parameters.train import TrainParameters
from schemas.errors import InputError


class Kiln(StageParameters):
    """A stage that fires pots."""

    clay: Annotated[
        tuple[str, ...], Field(description="What is fired."), Option(argument=True, words=Words.REPEATED)
    ]
    heat: Annotated[
        float, Field(ge=1.0, le=9.0, description="How hot."), Option(flags=("-t",), env="KILN_HEAT")
    ] = 8.0
    hours: Annotated[int | None, Field(ge=1, description="How long."), Option(bounded=False)] = None
    kind: Annotated[Literal["wood", "gas"], Field(description="What burns.")] = "gas"
    glazes: Annotated[
        tuple[str, ...] | None,
        Field(description="What covers it."),
        Option(help="What covers it, by comma.", default="salt,ash", words=Words.COMMA),
    ] = None
    dry: Annotated[bool, Field(description="Whether it is dry.")] = True
    marks: Annotated[dict[str, str] | None, Field(description="Marks."), Option(words=Words.PAIRS)] = None
    secret: Annotated[str, Field(description="Only a flow knows."), Option(absent=True)] = ""


@pytest.fixture
def fired() -> tuple[typer.Typer, list[Kiln]]:
    """The command of the model as an app, and the models that it was given."""
    given: list[Kiln] = []
    app = typer.Typer(rich_markup_mode=None)

    @app.command()
    def fire(context: typer.Context) -> None:
        """Never called; with it the app has two commands, and the other keeps its name."""

    def work(parameters: Kiln) -> dict[str, Any]:
        given.append(parameters)
        return {}

    app.command("kiln")(command_of(Kiln, work, lambda result: None))
    return app, given


def test_a_command_has_the_models_names_helps_defaults_and_bounds(
    fired: tuple[typer.Typer, list[Kiln]],
) -> None:
    text = CliRunner().invoke(fired[0], ["kiln", "--help"], env={"COLUMNS": "160"}).output

    for words in (
        "What is fired.", "-t", "How hot.", "KILN_HEAT", "1.0<=x<=9.0", "How long.", "wood", "gas",
        "What covers it, by comma.", "salt,ash", "--dry", "--no-dry", "--marks", "--json",
    ):  # fmt: skip
        assert words in text, words
    assert "--secret" not in text and "Only a flow knows" not in text


def test_what_is_written_becomes_the_model(fired: tuple[typer.Typer, list[Kiln]]) -> None:
    app, given = fired

    plain = CliRunner().invoke(app, ["kiln", "red"])
    words = ["kiln", "red", "blue", "-t", "2", "--hours", "3", "--kind", "wood", "--glazes", "tin, lead,"]
    words += ["--no-dry", "--marks", "a=1", "--marks", "b=x=y"]
    full = CliRunner().invoke(app, words, env={"KILN_HEAT": "7"})

    assert (plain.exit_code, full.exit_code) == (0, 0), full.output
    assert given == [
        Kiln(clay=("red",), glazes=("salt", "ash"), marks={}),
        Kiln(
            clay=("red", "blue"), heat=2.0, hours=3, kind="wood", glazes=("tin", "lead"), dry=False,
            marks={"a": "1", "b": "x=y"},
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("words", [("-t", "10"), ("--kind", "coal"), ("--secret", "x"), ("--hours", "long")])
def test_a_value_out_of_bounds_is_bad_usage(
    fired: tuple[typer.Typer, list[Kiln]], words: tuple[str, str]
) -> None:
    done = CliRunner().invoke(fired[0], ["kiln", "red", *words])

    assert (done.exit_code, fired[1]) == (2, [])


def test_an_unbounded_option_is_refused_as_the_flow_refuses_it(
    fired: tuple[typer.Typer, list[Kiln]], capfd: pytest.CaptureFixture[str]
) -> None:
    done = CliRunner().invoke(fired[0], ["kiln", "red", "--hours", "0"])

    assert (done.exit_code, fired[1]) == (2, [])
    assert "--hours 0: must be greater than or equal to 1" in capfd.readouterr().err + done.output


def test_every_model_of_ours_is_written_as_its_command_says(tmp_path: Path) -> None:
    pages = tmp_path / "pages.txt"
    pages.write_text("# two\nhttp://a\n\nhttp://b\nhttp://a\n")

    crawl = read(
        CrawlParameters, {"urls": ["x=http://a"], "lake": "l", "only": str(pages), "revisit": "list"}
    )
    mapped = read(ImportParameters, {"path": "p", "shop": "s", "lake": "l", "mapping": "title=name,id=a+b"})
    train = read(TrainParameters, {"lake": "l", "settings": ["epochs=8", "weights=a=b"]})
    evaluate = read(EvaluateParameters, {"lake": "l", "columns": "a+b, c"})

    assert (crawl.urls, crawl.only, crawl.retry) == (("x=http://a",), ("http://a", "http://b"), None)
    assert mapped.mapping == {"title": "name", "id": "a+b"}
    assert train.settings == {"epochs": "8", "weights": "a=b"}
    assert evaluate.columns == ("a+b", "c")
    assert [each.name for each in options_of(ImportParameters)] == [
        "path", "shop", "mapping", "encoding", "delimiter", "benchmark", "cut", "lake", "contact",
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["epochs", "=8", "epochs="])
def test_a_word_that_is_no_pair_is_named_with_its_option(word: str) -> None:
    with pytest.raises(InputError, match=f"--set {word}"):
        read(TrainParameters, {"lake": "l", "settings": ["batch=4", word]})


def test_words_are_stripped_and_empty_ones_left_out() -> None:
    assert names(" a, ,b ,") == ["a", "b"]
    assert pairs([" a = b "], "--set") == {"a": "b"}


def test_a_file_without_a_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("# nothing\n\n")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")

    for name, why in (("none.txt", "no address"), ("bytes.txt", "as text"), ("gone.txt", "No such file")):
        with pytest.raises(InputError, match=why):
            lines(str(tmp_path / name))


def test_defaults_of_models_can_be_kept_as_json() -> None:
    for model in (CrawlParameters, TrainParameters, EvaluateParameters):
        assert json.dumps(model.model_json_schema())
