"""crawlers/extract/photos/photo_markup.py: every way in which HTML names the file of a picture."""

from typing import Any

import pytest
from parsel import Selector

from crawlers.extract.photos.photo_markup import file_at, files_of, largest_in, leads_to_file, link_around


def element(markup: str, css: str = "img") -> Any:
    return Selector(text=f"<body>{markup}</body>").css(css)[0].root


@pytest.mark.parametrize(
    ("markup", "files"),
    [
        ("<img src=/a.jpg>", ["/a.jpg"]),
        ("<img src=/a.jpg srcset='/b.jpg 300w, /c.jpg 900w'>", ["/c.jpg", "/b.jpg", "/a.jpg"]),
        ("<img src=/a.jpg srcset='/a.jpg 1x, /b.jpg 2x'>", ["/b.jpg", "/a.jpg"]),
        ("<img src=/a_300x.jpg data-srcset='/a_400x.jpg 400w' data-zoom=/z.jpg>",
         ["/z.jpg", "/a_400x.jpg", "/a_300x.jpg"]),
        ("<img src=/a.jpg srcset='/a-300x300.jpg 300w'>", ["/a.jpg", "/a-300x300.jpg"]),
        ("<img src=/blank.gif data-src=/a.jpg>", ["/a.jpg"]),
        ("<img src=/loading.png data-lazy=/a.jpg>", ["/a.jpg"]),
        ("<img src=/placeholder.png>", ["/placeholder.png"]),
        ("<img src='data:image/png;base64,AA' data-original=/a.jpg>", ["/a.jpg"]),
        ("<img data-lazy-srcset='/a.jpg 300w, /b.jpg 600w'>", ["/b.jpg", "/a.jpg"]),
        ("<img src=/t.jpg data-large_image=/a.jpg data-large_image_width=1200>", ["/a.jpg", "/t.jpg"]),
        ("<img src=/t.jpg data-image-large-src=/a.jpg data-image-medium-src=/m.jpg>", ["/a.jpg", "/t.jpg", "/m.jpg"]),
        ("<img src=/a.jpg data-thumb=/t.jpg>", ["/a.jpg", "/t.jpg"]),
        ("<img src=/a.jpg data-hover=/b.jpg data-alt-src=/c.jpg data-image-2=/d.jpg data-video=/e.jpg>", ["/a.jpg"]),
        ("<img src=/a.jpg data-src='{\"x\": 1}' data-image='red, blue' data-zoom=true data-url=/p/1>", ["/a.jpg"]),
        ("<img src=/is/a data-zoom-image=/is/a?wid=2000>", ["/is/a", "/is/a?wid=2000"]),
        ("<img src='data:,' data-zoom-image=/is/a?wid=2000>", ["/is/a?wid=2000"]),
        ("<a href=/full.jpg><img src=/t.jpg></a>", ["/full.jpg", "/t.jpg"]),
        ("<a href=/full.jpg><span><b><img src=/t.jpg></b></span></a>", ["/full.jpg", "/t.jpg"]),
        ("<a href=/page><img src=/t.jpg></a>", ["/t.jpg"]),
        ("<a href='javascript:zoom()'><img src=/t.jpg></a>", ["/t.jpg"]),
        ("<a href='#' data-zoom-image=/z.jpg><img src=/t.jpg></a>", ["/t.jpg"]),
        ("<picture><source srcset='/b.webp 800w'><source srcset='/c.jpg 900w'><img src=/a.jpg></picture>",
         ["/c.jpg", "/b.webp", "/a.jpg"]),
        ("<picture><img src=/a.jpg><source srcset='/b.webp 800w'></picture>", ["/b.webp", "/a.jpg"]),
        ("<img src='data:x' ix-src=/a.jpg>", ["/a.jpg"]),
        ("<img data-splide-lazy=/a.jpg>", ["/a.jpg"]),
        ("<img src=/spacer.gif data-mfp-src=/a.jpg data-photo=/b.jpg>", ["/a.jpg", "/b.jpg"]),
        ("<img class=lazyload data-bgset='/a-400.jpg 400w, /a-900.jpg 900w'>", ["/a-900.jpg", "/a-400.jpg"]),
        ("<img data-bg=/a.jpg data-lazy-sizes='(min-width: 9px)'>", ["/a.jpg"]),
        ("<img data-owl-lazy=/a.jpg data-brand-logo=/b.jpg>", ["/a.jpg"]),
        ("<img src='data:x' data-cfsrc=/a.jpg>", ["/a.jpg"]),
        ("<img src=/spacer.gif data-srcset-mobile='/a.jpg 400w, /b.jpg 900w'>", ["/b.jpg", "/a.jpg"]),
        ("<img src='data:x' data-breeze=/a.jpg data-back=/b.jpg>", ["/a.jpg"]),
        ("<img data-back=/b.jpg data-src=/a.jpg>", ["/a.jpg"]),
        # The files of one picture differ in a number: it is their size.
        ("<img src=/c-400.jpg data-src=/c-1600.jpg>", ["/c-1600.jpg", "/c-400.jpg"]),
        ("<picture><source data-srcset=/c_1600.webp><source srcset=/c_800.webp><img src=/c-400.jpg></picture>",
         ["/c_1600.webp", "/c_800.webp", "/c-400.jpg"]),
        ("<picture><source media='(min-width:800px)' srcset=/c-1600.jpg><img src=/c-400.jpg></picture>",
         ["/c-1600.jpg", "/c-400.jpg"]),
        ("<img alt=nothing>", []),
        ("<img src='{{ src }}' data-src=undefined>", []),
    ],
)  # fmt: skip
def test_files_of_an_image_the_largest_first(markup: str, files: list[str]) -> None:
    assert files_of(element(markup)) == files


