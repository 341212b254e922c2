"""A small server that speaks as Kaggle does, as far as kagglehub asks, with faults on demand.

The real client finds it without a change of its code: its environment LOCALHOST means http://localhost, and
HTTP_PROXY sends that here.
"""

import base64
import contextlib
import hashlib
import http.server
import json
import threading
import time
import urllib.parse

API = "/api/v1/datasets.DatasetApiService/"
BLOB = "/blob/archive.zip"


class KaggleServer:
    """Serves one archive as the data set OWNER/NAME.

    Attributes:
        archive: bytes of the archive.
        fault: function from a request's (path, number of requests to that path so far) to a fault or None. A fault is a
            status, (status, headers), "hang", "drop" (the connection, without a word), "html", ("cut", bytes that are
            sent before the connection is cut), or ("slow", seconds a chunk).
        seen: list of (path, Range header) of all requests.
    """

    def __init__(self, archive, fault=lambda path, number: None):
        """Prepare to serve."""
        self.archive, self.fault, self.seen = archive, fault, []
        self.version, self.md5 = 3, base64.b64encode(hashlib.md5(archive).digest()).decode()
        self.resumable, self.stopped = True, threading.Event()
        self.authorization = []

    @contextlib.contextmanager
    def running(self):
        """Serve on a port of its own; yields the environment variables that lead kagglehub here."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            proxy = f"http://127.0.0.1:{server.server_port}"
            yield {"KAGGLE_API_ENVIRONMENT": "LOCALHOST", "HTTP_PROXY": proxy, "http_proxy": proxy, "NO_PROXY": ""}
        finally:
            self.stopped.set()
            server.shutdown()
            server.server_close()

    def _handler(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer()

            def do_GET(self):
                self.answer()

            def answer(self):
                path = urllib.parse.urlsplit(self.path).path
                number = sum(path == known for known, _ in outer.seen)
                outer.seen.append((path, self.headers.get("Range")))
                outer.authorization.append(self.headers.get("Authorization"))
                fault = outer.fault(path, number)
                kind, detail = fault if isinstance(fault, tuple) else (fault, None)
                with contextlib.suppress(ConnectionError):
                    if kind == "hang":
                        outer.stopped.wait()
                    elif kind == "drop":
                        self.close_connection = True
                    elif kind == "html":
                        page = b"<!DOCTYPE html><title>Log in to this network</title>" + bytes(range(32, 127)) * 20
                        self.send(200, {"Content-Type": "text/html"}, page)
                    elif isinstance(kind, int):
                        self.send(kind, {"Content-Type": "application/json"} | (detail or {}), b'{"message": "no"}')
                    elif path == API + "GetDataset":
                        words = json.dumps({"currentVersionNumber": outer.version}).encode()
                        self.send(200, {"Content-Type": "application/json"}, words)
                    elif path == API + "DownloadDataset":
                        self.send(302, {"Location": f"http://localhost{BLOB}"}, b"")
                    elif path == BLOB:
                        self.send_archive(kind, detail)
                    else:
                        self.send(404, {}, b"")

            def send(self, status, headers, body):
                self.send_response(status)
                for name, value in {"Content-Length": len(body), "Connection": "close", **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def send_archive(self, kind, detail):
                asked = self.headers.get("Range") if outer.resumable else None
                start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(len(outer.archive) - start))
                self.send_header("x-goog-hash", f"crc32c=AAAAAA==,md5={outer.md5}")
                if outer.resumable:
                    self.send_header("Accept-Ranges", "bytes")
                self.end_headers()
                body = outer.archive[start:]
                if kind == "cut":
                    body = body[:detail]
                for place in range(0, len(body), 1 << 20):
                    self.wfile.write(body[place : place + (1 << 20)])
                    if kind == "slow":
                        time.sleep(detail)
                self.close_connection = True

        return Handler
