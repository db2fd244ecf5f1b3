"""The page of mmash in browsers other than Chromium: `others.py MMASH firefox|webkit`. Ends with 1 where something is
not as it should be.

Firefox is asked by Marionette, its own protocol, since Debian has no geckodriver: `LENGTH:JSON` over TCP. WebKit is
MiniBrowser with a display in memory, asked by WebDriver."""

import glob
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import write_v1
from webdriver import Session

PATIENCE = 60


def until(seconds, ask):
    """Waits until this gives something true, and gives that."""
    end = time.monotonic() + seconds
    while True:
        found = ask()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("it never came")
        time.sleep(0.05)


class Firefox(Session):
    """Without a window. Ends with its `with`."""

    def __init__(self):
        self.profile = pathlib.Path(tempfile.mkdtemp())
        # Any free port, which it writes down.
        (self.profile / "user.js").write_text('user_pref("marionette.port", 0);\n')
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", str(self.profile)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self.profile / "MarionetteActivePort"
        try:
            until(PATIENCE, lambda: self.process.poll() is None and port.exists() and port.read_text())
            self.stream = socket.create_connection(("127.0.0.1", int(port.read_text())), timeout=PATIENCE).makefile("rwb")
            self.hear()
            self.number = 0
            self.command("WebDriver:NewSession", {})
        except BaseException:
            self.process.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.command("Marionette:Quit", {"flags": ["eForceQuit"]})
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.profile, ignore_errors=True)

    def hear(self):
        length = b""
        while not length.endswith(b":"):
            byte = self.stream.read(1)
            assert byte, "Firefox has gone"
            length += byte
        return json.loads(self.stream.read(int(length[:-1])))

    def command(self, name, parameters):
        self.number += 1
        text = json.dumps([0, self.number, name, parameters]).encode()
        self.stream.write(b"%d:%s" % (len(text), text))
        self.stream.flush()
        _, _, error, result = self.hear()
        if error:
            raise RuntimeError(error["message"])
        return result

    def go(self, url):
        self.command("WebDriver:Navigate", {"url": url})

    def run(self, script, *arguments):
        # In a sandbox, which sees the document, but not what the page's script declares.
        return self.command("WebDriver:ExecuteScript", {"script": script, "args": list(arguments)})["value"]


class WebKit(Session):
    """In a window of a display that nobody sees. Ends with its `with`."""

    def __init__(self):
        self.home = tempfile.mkdtemp()
        self.display = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.driver = None
        try:
            number = self.display.stdout.readline().strip()
            assert number, "no display"
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            environment = {"PATH": "/usr/bin:/bin", "DISPLAY": f":{number}", "HOME": self.home, "LANG": "C.UTF-8",
                           "XDG_RUNTIME_DIR": self.home, "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1",
                           "LIBGL_ALWAYS_SOFTWARE": "1", "GSETTINGS_BACKEND": "memory"}
            self.driver = subprocess.Popen(["WebKitWebDriver", f"--port={port}"], env=environment,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.base = f"http://127.0.0.1:{port}"
            until(PATIENCE, self.is_ready)
            binary = glob.glob("/usr/lib/*/webkit2gtk-4.1/MiniBrowser")[0]
            session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "webkitgtk:browserOptions": {"binary": binary, "args": ["--automation"]}}}})
            self.base += "/session/" + session["sessionId"]
        except BaseException:
            self.end()
            raise

    def is_ready(self):
        try:
            return self.call("GET", "/status")["ready"]
        except OSError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            self.end()

    def end(self):
        for process in (self.driver, self.display):
            if process:
                process.terminate()
                process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def value(browser, label):
    return browser.run("""
        const link = [...document.querySelectorAll('tr.label a')].find((a) => a.getAttribute('aria-label') === arguments[0]);
        return link ? link.closest('tr').children[1].textContent : null""", label)


def until_value(browser, label, wanted):
    until(PATIENCE, lambda: value(browser, label) == wanted)


def values_move(browser, url, files):
    browser.go(url)
    browser.run("window.wrong = []; for (const name of ['error', 'unhandledrejection', 'securitypolicyviolation']) "
                "window.addEventListener(name, (event) => window.wrong.push(`${name} ${event.message || event.violatedDirective}`))")
    until_value(browser, "app.hits", "3")
    files.app(5)
    until_value(browser, "app.hits", "5")
    until(PATIENCE, lambda: browser.run("return document.querySelector('tr.label svg path').getAttribute('d').length > 10"))
    files.remove("app")
    until(PATIENCE, lambda: value(browser, "app.hits") is None)
    files.app(7)
    until_value(browser, "app.hits", "7")
    browser.run("""
        const search = document.getElementById('search');
        search.value = 'LOAD';
        search.dispatchEvent(new Event('input', { bubbles: true }))""")
    until(PATIENCE, lambda: value(browser, "app.hits") is None and value(browser, "app.load") == "0.5")
    browser.run("document.querySelector('tr.label a').click()")
    until(PATIENCE, lambda: browser.run("return Number(document.getElementById('chart').getAttribute('aria-valuemax')) > 1 && document.getElementById('name').textContent") == "app.load")
    painted = """
        const canvas = document.getElementById('chart');
        return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte !== 0)"""
    until(PATIENCE, lambda: browser.run(painted))
    said = browser.run("return window.wrong")
    assert not said, said


def main():
    with tempfile.TemporaryDirectory() as directory:
        files = write_v1.Files(directory)
        files.app(3)
        server = subprocess.Popen(
            [sys.argv[1], "--listen", "127.0.0.1:0", directory], stdout=subprocess.PIPE, text=True)
        try:
            url = server.stdout.readline().strip()
            with {"firefox": Firefox, "webkit": WebKit}[sys.argv[2]]() as browser:
                values_move(browser, url, files)
        finally:
            server.terminate()
            server.wait()


main()
