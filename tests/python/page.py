"""The page of mmash in Chromium, over WebDriver: `page.py MMASH`. Ends with 1 where something is not as it should be.

With MMSTATS_AXE, the path of axe-core's script, the page is also looked at for what keeps people from using it. With
MMSTATS_SHOTS, a directory, screenshots are put there."""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import write_v1
from webdriver import Browser

MARKUP = '<img src=x onerror=alert(1)>"\'&{{<script>alert(2)</script>'


def rows(browser):
    return browser.run("return [...document.querySelectorAll('tr.label a')].map((a) => a.getAttribute('aria-label'))")


def value(browser, label):
    return browser.run("""
        const link = [...document.querySelectorAll('tr.label a')].find((a) => a.getAttribute('aria-label') === arguments[0]);
        return link && link.closest('tr').children[1].textContent""", label)


def until_value(browser, label, wanted):
    browser.until("""
        const link = [...document.querySelectorAll('tr.label a')].find((a) => a.getAttribute('aria-label') === arguments[0]);
        return link && link.closest('tr').children[1].textContent === arguments[1]""", label, wanted)


def is_quiet(browser):
    said = browser.log()
    assert not said, said


def axe(browser, what):
    path = os.environ.get("MMSTATS_AXE")
    if not path:
        return
    # By the debugger: the page itself takes no script from elsewhere.
    browser.devtools("Runtime.evaluate", {"expression": open(path, encoding="utf-8").read()})
    found = browser.run_async("""
        const done = arguments[arguments.length - 1];
        axe.run().then((result) => done(result.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html).join(' ')}`)),
                       (error) => done([String(error)]))""")
    assert not found, f"{what}: {found}"
    # It looks for styles by a way that the policy does not allow: that is its own concern.
    browser.log()


def read_aloud(browser):
    """What a screen reader is given: roles and names."""
    nodes = browser.devtools("Accessibility.getFullAXTree", {})["nodes"]
    return [(node["role"]["value"], node.get("name", {}).get("value")) for node in nodes if not node.get("ignored")]


def lists_and_searches(browser, url):
    browser.go(url)
    browser.until("return document.querySelectorAll('tr.label').length >= 5")
    assert rows(browser) == [MARKUP, "app.hits", "app.load", "app.name", "web.open"], rows(browser)
    assert (value(browser, "app.hits"), value(browser, "app.load")) == ("3", "0.5")
    given = read_aloud(browser)
    for wanted in (("table", "Labels"), ("button", "app. 3 labels"), ("rowheader", "app.hits"), ("cell", "0.5"), ("status", "")):
        assert wanted in given, (wanted, given)
    browser.press("/")
    for letter in "APP h":
        browser.press(letter)
    browser.until("return document.querySelectorAll('tr.label').length === 1")
    assert rows(browser) == ["app.hits"]
    assert "q=APP+h" in browser.run("return location.search")
    browser.go(browser.run("return location.href"))
    browser.until("return document.querySelectorAll('tr.label').length === 1")
    browser.run("history.replaceState(null, '', '/')")
    is_quiet(browser)


def values_move_and_programs_begin_again(browser, url, files):
    browser.go(url)
    until_value(browser, "app.hits", "3")
    files.app(5)
    until_value(browser, "app.hits", "5")
    rate = "document.querySelectorAll('tr.label')[1].children[2].textContent"
    browser.until(f"return {rate} !== '0/s' && {rate} !== ''")
    browser.until(f"return {rate} === '0/s'")
    browser.click("#pause")
    files.app(8)
    browser.until("return labels.entries.values().next().value && [...labels.entries.values()].some((it) => it.value === 8)")
    assert value(browser, "app.hits") == "5", "what is paused stands still"
    browser.click("#pause")
    until_value(browser, "app.hits", "8")
    files.remove("app")
    browser.until("return ![...document.querySelectorAll('tr.label a')].some((a) => a.textContent === 'hits')")
    files.app(2)
    until_value(browser, "app.hits", "2")
    is_quiet(browser)


