import collections
import gzip
import io
import os
import sys
import tarfile
import tracemalloc
import zipfile

import h5py
import pytest

from animegan.faces.limits import Limits, TooLarge
from animegan.faces.sources import MEMBERS as MEMBERS_OF
from animegan.faces.sources import carried_tables, count_pictures, is_picture, kind_of, pictures
from animegan.faces.unpacking import BadArchive, unpack
from animegan.files import InputError

MEMBERS = {  # name → content, in no order
    "b/2.JPG": b"two",
    "a.png": b"one",
    "b/deep/3.webp": b"three",
    "b/faces.csv": b"file,hair\n",
    "tags.csv": b"file,eyes\n",
    "notes.txt": b"no picture",
    ".hidden.png": b"hidden",
    ".thumbnails/a.png": b"hidden too",
    "__MACOSX/b/._2.JPG": b"a Macintosh's companion",
    "__MACOSX/b/tags.csv": b"another",
    "z.tiff": b"four",
}
PICTURES = {"a.png": b"one", "b/2.JPG": b"two", "b/deep/3.webp": b"three", "z.tiff": b"four"}


def as_folder(path):
    for name, data in MEMBERS.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    (path / "folder.png").mkdir()
    return path


def as_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("folder.png")
        for name, data in MEMBERS.items():
            archive.writestr(name, data)
    return path


def as_tar(path, mode="w"):
    with tarfile.open(path, mode) as archive:
        folder = tarfile.TarInfo("folder.png")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in MEMBERS.items():
            member = tarfile.TarInfo(f"./{name}")  # as `tar c .` writes them
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def as_tar_gz(path):
    return as_tar(path, "w:gz")


FORMS = {"folder": as_folder, "zip": as_zip, "tar": as_tar, "tar.gz": as_tar_gz}


@pytest.fixture(params=FORMS)
def source(request, tmp_path):
    """The members as a folder and as each kind of archive, whatever the name says."""
    return FORMS[request.param](tmp_path / "source")


def test_pictures_are_found_at_any_depth_and_hidden_ones_are_not(source):
    assert {name.removeprefix("./"): data for name, data in pictures(source)} == PICTURES


def test_a_source_tells_its_kind_and_how_many_pictures_it_names(source, request):
    kind = request.node.callspec.params["source"].removesuffix(".gz")
    assert kind_of(source) == kind
    assert count_pictures(source) == (None if kind == "tar" else 4)


def test_tables_are_found_at_any_depth(source):
    found = {name.removeprefix("./"): data for name, data in carried_tables(source)}
    assert found == {"b/faces.csv": b"file,hair\n", "tags.csv": b"file,eyes\n"}


def test_a_folder_is_walked_in_the_order_of_its_names(tmp_path):
    assert [name for name, _ in pictures(as_folder(tmp_path))] == sorted(PICTURES)


def test_an_archive_is_walked_in_its_own_order(tmp_path):
    names = [name for name in MEMBERS if name in PICTURES]
    assert [name for name, _ in pictures(as_zip(tmp_path / "z"))] == names
    assert [name for name, _ in pictures(as_tar(tmp_path / "t"))] == [f"./{name}" for name in names]


@pytest.mark.parametrize("form", FORMS)
def test_files_of_other_kinds_are_counted(tmp_path, form):
    others = collections.Counter()
    list(pictures(FORMS[form](tmp_path / "source"), others=others))
    assert others == {".txt": 1}  # a table of tags is none of them


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_link_to_a_picture_is_read_and_other_links_are_named(tmp_path):
    folder = as_folder(tmp_path / "source")
    (folder / "link.png").symlink_to(folder / "b" / "2.JPG")
    (folder / "lost.png").symlink_to(folder / "gone.png")
    (folder / "loop").symlink_to(folder)
    found = dict(pictures(folder))
    assert found.pop("link.png") == b"two"
    assert "No such file" in str(found.pop("lost.png"))
    assert str(found.pop("loop")) == "a link to a folder is not followed"
    assert found == PICTURES


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither in a folder")
@pytest.mark.timeout(60)
def test_pipes_and_devices_in_a_folder_are_named_and_not_read(tmp_path):
    folder = as_folder(tmp_path / "source")
    os.mkfifo(folder / "pipe.png")
    (folder / "zeros.png").symlink_to("/dev/zero")
    found = dict(pictures(folder))
    assert {str(found.pop(name)) for name in ("pipe.png", "zeros.png")} == {"it is no ordinary file"}
    assert found == PICTURES


def test_a_file_that_grows_is_read_as_far_as_it_was_counted(tmp_path):
    folder = as_folder(tmp_path / "source")
    for name, size, read in MEMBERS_OF["folder"](folder):
        (folder / name).write_bytes(bytes(size + 1))
        assert read() == bytes(size)


