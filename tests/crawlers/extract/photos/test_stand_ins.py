"""crawlers/extract/photos/stand_ins.py: what stands where a photo should be, and what only looks so."""

import pytest

from crawlers.extract.photos.stand_ins import is_no_photo, says_no_picture, stands_in

PHOTOS = (
    *(
        "/p/coat.jpg",
        "/p/coat.gif",
        "/p/grey.jpg",
        "/p/white.png",
        "/p/polka-dot-dress.jpg",
        "/p/pixel-tee.jpg",
    ),
    *(
        "/p/no-picture-tee.jpg",
        "/p/placeholder-print-tee/1.jpg",
        "/p/default-hoodie.jpg",
        "/p/clear-quartz.jpg",
        "/p/default.jpg",
        "http://[x",
        "/p/loading-dock-jacket.gif",
        "/p/coat.mp4.jpg",
        "/youtube.com/coat.jpg",
    ),
)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            " ",
            "#",
            "#photo",
            "data:image/gif;base64,R0",
            "about:blank",
            "blob:https://x/1",
            "/v/coat.mp4?t=1",
            "/3d/coat.GLB",
            "https://youtu.be/abc",
            "null",
            "Undefined",
        ),
        *("/cdn/shop/products/a_{width}x.jpg", "/p/coat_%7Bwidth%7Dx.jpg?v=1", "//cdn.x/a-{size}.webp"),
        *("{{ image.src }}", "/img/${id}.jpg", "<%= url %>", "no_selection"),
        *(
            "/js/blank.gif",
            "/spacer.gif?v=2",
            "//cdn.example/1x1.gif",
            "/skin/ajax-loader.gif",
            "/s.gif",
            "/px.GIF",
        ),
        *("/img/loading.svg", "/lazy-placeholder.svg", "/transparent_pixel.gif", "/grey.gif"),
    ],
)
def test_what_is_never_a_photo(address: str) -> None:
    assert is_no_photo(address)


@pytest.mark.parametrize("address", PHOTOS)
def test_what_is_one(address: str) -> None:
    assert not is_no_photo(address)
    assert not says_no_picture(address)


@pytest.mark.parametrize("address", ["/skin/loading.png", "/blank.jpg", "/placeholder.webp", "/lazyload.png"])
def test_what_stands_in_only_beside_another(address: str) -> None:
    assert stands_in(address)
    assert not is_no_photo(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "/no-image.jpg",
            "/img/no_picture.png",
            "/noimage.gif",
            "/product-no-photo-available.jpg",
            "/nopic.jpg",
        ),
        *(
            "/image-not-found.png",
            "/coming-soon.jpg",
            "/image_coming_soon.jpg?v=2",
            "/woocommerce-placeholder.png",
        ),
        *(
            "/woocommerce-placeholder-300x300.png",
            "/placeholder.jpg",
            "/kein-bild.jpg",
            "/missing-image.webp",
        ),
        *(
            "/catalog/product/placeholder/default/image-placeholder_2.jpg",
            "/default-product.jpg",
            "/No%20Image.jpg",
        ),
        *("/no-image-2048-5e88c1b20e087fb7bbe9a3771824e743_large.gif", "/img/p/fr-default-home_default.jpg"),
        *("/media/catalog/product/placeholder/image.jpg", "/img/ProductDefault.gif", "/no_image_product.png"),
        *("/img_product_big.gif", "/bild-folgt.jpg", "/noimage_detail.jpg"),
    ],
)
def test_how_shops_call_the_picture_of_what_has_no_photo(address: str) -> None:
    assert says_no_picture(address)
    assert stands_in(address)
