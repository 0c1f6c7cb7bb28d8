"""crawlers/extract/photos/photo_sizes.py: which addresses are one photo, and which of them is the largest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.extract.photos.photo_sizes import largest_of_each, sized
from crawlers.extract.photos.size_words import UNSIZED

HOST = "https://shop.example/"
ONE_PHOTO = {  # each of a shop software: sizes of one photo, the largest last
    "WordPress": "u/hat-150x150.jpg u/hat-300x400.webp u/hat-scaled.jpg u/hat.jpg",
    "WordPress photon": "hat.jpg?resize=300%2C400&ssl=1 hat.jpg?fit=1200,1200",
    "Shopify names": "cdn/shop/hat_icon.jpg cdn/shop/hat_small.jpg?v=1 cdn/shop/hat_grande.jpg cdn/shop/hat.jpg?v=2",
    "Shopify sizes": "cdn/shop/hat_100x.jpg cdn/shop/hat_300x300_crop_center.jpg cdn/shop/hat_x600@2x.jpg",
    "Shopify width": "cdn/shop/hat.jpg?v=1&width=165 cdn/shop/hat.jpg?v=1&width=1946",
    "PrestaShop": "24-small_default/h.jpg 24-home_default/h.jpg 24-large_default/h.jpg 24-thickbox_default/h.jpg",
    "PrestaShop files": "p/2/4/24-cart_default.jpg p/2/4/24-medium_default.jpg p/2/4/24.jpg",
    "BigCommerce": "i/hat__1.50.50.jpg i/hat__1.500.750.jpg?c=2 i/hat__1.1280.1280.jpg?c=1",
    "BigCommerce widths": "i/hat.320.jpg i/hat.1280.jpg",
    "Cloudinary": "up/w_300,c_fill/v1/hat.jpg up/c_fit,h_900,w_600/v1/hat.png up/f_auto,q_auto/v1/hat",
    "Cloudinary's places": "image/upload/w_300/v1/h.jpg image/upload/w_900/v1/h.jpg image/upload/f_auto/v1/h.jpg",
    "SAP Commerce": "medias/K1-300Wx450H?context=a medias/K1-1200Wx1800H?context=b",
    "SAP Commerce files": "medias/300Wx450H-K1.jpg?context=a medias/K1-1200x1800.jpg?context=b",
    "crops and forms": "hat.jpg?crop=center&w=300 hat.jpg?auto=format,compress&crop=faces,top&bg=fff&scale=both",
    "ImageKit": "tr:w-300,h-400/hat.jpg hat.jpg",
    "Wix": "media/a~mv2.jpg/v1/fill/w_90,h_90,al_c/a.webp media/a~mv2.jpg",
    "Magento": "catalog/cache/1/image/240x/0123456789abcdef0123456789abcdef/h/a/hat.jpg catalog/h/a/hat.jpg",
    "VTEX": "ids/155242-300-400/hat.jpg ids/155242-800-auto/hat.jpg ids/155242/hat.jpg",
    "Salesforce": "dw/hat.jpg?sw=300&sh=400&sm=fit dw/hat.jpg?sw=1200",
    "Scene7": "is/hat?wid=300&hei=400&fmt=webp is/hat?wid=2000",
    "Scene7 presets": "is/hat?$thumb$ is/hat?$S7Product$ is/hat?$preset$&fmt=webp is/hat is/hat?$product_large$",
    "Scene7 presets beside pixels": "is/hat?$S7Product$&wid=200 is/hat?$zoom$&hei=900&wid=700 is/hat?$pdp$=&qlt=80",
    "Scene7 presets of pixels": "is/hat?$n_320w is/hat?$n_640w&qlt=70 is/hat?$pdp_750x900$ is/hat?fmt=jpg",
    "Akamai": "hat.jpg?impolicy=thumb hat.jpg?impolicy=product_medium hat.jpg?impolicy=pdp hat.jpg?impolicy=pdpZoom",
    "Akamai beside pixels": "hat.jpg?impolicy=large&imwidth=90 hat.jpg?imwidth=750&impolicy=thumb hat.jpg",
    "named presets": "hat.jpg?preset=thumb hat.jpg?profile=list-small hat.jpg?preset=tile hat.jpg hat.jpg?profile=zoom",
    "words of sizes": "hat.jpg?size=thumb hat.jpg?size=Medium hat.jpg?v=2 hat.jpg?size=large hat.jpg?size=original",
    "ImageKit parameters": "h.jpg?tr=w-300 h.jpg?tr=h-400,w-310,fo-auto h.jpg?tr=n-media_medium h.jpg?tr=q-80 h.jpg",
    "Amazon": "I/61._AC_US40_.jpg I/61._AC_SX300_.jpg I/61._AC_SL1500_.jpg",
    "Squarespace": "hat.jpg?format=300w hat.jpg?format=1500w",
    "Next.js": "_next/image?url=%2Fhat.jpg&w=640&q=75 _next/image?url=%2Fhat.jpg&w=3840&q=75",
    "Cloudflare": "cdn-cgi/image/width=300,quality=75/hat.jpg cdn-cgi/image/width=900/hat.jpg hat.jpg",
    "folders of sizes": "300x400/hat.jpg 1200x1600/hat.jpg",
    "folders of words": "thumbs/hat.jpg small/hat.jpg medium/hat.jpg large/hat.jpg",
    "words before and behind": "thumb_hat.jpg hat-small.jpg hat.jpg hat_large.jpg",
    "densities": "hat.jpg hat@2x.jpg hat@3x.jpg",
    "formats": "hat-100w.webp hat-w800.avif hat.jpg.webp",
    "crops that Google asks for": "hat-1x1.jpg hat-16x9.jpg hat.jpg",
}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://shop.example/m/hat.jpg", "https://cdn.shop.example/m/hat.jpg", True),
        ("https://static2.shop.example/m/hat.jpg", "https://static1.shop.example/m/hat.jpg", True),
        ("https://www.shop.example/m/hat.jpg", "https://media.shop.example/m/hat.jpg?width=300", True),
        ("https://img-1.shop.example/m/hat.jpg", "http://shop.example/m/hat-300x300.jpg", True),
        ("https://cdn.shop.example/m/hat.jpg", "https://cdn.shop.example/m/cap.jpg", False),
        ("https://shop.example/m/hat.jpg", "https://cdn.other.example/m/hat.jpg", False),
        ("https://mycdn.shop.example/m/hat.jpg", "https://shop.example/m/hat.jpg", False),
        ("https://img.example/m/hat.jpg", "https://example/m/hat.jpg", False),  # no part of a host of its own
    ],
)
def test_a_shop_s_file_is_one_on_whichever_of_its_hosts_it_is_served(
    one: str, other: str, same: bool
) -> None:
    assert (sized(one).photo == sized(other).photo) is same


@pytest.mark.parametrize("software", ONE_PHOTO)
def test_sizes_of_one_photo_are_one_photo_and_the_largest_is_taken(software: str) -> None:
    addresses = [HOST + address for address in ONE_PHOTO[software].split()]
    backwards = addresses[::-1]

    assert len({sized(address).photo for address in addresses}) == 1
    assert [sized(address).pixels for address in addresses] == sorted(sized(a).pixels for a in addresses)
    assert [*largest_of_each(dict.fromkeys(addresses, ""))] == addresses[-1:]
    assert [*largest_of_each(dict.fromkeys(backwards, ""))] == addresses[-1:]


@pytest.mark.parametrize(
    "addresses",
    [
        "hat-1.jpg hat-2.jpg hat_3.jpg hat-front.jpg hat-back.jpg hat-zoom.jpg",
        "hat.101.jpg hat.102.jpg hat.1.jpg hat.2.jpg",
        "IMG_2040.jpg IMG_2050.jpg DSC-300.jpg DSC-400.jpg",
        "10-red/hat.jpg 11-red/hat.jpg red/hat.jpg",
        "24-home_default/h.jpg 25-home_default/h.jpg",
        "300x300.jpg 400x400.jpg",
        "image.php?id=1 image.php?id=2 image.php?id=1&side=b",
        "ids/155242-300-400/hat.jpg ids/155243-300-400/hat.jpg",
        "hat-xs.jpg hat-full.jpg s_hat.jpg",
        "is/t?$img=hat is/t?$img=coat is/t?$img=hat&$side=back",
        "hat.jpg?profile=12a hat.jpg?profile=red hat.jpg?style=b hat.jpg?tr=12 hat.jpg?view=zoom hat.jpg?view=thumb",
        "i?src=hat i?src=coat i?$thumb$=coat i?$thumb$=hat",
        "image?url=%2Fa.jpg&w=640 image?url=%2Fb.jpg&w=640",
        # Folders that are colours and numbers.
        "c_red/01.jpg c_black/01.jpg",
        "f_1001/01.jpg f_1002/01.jpg f_red/01.jpg",
        "w_123/main.jpg w_124/main.jpg h_88/main.jpg q_12/main.jpg",
        # Numbers of jeans, years, and of photos whose names are nothing but these.
        "jean-w28.jpg jean-w30.jpg jean-w34.jpg coat-w10.jpg coat-w11.jpg",
        "jeans-30x32.jpg jeans-32x34.jpg jeans_28x30.jpg",
        "look-2024w.jpg look-2025w.jpg look-2027w.jpg",
        "DSC.1200.jpg DSC.1210.jpg IMG_1200x.jpg IMG_1210x.jpg P-1200w.jpg P-1250w.jpg dscf.640.jpg dscf.800.jpg",
        "10.240.1280.jpg 10.240.1290.jpg",
        "small-tote.jpg large-tote.jpg original-fit.jpg",
        # Parameters of a script, and parameters that say which side is shown.
        "getimage.aspx?c=12 getimage.aspx?c=13",
        "img/K1?v=1 img/K1?v=2 img/K1?v=3",
        "photo?sku=K&size=1 photo?sku=K&size=2 photo?sku=K&s=1",
        "photo?id=1&crop=front photo?id=1&crop=back photo?id=1&format=front photo?id=1&format=back",
        "photo?bg=1 photo?bg=2 photo?auto=1 photo?auto=2 photo?scale=a photo?scale=b",
    ],
)
def test_what_may_be_a_photos_own_name_is_no_size(addresses: str) -> None:
    photos = dict.fromkeys((HOST + address for address in addresses.split()), "")

    assert largest_of_each(photos) == photos


def test_the_largest_file_stands_where_the_first_one_stood_and_keeps_its_view() -> None:
    photos = {f"{HOST}a_small.jpg": "front", f"{HOST}b.jpg": "back", f"{HOST}a.jpg": ""}

    assert largest_of_each(photos) == {f"{HOST}a.jpg": "front", f"{HOST}b.jpg": "back"}


def test_what_is_no_address_is_a_photo_of_its_own() -> None:
    assert sized("http://[x").pixels == UNSIZED
    assert sized(f"{HOST}?=&$=&$&&=$").photo != sized("http://[y").photo
    assert sized("http://[x").photo != sized("http://[y").photo


@given(st.text(alphabet="ab/-_.x@2=0w,:?&%19jpg[]", max_size=60))
def test_no_text_raises_and_no_photo_is_lost_without_a_trace(text: str) -> None:
    assert sized(HOST + text).pixels >= 0
    assert len(largest_of_each({HOST + text: "", f"{HOST}other.jpg": ""})) >= 1
