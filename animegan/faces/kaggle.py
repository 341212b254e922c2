"""The child process of `fetch`: runs kagglehub, and says in lines of JSON on stdout what happens.

    python -m animegan.faces.kaggle OWNER/NAME[/versions/N] LIMITS

A process of its own, since kagglehub waits for a server without end and can only be stopped from outside. It ends when
its stdin does, so that it never outlives who started it. The lines: {"ready"}; {"done", "total", "unit"} while it
works, and {"busy"} where it does so without a word; at last {"path", "version", "files", "cached"} or {"error", …}.
"""

import contextlib
import json
import os
import shutil
import sys
import threading
import time
import zipfile
from pathlib import Path

import requests
from kagglehub import cache, clients, config, dataset_download, exceptions, handle, http_resolver

from animegan.faces.limits import Limits, TooLarge
from animegan.faces.unpacking import BadArchive, unpack

BEAT = 1  # seconds
BUSY = 0.01 * BEAT  # seconds of computing in a beat: who waits for a server takes less
BEGINNING = 60  # bytes of what came instead of an archive that are quoted


def main():
    """Fetch what the command line names."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what kagglehub prints is no answer
    lock = threading.Lock()
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def answer(**words):
        with lock:
            print(json.dumps(words), file=answers, flush=True)

    answer(ready=True)
    threading.Thread(target=_tell_when_busy, args=(answer,), daemon=True).start()
    try:
        answer(**_fetch(sys.argv[1], Limits(**json.loads(sys.argv[2])), answer))
    except Exception as error:
        answer(**_cause(error))


def _end_with_parent():
    sys.stdin.read()
    os._exit(1)


def _tell_when_busy(answer):
    """Give a sign of life while the process computes: the checksum of half a download takes minutes, without a word."""
    before = time.process_time()
    while True:
        time.sleep(BEAT)
        now = time.process_time()
        if now - before > BUSY:
            answer(busy=True)
        before = now


def _fetch(name, limits, answer):
    """The answer to a handle: where its files are, in the cache or after a download."""
    wanted = handle.parse_dataset_handle(name)
    try:
        config.get_kaggle_credentials()
    except ValueError as error:
        return {"error": "credentials", "message": str(error)}
    shelf = cache.Cache()
    if wanted.is_versioned():
        found = _cached(shelf, wanted)
        if found:
            return found
    clients.tqdm = _telling(answer)
    newest = []  # the version, once the server has told it
    ask = http_resolver._get_current_version
    http_resolver._get_current_version = lambda *words: newest.append(ask(*words)) or newest[0]
    http_resolver._extract_archive = lambda archive, folder: _unpack(Path(archive), Path(folder), limits, answer)
    try:
        path = Path(dataset_download(name))
    except requests.ConnectionError:
        found = None if wanted.is_versioned() or newest else _newest_cached(shelf, wanted)
        if not found:
            raise
        return found
    version = wanted.version if wanted.is_versioned() else _version(path)
    left = _left_out(shelf, wanted.with_version(version) if version else wanted)
    return {"path": str(path), "version": version, "files": _count(path), "cached": False} | left


def _cached(shelf, wanted):
    """The answer, where the cache holds the whole set; where files are missing, it is marked to be fetched again."""
    path = shelf.load_from_cache(wanted)
    if not path:
        return None
    files = _count(path)
    if files < _record(shelf, wanted).get("files", 0):
        shelf.mark_as_incomplete(wanted)
        return None
    return {"path": str(path), "version": wanted.version, "files": files, "cached": True} | _left_out(shelf, wanted)


def _newest_cached(shelf, wanted):
    versions = Path(shelf.get_path(wanted), "versions")
    known = sorted((int(path.name) for path in versions.glob("*") if path.name.isdecimal()), reverse=True)
    return next(filter(None, (_cached(shelf, wanted.with_version(version)) for version in known)), None)


def _version(path):
    return int(path.name) if path.parent.name == "versions" and path.name.isdecimal() else None


def _count(path):
    return sum(len(files) for _, _, files in os.walk(path))


def _record_of(archive):
    """Where is noted what an archive held: files that are deleted later are noticed by it."""
    return archive.with_suffix(".files")


def _record(shelf, wanted):
    """What was noted of a set's archive: {} where another program has unpacked it."""
    with contextlib.suppress(OSError, ValueError):
        return json.loads(_record_of(Path(shelf.get_archive_path(wanted))).read_text())
    return {}


def _left_out(shelf, wanted):
    record = _record(shelf, wanted)
    return {"left_out": record.get("left_out", 0), "left_out_names": record.get("left_out_names", [])}


def _telling(answer):
    """A stand-in for the progress bar that kagglehub shows of a download, with the same words."""

    class Telling:
        def __init__(self, total, initial=0, **_):
            self.done, self.total = initial, total
            answer(done=self.done, total=self.total, unit="B")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def update(self, count):
            self.done += count
            answer(done=self.done, total=self.total, unit="B")

    return Telling


def _unpack(archive, folder, limits, answer):
    """Unpack in kagglehub's stead. It would keep a damaged archive, and stumble over it for ever."""
    try:
        found = unpack(archive, folder, limits, lambda done, total: answer(done=done, total=total, unit="file"))
    except (BadArchive, TooLarge) as error:
        with open(archive, "rb") as file:
            error.add_note(f"{archive.stat().st_size} bytes that begin with {file.read(BEGINNING)!r}")
        archive.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _record_of(archive).write_text(json.dumps(dict(zip(("files", "left_out", "left_out_names"), found, strict=True))))


def _cause(error):
    """What failed, in a word that `fetch` knows, with what it needs to say so."""
    if isinstance(error, requests.HTTPError):
        wait = error.response.headers.get("Retry-After", "")
        return {"error": "status", "status": error.response.status_code, "wait": int(wait) if wait.isdecimal() else 0}
    causes = {
        "limit": TooLarge,
        "archive": (BadArchive, zipfile.BadZipFile),
        "checksum": exceptions.DataCorruptionError,
        "cut": requests.exceptions.ChunkedEncodingError,
        "foreign": (requests.JSONDecodeError, json.JSONDecodeError),  # kagglehub reads some answers itself
        "network": requests.RequestException,
        "disk": OSError,
    }
    kind = next((word for word, kinds in causes.items() if isinstance(error, kinds)), "other")
    words = {"error": kind, "message": str(error), "notes": getattr(error, "__notes__", [])}
    return words | {"errno": getattr(error, "errno", None), "file": getattr(error, "filename", None)}


if __name__ == "__main__":
    main()
