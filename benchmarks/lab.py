"""JupyterLab in a real browser, driven from here: for the test of the explorer and for its speed."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

FOLDERS = ("CONFIG_DIR", "RUNTIME_DIR", "DATA_DIR")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT = 240_000  # milliseconds, for whatever a notebook does
# The "idle" sign of a notebook lights up before its kernel is connected; this is when it really can run cells.
READY = """async () => {
    await window.jupyterapp.restored;
    while (!window.jupyterapp.shell.currentWidget?.sessionContext) await new Promise((done) => setTimeout(done, 100));
    const { context, content, sessionContext } = window.jupyterapp.shell.currentWidget;
    await context.ready;
    await window.jupyterapp.shell.currentWidget.revealed;
    await sessionContext.ready;
    const kernel = sessionContext.session.kernel;
    await kernel.info;
    await kernel.requestKernelInfo();
}"""


def missing():
    """What a browser test lacks on this machine, with how to install it: str, empty if nothing."""
    if not importlib.util.find_spec("playwright"):
        return "needs Playwright: pip install playwright"
    if not chromium():
        return "needs Chromium: apt-get install chromium fonts-dejavu-core, or set CHROMIUM to another one's path"
    return ""


def chromium():
    """Path of a Chromium or Chrome, or None. The environment variable CHROMIUM overrules what is found."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


class Lab:
    """A JupyterLab server on a folder, and a page of it in Chromium."""

    def __init__(self, folder, scratch, **environment):
        """Prepare.

        Args:
            folder: what the server shows. It saves notebooks by itself: give it copies.
            scratch: an empty folder, for settings and logs.
            environment: variables for the server and its kernels.
        """
        self.folder, self.scratch, self.messages = Path(folder), Path(scratch), []
        folders = {f"JUPYTER_{name}": str(self.scratch / name.lower()) for name in FOLDERS}
        folders |= {f"JUPYTERLAB_{name}_DIR": str(self.scratch / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
        self.environment = os.environ | folders | {"IPYTHONDIR": str(self.scratch / "ipython")} | environment
        self.token = secrets.token_hex(16)

    def __enter__(self):
        """Start server and browser."""
        with contextlib.ExitStack() as stack:
            self.port = _free_port()
            self._start_server(stack)
            from playwright.sync_api import sync_playwright

            player = stack.enter_context(sync_playwright())
            browser = player.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            stack.callback(browser.close)
            self.page = browser.new_page(viewport={"width": 1400, "height": 1400})
            self.page.set_default_timeout(WAIT)
            self.page.on("console", self._note)
            self.page.on("pageerror", lambda error: self.messages.append(f"error: {error}"))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        """End both."""
        self._stack.close()

    def _note(self, message):
        if message.type in ("error", "warning"):
            self.messages.append(f"{message.type}: {message.text}")

    def _start_server(self, stack):
        words = [
            *("--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0"),
            *(f"--IdentityProvider.token={self.token}", "--LabApp.expose_app_in_browser=True"),
            *("--LabApp.extension_manager=readonly", "--LabApp.news_url=None", f"--ServerApp.root_dir={self.folder}"),
        ]
        log = stack.enter_context((self.scratch / "server.log").open("wb"))
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *words], env=self.environment, cwd=self.folder, stdout=log, stderr=log
        )
        stack.callback(server.wait, 30)
        stack.callback(server.terminate)
        address = f"http://127.0.0.1:{self.port}/api?token={self.token}"
        for _ in range(600):
            if server.poll() is not None:
                break
            with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
                return
            time.sleep(0.1)
        raise RuntimeError((self.scratch / "server.log").read_text()[-2000:])

    def open(self, notebook):
        """Open a notebook, by its path below the folder, and wait until its kernel answers."""
        self.page.goto(f"http://127.0.0.1:{self.port}/doc/tree/{notebook}?token={self.token}")
        self.page.wait_for_function("window.jupyterapp !== undefined")
        self.page.evaluate(READY)

    def run_all(self):
        """Run all cells, to the end of the last."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def cells(self):
        """The code cells as they are now: a list of dicts with count (None until executed) and error (str or None)."""
        return self.page.evaluate(
            """() => Array.from(window.jupyterapp.shell.currentWidget.content.model.cells)
                .filter((cell) => cell.type === 'code')
                .map((cell) => {
                    const outputs = cell.toJSON().outputs;
                    const error = outputs.find((output) => output.output_type === 'error');
                    return { count: cell.executionCount, error: error ? `${error.ename}: ${error.evalue}` : null };
                })"""
        )

    def ask(self, expression):
        """Evaluate a Python expression in the notebook's kernel; returns its repr as str."""
        return self.page.evaluate(
            """async (expression) => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute(
                    { code: '', silent: true, store_history: false, user_expressions: { answer: expression } });
                const answer = (await future.done).content.user_expressions.answer;
                return answer.status === 'ok' ? answer.data['text/plain'] : `${answer.ename}: ${answer.evalue}`;
            }""",
            expression,
        )


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
