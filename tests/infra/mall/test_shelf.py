"""A shelf of any length costs no memory, and remembers what later days changed."""

from dataclasses import replace

from infra.mall import shelf as shelves
from infra.mall.catalogue import draw_catalogue
from infra.mall.departments import Departments
from infra.mall.storefront import named


def test_a_hundred_thousand_items_are_drawn_only_when_asked_for() -> None:
    shelf = draw_catalogue(100_000, 1).items

    assert len(shelf) == 100_000 and not shelf._recent
    assert shelf[99_999].number == 99_999 and shelf.find(shelf[-1].handle) == shelf[99_999]
    assert len(shelf._recent) == 1


def test_only_the_last_few_are_kept() -> None:
    shelf = draw_catalogue(shelves.KEPT + 200, 1).items

    first = shelf[0]
    for _ in shelf:
        pass

    assert len(shelf._recent) == shelves.KEPT
    assert shelf[0] == first and shelf[0] is not first


def test_a_path_is_the_items_own_without_drawing_it() -> None:
    shelf = draw_catalogue(60, 4).items

    assert [shelf.path(number) for number in range(60)] == [item.categories for item in shelf]


def test_what_was_removed_is_found_no_more_and_what_was_added_is() -> None:
    shelf = draw_catalogue(10, 1).items
    gone = shelf[3]

    new = shelf.change([3], 2)

    assert new == [10, 11] and len(shelf) == 11
    assert shelf.find(gone.handle) is None and shelf.was(gone.handle)
    assert shelf.find(shelf[-1].handle) == shelf[-1] and shelf[-1].number == 11
    assert not shelf.was("none") and shelf.find("none-00003") is None
    assert shelf.change([], 1) == [12], "a number is never given twice"


def test_an_edit_stays_and_departments_follow_the_day() -> None:
    shelf = draw_catalogue(40, 1).items
    departments = Departments(shelf, named)
    before = sum(len(rack) for rack in departments.racks().values())

    shelf.edit([replace(shelf[5], title="Changed")])
    shelf.change([0, 1], 1)

    assert shelf.at(5).title == "Changed"
    assert (before, sum(len(rack) for rack in departments.racks().values())) == (40, 39)
    assert all(named(item.categories)[0] == key for key, rack in departments.racks().items() for item in rack)


def test_a_hidden_item_has_a_page_and_no_place() -> None:
    shelf = draw_catalogue(5, 1).items

    hidden = shelf.hide(9_000_001)

    assert shelf.find(hidden.handle) == hidden and hidden not in list(shelf)
