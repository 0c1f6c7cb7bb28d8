"""crawlers/datasets/text_encoding.py: what a text is written in, and what separates its columns."""

import io
from io import BufferedReader

import pytest

from crawlers.datasets.text_encoding import delimiter_of, encoding_of, known_delimiter, known_encoding
from schemas.errors import InputError

WORDS = {
    "cp949": ["줄무늬 셔츠", "면 치마", "가죽 장화", "겨울 외투"],
    "cp932": ["縞のシャツ", "綿のスカート", "革のブーツ", "冬のコート"],
    "euc_jp": ["縞のシャツ", "綿のスカート", "革のブーツ"],
    "gb18030": ["条纹衬衫", "棉布裙子", "皮靴", "冬季大衣"],
    "big5": ["條紋襯衫", "棉布裙子", "皮靴", "冬季大衣"],
    "cp1251": ["Полосатая рубашка", "Хлопковая юбка", "Зимнее пальто"],
    "cp1252": ["Jäckchen für Mädchen", "Strümpfe, weiß", "Größe 40", "Gürtel"],
    "cp1252 ": ["Chemise rayée", "Jupe en coton brodée", "Écharpe à carreaux", "Señora"],
}


def read(data: bytes) -> str:
    return encoding_of(BufferedReader(io.BytesIO(data)))


@pytest.mark.parametrize("times", [1, 40, 4_000])
@pytest.mark.parametrize("written", WORDS)
def test_an_encoding_is_told_by_what_the_words_look_like(written: str, times: int) -> None:
    lines = [f"{n},{title},img/{n}.jpg" for n, title in enumerate(WORDS[written] * times)]

    assert read("\r\n".join(lines).encode(written.strip())) == written.strip()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_at_the_beginning_tells(encoding: str) -> None:
    assert read("sku;name\n1;Gürtel".encode(encoding)) == encoding


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_by_its_zeros(encoding: str) -> None:
    assert read("sku;name\n1;Gürtel".encode(encoding)) == encoding


@pytest.mark.parametrize(
    "damage", ["Gürtel\n".encode() * 3 + b"G\xfcrtel\n", b"plain,\xff\n" + b"plain\n" * 9, b"x\x8dy\n"]
)
def test_a_damaged_byte_makes_no_other_encoding(damage: bytes) -> None:
    assert read(damage) == "utf-8"


def test_what_tells_may_stand_far_behind_the_beginning() -> None:
    assert read(b"1,plain\n" * 400_000 + "2,Gürtel\n".encode("cp1252")) == "cp1252"


def test_a_long_line_is_judged_by_its_beginning() -> None:
    assert read(("x," * 10 + "冬のコート" * 50_000).encode()) == "utf-8"
    assert read(("冬のコート " * 200_000).encode("cp932")) == "cp932"


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["sku;name;text", "1;Belt;long, wide, brown, soft", "2;Hat;flat, round, green"], ";"),
        (["sku\tname", "1\tBelt, brown", "2\tHat; green"], "\t"),
        (["sku|name|tags", "1|Belt|a,b,c", "2|Hat|a,b"], "|"),
        (["sku,name", '1,"Belt; brown; wide"', '2,"Hat; green"'], ","),
        (["sku,price", '1,"12,90"'], ","),
        (["sku"], ","),
        ([], ","),
    ],
)
def test_columns_are_told_by_what_cuts_every_row_alike(lines: list[str], delimiter: str) -> None:
    assert delimiter_of(f"{line}\n" for line in lines) == delimiter


def test_a_user_may_know_better() -> None:
    assert (known_encoding("CP949"), known_encoding("latin-1")) == ("cp949", "iso8859-1")
    assert (known_delimiter("tab"), known_delimiter(";"), known_delimiter("^")) == ("\t", ";", "^")
    with pytest.raises(InputError, match="--encoding klingon: no such encoding"):
        known_encoding("klingon")
    with pytest.raises(InputError, match="--encoding base64"):
        known_encoding("base64")
    with pytest.raises(InputError, match="one character"):
        known_delimiter("::")