@pytest.mark.parametrize(
    ("markup", "css", "file"),
    [
        ("<a href=/full.jpg data-zoom=/z_2000x.jpg></a>", "a", "/full.jpg"),
        ("<a href=/p/1><img src=/t.jpg></a>", "a", "/t.jpg"),
        ("<a href='#'><i></i><img data-src=/t.jpg></a>", "a", "/t.jpg"),
        ("<div class=slide><p><img src=/t.jpg srcset='/u.jpg 900w'></p></div>", "div", "/u.jpg"),
        ("<div style=\"color:red;background: #fff url('/bg.jpg') center\"></div>", "div", "/bg.jpg"),
        ("<div data-src=/lazy.jpg></div>", "div", "/lazy.jpg"),
        ("<img src='data:x'><noscript><img src=/a.jpg></noscript>", "img", "/a.jpg"),
        (
            "<img class=lazy src=/spacer.gif> <noscript><img src=/a.jpg srcset='/b.jpg 900w'></noscript>",
            "img",
            "/b.jpg",
        ),
        (
            "<picture><img src='data:x'></picture><noscript><picture><img src=/a.jpg></picture></noscript>",
            "img",
            "/a.jpg",
        ),
        ("<img src=/own.jpg><noscript><img src=/a.jpg></noscript>", "img", "/own.jpg"),
        ("<img src='data:x'><p></p><noscript><img src=/pixel-of-a-tracker.jpg></noscript>", "img", ""),
        ("<meta content=/m.jpg>", "meta", "/m.jpg"),
        ("<link href=/l.jpg>", "link", "/l.jpg"),
        ("<source srcset='/s.jpg 2x'>", "source", "/s.jpg"),
        ("<amp-img src=/a.jpg srcset='/b.jpg 2x'></amp-img>", "amp-img", "/b.jpg"),
        ("<p>words</p>", "p", ""),
    ],
)
def test_the_photo_that_any_element_shows(markup: str, css: str, file: str) -> None:
    assert file_at(element(markup, css)) == file


def test_a_link_that_holds_more_than_a_thumbnail_is_no_thumbnails_link() -> None:
    many = element("<a href=/full.jpg>" + "<img src=/t.jpg>" * 5 + "</a>")

    assert link_around(many).get("href") == "/full.jpg"
    assert not leads_to_file(link_around(many))
    assert files_of(many) == ["/t.jpg"]


def test_a_link_far_above_is_none() -> None:
    assert link_around(element("<a href=/full.jpg><p><b><i><u><img src=/t.jpg></u></i></b></p></a>")) is None


def test_of_a_srcset_widths_count_before_densities() -> None:
    assert largest_in("/a.jpg 3x, /b.jpg 200w, /c.jpg 100w") == "/b.jpg"
    assert largest_in("") == ""
