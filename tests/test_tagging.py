import unicodedata

import pytest

from animegan.faces.tagging import TagTable
from animegan.files import InputError


def table(text):
    return TagTable.parse(text.encode(), "tags.csv")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_tables_of_every_program_are_read(mark, separator, end):
    tags = table(
        mark + end.join(separator.join(row) for row in (["file", "hair", "eyes"], ["1.jpg", "blonde", "blue"]))
    )
    assert tags.names == ("hair", "eyes")
    assert len(tags) == 1
    assert tags.of("1.jpg") == {"hair": "blonde", "eyes": "blue"}


def test_spaces_around_words_do_not_count():
    assert table("file , hair colour\n 1.jpg , light blue \n").of("1.jpg") == {"hair colour": "light blue"}


@pytest.mark.parametrize("start", ["sep=;\r\n", "\r\n\n", "\ufeffsep=;\n"])
def test_what_programs_put_before_the_columns_does_not_count(start):
    assert table(start + "File;hair\r\n./a/1.jpg;red, dyed\r\n").of("set/a/1.jpg") == {"hair": "red, dyed"}


@pytest.mark.parametrize(("written", "named"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_matches_however_its_accents_are_stored(written, named):
    row, name = (unicodedata.normalize(form, "ガール é.png") for form in (written, named))
    assert row != name and table(f"file,hair\n{row},red\n").of(f"set/{name}") == {"hair": "red"}


def test_rows_that_are_too_long_and_columns_that_are_no_tags_are_reported():
    report = table("file,hair,source\n1.jpg,red,web,more\n2.jpg,red,web\n").report()
    assert (report["too_long"], report["examples"]["too_long"], report["measures"]) == (1, ["1.jpg"], ["source"])


def test_a_quoted_value_may_hold_the_separator():
    assert table('file,hair\n1.jpg,"red, dyed"\n').of("1.jpg") == {"hair": "red, dyed"}


def test_the_column_file_may_stand_anywhere():
    assert table("hair,file\nred,1.jpg\n").of("1.jpg") == {"hair": "red"}


def test_empty_values_and_short_rows_are_unknown():
    tags = table("file,hair,eyes\n1.jpg,,blue\n2.jpg,red\n")
    assert tags.of("1.jpg") == {"eyes": "blue"}
    assert tags.of("2.jpg") == {"hair": "red"}


def test_a_row_matches_the_end_of_a_name():
    tags = table("file,hair\nfaces/1.jpg,red\n")
    assert tags.of("set.zip/faces/1.jpg") == {"hair": "red"}
    assert tags.of("1.jpg") == {} == tags.of("other/1.jpg") == tags.of("myfaces/1.jpg")


def test_the_longest_match_wins():
    tags = table("file,hair\n1.jpg,red\na/1.jpg,blue\n")
    assert tags.of("b/1.jpg") == {"hair": "red"}
    assert tags.of("set/a/1.jpg") == {"hair": "blue"}


def test_of_doubled_rows_the_first_counts_and_the_others_fill_its_gaps():
    tags = table("file,hair,eyes\n1.jpg,red,\n1.jpg,blue,green\n1.jpg,black,brown\n2.jpg,red,\n")
    assert tags.of("1.jpg") == {"hair": "red", "eyes": "green"}
    assert tags.doubled == ["1.jpg", "1.jpg"]


def test_the_report_names_what_did_not_fit():
    tags = table("file,hair\n1.jpg,red\n1.jpg,blue\n" + "".join(f"gone{number}.jpg,red\n" for number in range(7)))
    tags.of("faces/1.jpg")
    assert tags.report() == {
        "rows": 9,
        "unused": 7,
        "doubled": 1,
        "too_long": 0,
        "measures": [],
        "examples": {"unused": [f"gone{number}.jpg" for number in range(5)], "doubled": ["1.jpg"], "too_long": []},
    }


def test_a_table_may_use_backslashes():
    assert table("file,hair\nfaces\\1.jpg,red\n").of("faces/1.jpg") == {"hair": "red"}


def test_what_crop_measures_is_no_tag():
    tags = table("file,source,x0,y0,x1,y1,likelihood,hair,eyes\na_0.png,a.jpg,1,2,3,4,0.9,red,\n")
    assert tags.names == ("hair", "eyes")
    assert tags.of("a_0.png") == {"hair": "red"}


def test_names_of_files_may_be_any_bytes():
    name = b"\x83\x65.png"  # Shift-JIS
    tags = TagTable.parse(b"file,hair\n" + name + b",red\n", "faces.csv")
    assert tags.of(name.decode("utf-8", "surrogateescape")) == {"hair": "red"}


@pytest.mark.parametrize(
    ("text", "received"),
    [
        ("name,hair\n1.jpg,red\n", "tags.csv with name, hair"),
        ("file\n1.jpg\n", "tags.csv with file"),
        ("file,x0,likelihood\n1.jpg,4,0.9\n", "tags.csv with file, x0, likelihood"),
        ("", "tags.csv with no columns"),
    ],
)
def test_a_table_needs_files_and_a_tag(text, received):
    with pytest.raises(InputError, match=f"a column 'file' and a column for each tag. Received: {received}"):
        table(text)


@pytest.mark.parametrize(
    "data",
    ["file,hair\n1.jpg,red\n".encode("utf-16"), b"file,hair\n1.jpg,caf\xe9\n", b'file,hair\n1.jpg,"' + b"x" * 200_000],
    ids=["UTF-16", "Latin-1", "a quote that never ends"],
)
def test_a_table_must_be_a_csv_in_utf_8(data):
    with pytest.raises(InputError, match=r"must be a CSV in UTF-8\. Received: tags\.csv"):
        TagTable.parse(data, "tags.csv")


def test_a_table_is_read_from_a_file(tmp_path):
    (tmp_path / "tags.csv").write_text("file,hair\n1.jpg,red\n")
    assert TagTable.read(tmp_path / "tags.csv").of("1.jpg") == {"hair": "red"}


@pytest.mark.parametrize("name", ["gone.csv", "."])
def test_a_table_that_cannot_be_read_is_bad_input(tmp_path, name):
    with pytest.raises(InputError, match="tags must be in a CSV file that can be read"):
        TagTable.read(tmp_path / name)


def test_a_table_of_a_thousand_columns_is_none():
    with pytest.raises(InputError, match=r"at most 1,000 columns\. Received: 1,001"):
        TagTable("file," + ",".join(f"tag{number}" for number in range(1000)) + "\n")


def test_a_row_may_end_early():
    found = table("file,hair,eyes\na.png\nb.png,red\n\nc.png,,blue\n,green\n")
    assert [found.of(name) for name in ("a.png", "b.png", "c.png")] == [{}, {"hair": "red"}, {"eyes": "blue"}]
    assert found.report()["rows"] == 4
