"""The README's picture of the page: `picture.py DIRECTORY FILE`, over the example web server, with the programs in
that directory."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from webdriver import Browser


def main():
    programs, picture = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    picture.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        settings = {**os.environ, "MMSTATS_PATH": directory, "MMSTATS_VERSION": "2"}
        web = subprocess.Popen([programs / "examples/web", "80", "3"], stdout=subprocess.DEVNULL, env=settings)
        server = subprocess.Popen(
            [programs / "mmash", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True, env=settings)
        try:
            url = server.stdout.readline().strip()
            # A minute is what the lines show.
            time.sleep(62)
            with Browser(width=1100, height=600) as browser:
                browser.go(url)
                browser.until("return document.querySelectorAll('.spark path[d]').length > 5")
                browser.screenshot(picture)
        finally:
            server.terminate()
            web.terminate()
            server.wait()
            web.wait()


main()