def test_links_in_a_tar_are_named_and_not_followed(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    with tarfile.open(tmp_path / "t", "w") as archive:
        for name, kind in (("link.png", tarfile.SYMTYPE), ("hard.png", tarfile.LNKTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, str(tmp_path / "secret.png")
            archive.addfile(member)
    found = dict(pictures(tmp_path / "t"))
    assert {name: str(error) for name, error in found.items()} == dict.fromkeys(found, "a link is not followed")
    assert set(found) == {"link.png", "hard.png"}


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="only a user can be kept out of a folder")
def test_a_folder_that_cannot_be_read_is_named(tmp_path):
    folder = as_folder(tmp_path / "source")
    (folder / "b").chmod(0)
    found = dict(pictures(folder))
    (folder / "b").chmod(0o700)
    assert isinstance(found["b"], OSError)


# --- limits


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(members=5), r"at most 5 members \(--most-members\)\. Received: 6"),
        (Limits(bytes=30), r"at most 30 bytes \(--most-bytes\)\. Received: "),
    ],
)
def test_a_source_that_is_too_large_is_refused(tmp_path, form, limits, message):
    with pytest.raises(TooLarge, match=message):
        list(pictures(FORMS[form](tmp_path / "source"), limits))


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_too_large_costs_only_itself(tmp_path, form):
    found = {
        name.removeprefix("./"): data for name, data in pictures(FORMS[form](tmp_path / "s"), Limits(file_bytes=4))
    }
    assert "at most 4 file bytes (--most-file-bytes). Received: 5" in str(found.pop("b/deep/3.webp"))
    assert found == {name: data for name, data in PICTURES.items() if len(data) < 5}


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_a_bomb_in_a_tar_is_refused_before_it_is_unpacked(tmp_path, mode):
    with tarfile.open(tmp_path / "bomb", mode) as archive:
        member = tarfile.TarInfo("bomb.png")
        member.size = 50_000_000
        archive.addfile(member, io.BytesIO(bytes(member.size)))
    tracemalloc.start()
    with pytest.raises(TooLarge, match="Received: 50,000,000"):
        list(pictures(tmp_path / "bomb", Limits(bytes=1_000_000)))
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()


def comments(count, size, kind):
    """The headers of `count` comments of `size` zeros each, for the next member or for all that follow."""
    member = tarfile.TarInfo("comment")
    member.type, member.size = kind, size
    record = f"{size} comment=".encode()
    return (member.tobuf() + record + bytes(size - len(record) - 1) + b"\n" + bytes(-size % 512)) * count


@pytest.mark.parametrize(
    ("count", "size", "kind"),
    [(1, 20_000_000, tarfile.XHDTYPE), (40, 500_000, tarfile.XHDTYPE), (40, 500_000, tarfile.XGLTYPE)],
)
def test_a_bomb_in_the_headers_of_a_tar_is_refused(tmp_path, count, size, kind):
    plain = as_tar(tmp_path / "plain").read_bytes()
    for path, start in (("first", 0), ("later", 1536)):  # a folder, and a file of one block
        (tmp_path / path).write_bytes(gzip.compress(plain[:start] + comments(count, size, kind) + plain[start:]))
    tracemalloc.start()
    for path in ("first", "later"):
        with pytest.raises(InputError, match="Received: "):
            list(pictures(tmp_path / path))
        with pytest.raises(BadArchive):
            unpack(tmp_path / path, tmp_path / "out", Limits())
    assert tracemalloc.get_traced_memory()[1] < 10e6 and not (tmp_path / "out").exists()
    tracemalloc.stop()


def stated(headers, body=b""):
    """A PAX header, and the member that it is about."""
    records = "".join(f"{len(name) + len(value) + 5} {name}={value}\n" for name, value in headers.items()).encode()
    about, member = tarfile.TarInfo("about"), tarfile.TarInfo("sparse.png")
    about.type, about.size, member.size = tarfile.XHDTYPE, len(records), len(body)
    return about.tobuf() + records + bytes(-len(records) % 512) + member.tobuf() + body + bytes(-len(body) % 512)


def of_gnu():
    member = tarfile.TarInfo("sparse.png")
    member.type = tarfile.GNUTYPE_SPARSE
    return member.tobuf()


