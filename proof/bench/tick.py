"""What a tick costs the browser that shows the page: tick.py URL TICKS

Prints how many nodes the page has, and for each tick the seconds that the main thread was busy from one to the next:
scripts, styles, layout and painting."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "python"))
from webdriver import Browser

# Half a second after a tick all that it has caused is done.
BETWEEN = """
    const done = arguments[arguments.length - 1], before = labels.tick;
    const wait = () => labels.tick === before ? setTimeout(wait, 50) : setTimeout(done, 500);
    wait()"""


def busy(browser):
    metrics = {it["name"]: it["value"] for it in browser.devtools("Performance.getMetrics", {})["metrics"]}
    # Without what these questions take.
    return metrics["TaskDuration"] - metrics["DevToolsCommandDuration"]


def main():
    url, ticks = sys.argv[1], int(sys.argv[2])
    with Browser() as browser:
        # The time that the main thread had the processor, not the time that went by.
        browser.devtools("Performance.enable", {"timeDomain": "threadTicks"})
        browser.go(url)
        browser.until("return document.querySelectorAll('tr.label').length > 10")
        print(browser.run("return document.querySelectorAll('*').length"))
        # The first ones still pay for what is compiled.
        for tick in range(-3 if ticks > 3 else 0, ticks):
            browser.run_async(BETWEEN)
            before = busy(browser)
            browser.run_async(BETWEEN)
            if tick >= 0:
                print(busy(browser) - before)


main()