def one_metric_and_its_past(browser, url, files):
    browser.go(url)
    browser.until("return document.querySelectorAll('tr.label').length >= 5")
    browser.press("ArrowDown", "ArrowDown", "ArrowDown")
    assert browser.run("return document.activeElement.getAttribute('aria-label')") == "app.hits"
    browser.press("Enter")
    browser.until("return location.pathname === '/m/app.hits' && document.getElementById('name').textContent === 'app.hits'")
    # A while after the program has begun again, so that there is a number wherever the keys lead.
    browser.until("return metric.lines.length > 5 && metric.lines.slice(-5).every(([number]) => number !== null)")
    browser.run("document.getElementById('chart').focus()")
    browser.press("ArrowLeft", "ArrowLeft")
    words = browser.run("return document.getElementById('chart').getAttribute('aria-valuetext')")
    assert "/s" in words, words
    axe(browser, "a counter")
    browser.run("document.getElementById('samples').open = true")
    browser.until("return document.querySelectorAll('#samples tbody tr').length > 3")
    first = browser.run("return metric.times[0]")
    browser.go(browser.run("return location.href"))
    browser.until("return metric.times.includes(arguments[0])", first)
    assert browser.run("return metric.marks.length") > 0, "that the program began again is a mark"
    browser.press("Escape")
    browser.until("return location.pathname === '/' && !document.getElementById('overview').hidden")
    browser.go(url + "m/app.later")
    browser.until("return !document.getElementById('empty').hidden")
    files.write("later", write_v1.counter("app.later", 1))
    browser.until("return document.getElementById('name').textContent === 'app.later'")
    is_quiet(browser)


def markup_is_text(browser, url):
    browser.go(url)
    browser.until("return document.querySelectorAll('tr.label').length >= 5")
    before = browser.run("return document.querySelectorAll('img, script').length")
    browser.run("[...document.querySelectorAll('tr.label a')].find((a) => a.textContent.includes('<img')).click()")
    browser.until("return document.getElementById('name').textContent === arguments[0]", MARKUP)
    assert browser.run("return document.querySelectorAll('img, script').length") == before
    is_quiet(browser)


def tabs_that_nobody_sees_keep_no_connection(browser, url):
    first = browser.call("GET", "/window")
    tabs = [first]
    for _ in range(6):
        tabs.append(browser.call("POST", "/window/new", {"type": "tab"})["handle"])
        browser.call("POST", "/window", {"handle": tabs[-1]})
        browser.go(url)
        browser.until("return document.querySelectorAll('tr.label').length >= 5")
    for tab in tabs[1:]:
        browser.call("POST", "/window", {"handle": tab})
        browser.call("DELETE", "/window")
    browser.call("POST", "/window", {"handle": first})


def there_is_room(url):
    """The page fits where it is narrow, and looks as it should in the dark."""
    for name, settings in {"light": {}, "dark": {"dark": True}, "narrow": {"width": 360, "height": 740, "motion": False}}.items():
        with Browser(**settings) as browser:
            for path, what in (("", "labels"), ("m/app.hits", "counter")):
                browser.go(url + path)
                browser.until("return document.documentElement.dataset.state === 'live'")
                width = browser.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
                assert width[0] <= width[1], f"{name}: {width}"
                axe(browser, f"{name} {what}")
                if os.environ.get("MMSTATS_SHOTS"):
                    browser.screenshot(pathlib.Path(os.environ["MMSTATS_SHOTS"]) / f"{name}-{what}.png")


def main():
    with tempfile.TemporaryDirectory() as directory:
        files = write_v1.Files(directory)
        files.app(3)
        files.write("odd", write_v1.counter(MARKUP, 7))
        files.write("web", write_v1.counter("web.open", 1))
        server = subprocess.Popen(
            [sys.argv[1], "--listen", "127.0.0.1:0", directory], stdout=subprocess.PIPE, text=True)
        try:
            url = server.stdout.readline().strip()
            with Browser() as browser:
                lists_and_searches(browser, url)
                values_move_and_programs_begin_again(browser, url, files)
                one_metric_and_its_past(browser, url, files)
                markup_is_text(browser, url)
                tabs_that_nobody_sees_keep_no_connection(browser, url)
            there_is_room(url)
        finally:
            server.terminate()
            server.wait()


main()
