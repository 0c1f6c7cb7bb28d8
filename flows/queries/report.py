"""The report of one evaluation: read what its runs left in the lake, write one HTML file.

Not a Prefect flow: nothing here is worth retrying, and a report has to be there in seconds. A part of
the page whose inputs are missing is left out with a sentence; only a lake without any evaluation is
an error.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from flows.queries.report_change import change_of
from flows.queries.report_photos import thumbnails_of
from flows.queries.survey_tables import survey_tables
from infra.lake import Lake
from schemas.errors import InputError, LakeError
from schemas.manifest import Manifest
from workers.report import crawled as catalogue
from workers.report import lessons, picture, quality, receipt
from workers.report.answers import Picture
from workers.report.data import Crawled, Learnt, NearWord, Quality, Report, photos_shown
from workers.report.page import render

T = TypeVar("T")


def write_report(lake: str, run_id: str | None = None, out: str | None = None) -> dict[str, Any]:
    """Write the report of an evaluate run, the newest by default.

    out  the file; `<lake>/reports/report-<run_id>.html` by default, or in the working folder where
         the lake is no folder of this machine
    Raises LakeError where nothing was evaluated or the run is not an evaluation, InputError where
    the file cannot be written.
    """
    place = Lake(lake)
    evaluation = place.run(run_id) if run_id else place.newest("evaluate")
    if evaluation.flow != "evaluate":
        raise LakeError(
            evaluation.run_id, f"is a run of {evaluation.flow}; a report is made of an evaluate run"
        )
    name = f"report-{evaluation.run_id}.html"
    path = Path(out) if out else (Path(place.root) / "reports" if place.is_local else Path()) / name
    fresh = path.with_name(f".{path.name}.new")  # a reader of the old report never sees half a page
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        page = render(Reading(place, evaluation).report()).encode()
        fresh.write_bytes(page)
        fresh.replace(path)
    except OSError as error:
        raise InputError(str(path), f"cannot be written ({error.strerror})") from error
    return {"report": str(path), "run_id": evaluation.run_id, "bytes": len(page)}


class Reading:
    """One evaluation and the runs behind it, being read for its report."""

    def __init__(self, lake: Lake, evaluation: Manifest) -> None:
        self.lake = lake
        self.evaluation = evaluation
        self.missing: dict[str, str] = {}
        self.runs = self._behind()
        labels = [run for run in self.runs if run.flow == "label"]
        # A model may be scored on other labels than it learnt from: those scored are the direct parent.
        self.labels = max(
            labels, key=lambda run: (run.run_id in evaluation.parents, run.run_id), default=None
        )
        said = evaluation.result.get("main")
        self.main: dict[str, Any] = said if isinstance(said, dict) else {}
        self.fingerprint: str = (
            self.main.get("fingerprint") or self._part("main", self._fingerprint_scored) or ""
        )

    def report(self) -> Report:
        """Every part that can be made, and a sentence for each that cannot."""
        crawled = self._part("crawled", self._crawled)
        scored = self._part("quality", self._quality)
        shown = self._part("picture", self._picture)
        learnt = self._part("learnt", self._learnt)
        tables = self._part("survey", lambda: survey_tables(self.lake)) or []
        change = self._part("change", lambda: change_of(self.lake, self.evaluation, self._owners))
        address = receipt.without_secrets(self.lake.uri)
        return Report(
            run_id=self.evaluation.run_id,
            lake=address,
            evaluated=self.evaluation.committed_at,
            machine=receipt.machine(self.evaluation),
            code=receipt.code(self.evaluation),
            crawled=crawled,
            learnt=learnt,
            quality=scored,
            picture=shown,
            receipt=receipt.receipt(self._accountable(), address),
            change=change,
            photos=self._thumbnails(photos_shown(crawled, learnt, shown, change)),
            missing=self.missing,
            survey=[table for table in tables if table.measured],
        )

    def _crawled(self) -> Crawled:
        """The crawls that the label run read."""
        crawls = [run for run in self.runs if run.kind == "crawl"]
        if not crawls:
            raise LakeError("What was crawled", "the crawls behind this evaluation are no longer in the lake")
        shops = [catalogue.shop_of(crawl, self._rejects(crawl)) for crawl in crawls]
        columns = catalogue.PRODUCT_COLUMNS
        full = [crawl for crawl in crawls if crawl.rows("products")]
        batches = (batch for crawl in full for batch in self.lake.batches(crawl, "products", columns))
        return catalogue.summarise(shops, batches)

    def _learnt(self) -> Learnt:
        """Vocabulary, split and training; each may be missing on its own."""
        labels = _need(self.labels, "What was learnt", "label")
        words = self._part("vocabulary", lambda: lessons.vocabulary(self.lake.table(labels, "vocabulary")))
        columns = ("product_id", "split", "words")
        batches = self.lake.batches(labels, "labels", columns, 20_000)
        told = self._part("labels", lambda: lessons.read_labels(batches))
        splits, per_product = told or ([], None)
        trained = self._trained()
        history = self._part("history", lambda: self.lake.table(trained, "history")) if trained else None
        training = lessons.training(trained, history) if trained else None
        if training is None:
            self.missing["training"] = "No train run stands behind the method shown."
        near, among = self._part("near_words", self._near_words) or ([], 0)
        return Learnt(words, splits, per_product, training, near, among)

    def _quality(self) -> Quality:
        """The scores, and the index against exact search where both were asked."""
        scores = quality.read_scores(self.lake.table(self.evaluation, "scores"))
        if not scores:
            raise LakeError("How good it is", "this evaluation holds no score")
        main = str(self.main.get("method") or quality.main_method(scores))
        through = self.evaluation.result.get("index")
        agreed = self._part("agreement", lambda: quality.agreement(scores, through))
        return Quality(main, scores, agreed)

    def _picture(self) -> Picture:
        """The hits of the trained method, chosen by rule."""
        if not self.evaluation.rows("hits") or not self.fingerprint:
            raise LakeError("What it finds", "this evaluation kept no hits")
        asked = self._hits(["query_id", "rank", "searched"])
        kinds = set(asked["searched"].to_pylist())
        if not kinds:
            raise LakeError("What it finds", "this evaluation kept no hits of the trained method")
        searched = "exact" if "exact" in kinds else sorted(kinds)[0]
        asked = asked.filter(pc.equal(asked["searched"], searched))
        ranks = dict(zip(asked["query_id"].to_pylist(), asked["rank"].to_pylist(), strict=True))
        choice = picture.choose(ranks)
        chosen = [*choice.rows, *choice.failures]
        only = pc.field("query_id").isin(chosen) & (pc.field("searched") == searched)
        rows = self._hits(["query_id", "rank", "image_ids", "similarities"], only).to_pylist()
        answers = {row["query_id"]: picture.Answer(**row) for row in rows}
        photos = {row["query_id"] for row in rows}
        photos |= {image_id for row in rows for image_id in row["image_ids"][: picture.HITS]}
        owners = self._part("owners", lambda: self._owners(photos)) or {}
        method = str(self.main.get("method") or "the trained method")
        return picture.picture(method, searched, choice, answers, owners)

    def _part(self, name: str, make: Callable[[], T]) -> T | None:
        """What `make` returns; where the lake lacks its inputs, a sentence under `name` and None."""
        try:
            return make()
        except LakeError as error:
            self.missing[name] = f"Left out. {error}."
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
            # A part file that cannot be read, or one of another version: the rest of the page is still true.
            self.missing[name] = f"Left out: its tables cannot be read ({type(error).__name__}: {error})."
        return None

    def _behind(self) -> list[Manifest]:
        """The evaluation and its ancestors; of the crawls only the labelled ones, not what they continued."""
        found = {self.evaluation.run_id: self.evaluation}
        ahead = [self.evaluation]
        while ahead:
            run = ahead.pop()
            for parent in run.parents if run.kind != "crawl" else ():
                if parent not in found:
                    with suppress(LakeError):  # swept or forgotten since; the parts that need it say so
                        found[parent] = self.lake.run(parent)
                        ahead.append(found[parent])
        return sorted(found.values(), key=lambda run: run.run_id)

    def _fingerprint_scored(self) -> str:
        """What made the best scores, for an evaluation that does not name its main method."""
        table = self.lake.table(self.evaluation, "scores")
        main = quality.main_method(quality.read_scores(table))
        return next((str(row["fingerprint"]) for row in table.to_pylist() if row["method"] == main), "")

    def _embeds(self) -> list[Manifest]:
        """Every embed run that holds vectors of the shown fingerprint: reused ones lie in earlier runs."""
        embeds = self.lake.runs("run", "embed") if self.fingerprint else ()
        return [run for run in embeds if run.result.get("fingerprint") == self.fingerprint]

    def _trained(self) -> Manifest | None:
        """The train run that made the shown vectors."""
        parents = {parent for run in self._embeds() for parent in run.parents}
        behind = [run for run in self.runs if run.flow == "train"]
        own = [run for run in behind if run.run_id in parents]
        return next(reversed(own or behind), None)

    def _accountable(self) -> list[Manifest]:
        """The runs of the receipt: all ancestors, and two kinds that are none but did the work.

        Vectors that were reused lie in earlier embed runs, and the newest index run is what is searched.
        """
        embeds = self._embeds()
        made = {run.run_id for run in embeds}
        loaded = self.lake.runs("run", "index", newest_first=True)
        index = [run for run in loaded if made.intersection(run.parents)][:1]
        named = {parent for run in index for parent in run.parents}
        reused = [run for run in embeds if run.rows("vectors") or run.run_id in named]
        return list({run.run_id: run for run in [*self.runs, *reused, *index]}.values())

    def _rejects(self, crawl: Manifest) -> dict[str, int]:
        if crawl.result.get("rejected") or not crawl.rows("rejects"):
            return {}
        counted = self.lake.table(crawl, "rejects", ["reason"])["reason"].value_counts().to_pylist()
        return {row["values"]: row["counts"] for row in counted}

    def _near_words(self) -> tuple[list[NearWord], int]:
        trained = _need(self._trained(), "What the words came to mean", "train")
        labels = _need(self.labels, "What the words came to mean", "label")
        if not trained.rows("word_vectors"):
            raise LakeError("What the words came to mean", "this method keeps no vectors of words")
        rows = self.lake.table(
            labels, "vocabulary", ["word_id", "word", "document_frequency", "kept"]
        ).to_pylist()
        frequencies = {row["word"]: row["document_frequency"] for row in rows if row["kept"]}
        searched = pc.field("split") == "gallery"
        gallery = self.lake.dataset(labels, "labels").to_table(["image_id", "words"], filter=searched)
        words, allowed = self.lake.table(trained, "word_vectors"), gallery["image_id"].unique()
        near, among = lessons.near_words(words, frequencies, self._vectors(), allowed)
        if not near:
            raise LakeError("What the words came to mean", "no vectors of gallery photos lie in the lake")
        return lessons.check_words(
            near, {row["word"]: row["word_id"] for row in rows if row["kept"]}, gallery
        ), among

    def _vectors(self) -> Iterator[pa.RecordBatch]:
        for run in self._embeds():
            if run.rows("vectors"):
                yield from self.lake.batches(run, "vectors", ("image_id", "vector"), rows=10_000)

    def _hits(self, columns: Sequence[str], only: pc.Expression | None = None) -> pa.Table:
        """Unfiltered searches with the shown vectors."""
        rule = (pc.field("fingerprint") == self.fingerprint) & (pc.field("filter") == "")
        dataset = self.lake.dataset(self.evaluation, "hits")
        return dataset.to_table(list(columns), filter=rule if only is None else rule & only)

    def _owners(self, photos: Collection[str]) -> dict[str, list[picture.Owner]]:
        """The products of these photos, with their titles where a crawl still has them."""
        labels = _need(self.labels, "What it finds", "label")
        rule = pc.field("image_id").isin(list(photos))
        table = self.lake.dataset(labels, "labels").to_table(["image_id", "product_id"], filter=rule)
        pairs = table.to_pylist()
        wanted = list({pair["product_id"] for pair in pairs})
        known: dict[str, picture.Owner] = {}
        for crawl in self.runs:
            if crawl.kind == "crawl" and crawl.rows("products"):
                told = self.lake.dataset(crawl, "products").to_table(
                    ["product_id", "shop", "title"], filter=pc.field("product_id").isin(wanted)
                )
                known |= {row["product_id"]: picture.Owner(**row) for row in told.to_pylist()}
        found: dict[str, list[picture.Owner]] = {}
        for pair in pairs:
            product = pair["product_id"]
            found.setdefault(pair["image_id"], []).append(known.get(product, picture.Owner(product, "", "")))
        return found

    def _thumbnails(self, wanted: Collection[str]) -> dict[str, bytes]:
        """Small copies of these photos, in the order asked; one that is gone or unreadable has none."""
        made = self._part("photos", lambda: thumbnails_of(self.lake, wanted)) or {}
        return {image_id: made[image_id] for image_id in wanted if image_id in made}


def _need(run: Manifest | None, part: str, flow: str) -> Manifest:
    if run is None:
        raise LakeError(part, f"no {flow} run stands behind this evaluation")
    return run