SPARSE = {
    "gnu": of_gnu,
    "0.0": lambda: stated({"GNU.sparse.size": "12"}),
    "0.0, odd": lambda: stated({"GNU.sparse.size": "abc"}),
    "0.1": lambda: stated({"GNU.sparse.map": "0,1"}),
    "0.1, odd": lambda: stated({"GNU.sparse.map": "a,b"}),
    "1.0": lambda: stated({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, b"3000000\n" + b"0\n0\n" * 3_000_000),
    "odd size": lambda: stated({"GNU.sparse.realsize": "abc"}),
    "nested": lambda: comments(2000, 512, tarfile.XHDTYPE)[: 1024 * 1000],
}


@pytest.mark.parametrize("form", SPARSE)
def test_sparse_members_and_odd_headers_of_a_tar_are_refused(tmp_path, form):
    plain, odd = as_tar(tmp_path / "plain").read_bytes(), SPARSE[form]()
    for path, start in (("first", 0), ("later", 1536)):  # a folder, and a file of one block
        (tmp_path / path).write_bytes(gzip.compress(plain[:start] + odd + plain[start:]))
    tracemalloc.start()
    for path in ("first", "later"):
        with pytest.raises(InputError, match="Received: "):
            list(pictures(tmp_path / path))
        with pytest.raises(BadArchive):
            unpack(tmp_path / path, tmp_path / "out", Limits())
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_members_of_a_tar_take_no_memory(tmp_path):
    with tarfile.open(tmp_path / "many", "w") as archive:
        for number in range(2000):
            archive.addfile(tarfile.TarInfo(f"{number}.png"))
    tracemalloc.start()
    assert sum(1 for _ in pictures(tmp_path / "many")) == 2000
    assert tracemalloc.get_traced_memory()[1] < 5e5
    tracemalloc.stop()


@pytest.mark.parametrize("value", [0, -1])
def test_limits_are_numbers_from_one_on(value):
    with pytest.raises(InputError, match=f"most file bytes must be 1 or more. Received: {value}"):
        Limits(file_bytes=value)


@pytest.mark.parametrize("name", ["a.jpg", "A.JPEG", "x/y.gif", "./b.bmp", "1.tif", "顔.png"])
def test_names_of_pictures(name):
    assert is_picture(name)


@pytest.mark.parametrize(
    "name", ["a.txt", "a", "jpg", "._a.jpg", ".git/a.jpg", "__MACOSX/a.jpg", "a.jpg/", "a.jpg.part"]
)
def test_names_of_no_pictures(name):
    assert not is_picture(name)


def test_a_packed_file_is_known_by_its_content(tmp_path):
    h5py.File(tmp_path / "faces", "w").close()
    assert kind_of(tmp_path / "faces") == "h5"


def test_a_missing_source_is_bad_input(tmp_path):
    with pytest.raises(InputError, match=r"must be a folder, a zip or tar archive.*Received: .*gone"):
        kind_of(tmp_path / "gone")


@pytest.mark.parametrize(("name", "data"), [("faces.zip", b"PK no zip"), ("letter.txt", b"Dear reader"), ("a.h5", b"")])
def test_a_file_that_is_no_archive_is_bad_input(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=rf"Received: .*{name} \({len(data)} bytes that are none of these\)"):
        kind_of(tmp_path / name)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_STORED])
@pytest.mark.parametrize("fill", [b"\xff", b"\x00", b"\x55"])
def test_a_damaged_member_of_a_zip_costs_only_itself(tmp_path, picture, method, fill):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("bad.png", picture(0).tobytes())
        archive.writestr("good.png", b"whole")
    data = bytearray(path.read_bytes())
    data[50:400] = fill * 350
    path.write_bytes(data)
    (bad, error), good = pictures(path)
    assert bad == "bad.png" and isinstance(error, OSError)
    assert good == ("good.png", b"whole")


@pytest.mark.parametrize("read", [lambda path: list(pictures(path)), lambda path: list(carried_tables(path))])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_truncated_tar_is_bad_input(tmp_path, picture, mode, read):
    path = tmp_path / "faces.tar"
    with tarfile.open(path, mode) as archive:
        for index in range(9):
            member = tarfile.TarInfo(f"{index}.png")
            member.size = 3072
            archive.addfile(member, io.BytesIO(picture(index).tobytes()))
    path.write_bytes(path.read_bytes()[:15_000])
    with pytest.raises(InputError, match=r"an archive must be whole and readable\. Received: .*faces\.tar"):
        read(path)


@pytest.mark.parametrize(
    "read", [count_pictures, lambda path: list(pictures(path)), lambda path: list(carried_tables(path))]
)
def test_a_zip_without_its_table_of_contents_is_bad_input(tmp_path, read):
    path = as_zip(tmp_path / "faces.zip")
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    path.write_bytes(data[:start] + bytes(100) + data[start + 100 :])
    with pytest.raises(InputError, match=r"an archive must be whole and readable\. Received: .*faces\.zip"):
        read(path)
