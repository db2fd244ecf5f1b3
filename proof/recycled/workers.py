"""Workers that are recycled: when one ends, another takes its place and goes on from its count."""

import os
import random
import subprocess
import time


def place(number, recycled, directory, rate, life, is_over):
    """Runs workers in one place, one after the other, until ``is_over`` is set.

    ``recycled`` is the program, ``rate`` how many requests it handles per second, and ``life`` how many seconds it lives
    at least and at most. ``number`` is that of the place: it decides how long each worker lives. Yields for each worker
    the count of requests in this place, and how many nanoseconds each of the worker's requests took.
    """
    chance, count, start = random.Random(number), 0, time.time()
    environment = dict(os.environ, MMSTATS_PATH=directory)
    environment.pop("MMSTATS_VERSION", None)
    while not is_over.is_set():
        seconds, seed = "%.6f" % chance.uniform(*life), str(chance.randrange(1 << 40))
        command = [recycled, "%.6f" % start, str(count), seconds, str(rate), seed]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        count, *times = map(int, done.stdout.split())
        yield count, times
