"""Which queries are shown, and which hits count as right."""

from workers.report.picture import Answer, Owner, choose, picture


def test_every_nth_query_is_shown_whatever_it_found() -> None:
    ranks = {f"{n:03d}": 1 if n % 2 else 50 for n in range(80)}

    choice = choose(dict(reversed(ranks.items())))

    assert choice.every == 10 and choice.rows == [f"{n:03d}" for n in range(0, 80, 10)]
    assert choice.found == 40 and choice.failed == 40


def test_failures_are_queries_beyond_ten_and_not_shown_before() -> None:
    choice = choose({f"{n:03d}": {0: 0, 1: 1, 2: 10, 3: 11}[n % 4] for n in range(64)})

    assert len(choice.failures) == 4 and not set(choice.failures) & set(choice.rows)
    assert all(int(query) % 4 == 3 for query in choice.failures)
    assert choice.failed == 16 and choice.found == 32  # rank 0: nothing to find, so no failure of the method


def test_few_queries_are_all_shown() -> None:
    assert choose({"b": 1, "a": 30}).rows == ["a", "b"]


def test_a_hit_is_right_when_one_of_its_products_is_asked_for() -> None:
    owners = {
        "q": [Owner("s:1", "s", "Dress")],
        "shared": [Owner("s:9", "s", "Other"), Owner("s:1", "s", "Dress")],
        "wrong": [Owner("s:9", "s", "Other")],
    }
    answers = {"q": Answer("q", 1, ["shared", "wrong", "unknown"], [0.9, 0.8, 0.7])}

    row = picture("corbiere", "exact", choose({"q": 1}), answers, owners).rows[0]

    assert [hit.right for hit in row.hits] == [True, False, False]
    assert [hit.title for hit in row.hits] == ["Dress", "Other", ""]
