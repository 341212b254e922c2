"""Fetch a data set from Kaggle into a folder, by kagglehub, so that it ends: with the files or with a reason."""

import filecmp
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path

from tqdm.auto import tqdm

from animegan.faces.limits import LIMITS
from animegan.faces.sources import is_picture
from animegan.files import TEMPORARY, InputError, output_folder, remove_unfinished, replacing

# A pinned version is found in the cache without asking the server, and is the same pictures for everyone.
PINNED = {"aadilmalik94/animecharacterfaces": 1, "splcher/animefacedataset": 3}
HANDLE = re.compile(r"(?:https?://(?:www\.)?kaggle\.com/datasets/)?([\w-][\w.-]*/[\w-][\w.-]*)(/versions/[1-9]\d*)?/?")
PATIENCE = 120  # seconds without a sign of life: a megabyte at 9 kB a second
START = 60  # seconds for the child process to load kagglehub, on a busy machine
TRIES = 5  # of a download that is cut off each time; each goes on where the last ended
WAITS = (1, 4)  # seconds before asking a server again that is too busy
LONGEST_WAIT = 60  # seconds, where the server says how long
BUSY = (429, 500, 502, 503, 504)
RECORD = ".fetched.json"  # in the output folder: what it holds


def fetch(handle, out, patience=PATIENCE, limits=LIMITS, progress=True):
    """Fetch a data set from Kaggle.

    It is downloaded into kagglehub's cache (environment variable KAGGLEHUB_CACHE), where a download that was cut off is
    gone on with, and what is there already is used without the network. From there its files are linked into `out`, or
    copied where links do not work.

    Args:
        handle: OWNER/NAME, the newest version of a set, the two of PINNED in the version that is pinned;
            OWNER/NAME/versions/N; or the address of a set's page.
        out: folder, new or empty or filled by `fetch` from the same set before; of another version of it, what this
            one has not is removed.
        patience: seconds without a sign of life after which the server is given up.
        limits: animegan.faces.limits.Limits for the archive.
        progress: show a progress bar on stderr.

    Returns:
        dict: handle (with its version), files, pictures (how many of them by their names), megabytes, left_out (how
        many members of the archive are not among them: links, and names that cannot be), left_out_names (of the first
        five), cached (whether it was there already), out.

    Raises:
        InputError: the handle or the folder cannot be used, the set cannot be had, or what came is no archive.
        OSError: the disk is full.
    """
    match = HANDLE.fullmatch(str(handle))
    if not match:
        raise InputError(f"a handle must be OWNER/NAME, or OWNER/NAME/versions/N. Received: {handle}")
    name, version = match.groups()
    if not version and name in PINNED:
        version = f"/versions/{PINNED[name]}"
    out = output_folder(out)
    _check_folder(out, name)
    answer = _download(name + (version or ""), patience, limits, progress)
    found = f"{name}/versions/{answer['version']}" if answer["version"] else name
    rest = {name: answer[name] for name in ("left_out", "left_out_names", "cached")}
    return {"handle": found, **_place(Path(answer["path"]), out, found), **rest, "out": str(out)}


def _check_folder(out, name):
    """Raise InputError if a folder holds anything but what fetch put there from this set."""
    held = [path.name for path in out.iterdir() if not path.name.startswith(TEMPORARY)]
    if not held:
        return
    before, _ = _read_record(out)
    if not before:
        raise InputError(f"the output must be a new or empty folder. Received: {out}, which holds {held[0]}")
    if before.partition("/versions/")[0] != name:
        raise InputError(f"the output must be a folder for {name} alone. Received: {out}, which holds {before}")


def _read_record(out):
    """What a folder holds by its record: (handle, set of names of files); ("", empty set) where there is none."""
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
        names = {name for name in record.get("files", []) if not {"", "..", "/"} & {*Path(name).parts}}
        return str(record["handle"]), names
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", set()


def _write_record(out, handle, names):
    with replacing(out / RECORD) as temporary:
        temporary.write_text(json.dumps({"handle": handle, "files": sorted(names)}) + "\n", encoding="utf-8")


def _download(name, patience, limits, progress):
    """The child's answer {"path", "version", "files", "cached"}, after as many tries as are worth it."""
    healed = busy = 0
    for attempt in range(1, TRIES + 1):
        answer = {}
        with tqdm(desc=name, unit="B", unit_scale=True, disable=not progress, leave=False) as bar:
            began, ended = None, None
            for answer in _answers(name, patience, limits):
                if "done" in answer:
                    began = answer["done"] if began is None else began
                    ended = answer["unit"], answer["done"]
                    bar.unit, bar.total, bar.n = answer["unit"], answer["total"], answer["done"]
                    bar.update(0)
        cause, status = answer.get("error"), answer.get("status")
        if not cause:
            return answer
        if cause in ("archive", "checksum") and not healed:  # the child has thrown away what was damaged
            healed = True
        elif cause == "status" and status in BUSY and busy < len(WAITS) and answer["wait"] <= LONGEST_WAIT:
            time.sleep(answer["wait"] or WAITS[busy])
            busy += 1
        elif cause not in ("cut", "network", "silence") or ended in (None, ("B", began)) or attempt == TRIES:
            break  # no step further than before
    if cause == "disk" and answer["errno"]:
        raise OSError(answer["errno"], os.strerror(answer["errno"]), answer["file"])
    raise InputError(_reason(name, answer, patience))


