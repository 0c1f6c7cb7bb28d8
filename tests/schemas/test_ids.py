import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import RUN_ID, digest, fingerprint, image_id, new_run_id

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(st.binary())
def test_an_image_is_named_by_its_bytes_alone(data: bytes) -> None:
    assert image_id(data) == hashlib.sha256(data).hexdigest()


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)),
    st.integers(1, 10**8).map(lambda seconds: timedelta(seconds=seconds))
    | st.integers(16, 10**6).map(lambda microseconds: timedelta(microseconds=microseconds)),
)
def test_run_ids_sort_by_time(moment: datetime, apart: timedelta) -> None:
    earlier = moment.replace(tzinfo=UTC)
    later = (earlier + apart).astimezone(timezone(timedelta(hours=5)))

    assert RUN_ID.fullmatch(new_run_id(earlier))
    assert new_run_id(earlier) < new_run_id(later)


def test_run_ids_of_one_process_rise_however_many_threads_ask_at_once() -> None:
    with ThreadPoolExecutor(8) as threads:
        asked = list(threads.map(lambda _: [new_run_id() for _ in range(2_000)], range(8)))

    assert all(ids == sorted(ids) for ids in asked)
    assert len({run_id for ids in asked for run_id in ids}) == 16_000


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_a_digest_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


def test_a_fingerprint_differs_where_any_of_its_parts_does() -> None:
    one = {"method": "corbiere", "checkpoint": "ab", "preprocessing": "pillow-12 224", "dtype": "float32"}
    recipes: list[dict[str, object]] = [{"workers.layers.trust": {"VERSION": n}} for n in (1, 2)]
    variants = [one, *({**one, name: f"{value}x"} for name, value in one.items())]

    prints = {fingerprint(recipe=recipe, **variant) for variant in variants for recipe in recipes}

    assert len(prints) == 2 * len(variants)