def _answers(name, patience, limits):
    """The lines of a child process as dicts, the last one made up if it ends, or falls silent, without an answer."""
    command = [sys.executable, "-m", "animegan.faces.kaggle", name, json.dumps(asdict(limits))]
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    quiet = {"KAGGLEHUB_VERBOSITY": "critical", "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            env=os.environ | quiet,
        ) as child,
    ):
        lines = queue.Queue()
        threading.Thread(target=_hand_on, args=(child.stdout, lines), daemon=True).start()
        try:
            answered = False
            ready = lines.get(timeout=max(patience, START))
            while ready and (line := lines.get(timeout=patience)):
                answer = json.loads(line)
                if "busy" not in answer:
                    answered = "done" not in answer
                    yield answer
            if not answered:
                errors.seek(0)
                yield {"error": "other", "message": (errors.read().splitlines() or ["no word"])[-1]}
        except queue.Empty:
            yield {"error": "silence"}
        finally:
            child.kill()


def _hand_on(stream, lines):
    """Put the lines of a stream, and None at its end, into a queue."""
    for line in stream:
        lines.put(line)
    lines.put(None)


def _reason(name, answer, patience):
    """One sentence for why there is nothing: what must hold, then what came."""
    owner_and_name = name.partition("/versions/")[0]
    page = f"https://www.kaggle.com/datasets/{owner_and_name}"
    status = answer.get("status")
    words = [answer.get("message", ""), *answer.get("notes", [])]
    said = "; ".join(word.partition("\n")[0].rstrip(": ") for word in words if word)
    by_status = {
        401: "Kaggle must know the credentials in KAGGLE_API_TOKEN, KAGGLE_USERNAME and KAGGLE_KEY, or ~/.kaggle; "
        "public sets need none",
        403: f"the set must be open to you: log in at {page}, accept its licence there if it asks, and put an API "
        "token into ~/.kaggle or KAGGLE_API_TOKEN",
        404: f"there must be such a data set on Kaggle: {page}",
        429: "Kaggle must be asked less often: wait some minutes and try again",
    }
    if answer["error"] == "status":
        return f"{by_status.get(status, 'Kaggle must answer: try again later')}. Received: {status} for {name}"
    must = {
        "credentials": "Kaggle's credentials must be readable; public sets need none",
        "network": "Kaggle must be reached over the network, or the set be in kagglehub's cache",
        "silence": f"Kaggle must give a sign of life within {patience:g} seconds (--patience)",
        "cut": "the connection must last; the same command goes on where it broke off",
        "checksum": "what comes must have the checksum that Kaggle states, twice it had another; try again later",
        "archive": "what comes must be a whole zip or tar archive, twice it was not; a network that asks for a login "
        "first answers with a page of its own",
        "foreign": "Kaggle must answer in JSON; a network that asks for a login first answers with a page of its own",
        "limit": "the set must keep to the limits",
    }.get(answer["error"], "kagglehub must be able to fetch the set")
    return f"{must}. Received: {said or 'nothing'} for {name}"


def _place(source, out, handle):
    """Link or copy all files of a folder into another, each whole or not at all; a file of the same bytes stays.

    Files that `fetch` put there before, of another version, and that are not in this one, are removed.
    """
    paths = {path.relative_to(source).as_posix(): path for path in source.rglob("*") if path.is_file()}
    paths = {name: path for name, path in paths.items() if not path.is_symlink()}
    _, earlier = _read_record(out)
    _write_record(out, handle, earlier | set(paths))  # whoever is killed now knows what to remove
    for name in earlier - set(paths):
        (out / name).unlink(missing_ok=True)
    for folder in {(out / name).parent for name in paths}:
        remove_unfinished(output_folder(folder), "*")
    for name, path in paths.items():
        copy = out / name
        if not copy.is_file() or not (copy.samefile(path) or filecmp.cmp(path, copy, shallow=False)):
            _link(path, copy)
    _write_record(out, handle, paths)
    size = sum(path.stat().st_size for path in paths.values())
    return {"files": len(paths), "pictures": sum(map(is_picture, paths)), "megabytes": round(size / 1e6, 1)}


def _link(path, copy):
    """Let `copy` be the same file as `path`, or where the file system cannot, an equal one."""
    try:
        copy.unlink(missing_ok=True)
        os.link(path, copy)
    except OSError:
        with replacing(copy) as temporary:
            shutil.copyfile(path, temporary)
