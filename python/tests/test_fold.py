"""What dead processes have counted stays."""

import os
import unittest.mock

import mmstats
from mmstats import departed

from .place import InPlace, sums, values

WORKER = """
import mmstats, sys, os
class Web(mmstats.MmStats):
    hits = mmstats.CounterField(unit="requests")
    size = mmstats.AverageField()
    answer = mmstats.TimerField()
    load = mmstats.DoubleField()
web = Web(filename="web-{PID}-{TID}.mmstats")
web.hits.incr(5)
web.size.add(3)
web.answer.add(0.25)
web.load = 9
print(os.getpid(), flush=True)
sys.stdin.read()
"""


class Fold(InPlace):
    def worker(self):
        process = self.program(WORKER)
        self.assertEqual(int(process.stdout.readline()), process.pid)
        return process

    def kill(self, process):
        process.kill()
        process.wait()

    def path(self):
        return os.path.join(self.directory, "web-departed-%d.mmstats" % os.getuid())

    def test_sums_stay(self):
        workers = [self.worker() for _ in range(3)]
        self.assertEqual(mmstats.fold(workers[0].pid), 0, "it lives")
        for number, worker in enumerate(workers):
            self.kill(worker)
            self.assertEqual(mmstats.fold(worker.pid), 1)
            self.assertEqual(mmstats.fold(worker.pid), 0)
            self.assertEqual(sums(self.directory, "hits"), 15)
            self.assertEqual(len(self.names()), 3 - number)
        found = values(self.path())
        self.assertEqual((found["hits"], found["size"], found["sys.departed"]), (15, (9.0, 3), ""))
        self.assertEqual((found["answer"].count, found["answer"].sum), (3, 750_000_000))
        self.assertNotIn("load", found)

    def test_a_file_that_is_on_the_list_is_not_added_again(self):
        worker = self.worker()
        self.kill(worker)
        unlink = os.unlink

        class Killed(Exception):
            pass

        def die(_):
            raise Killed

        os.unlink = die
        try:
            with self.assertRaises(Killed):
                mmstats.fold(worker.pid)
        finally:
            os.unlink = unlink
        self.assertEqual((values(self.path())["hits"], len(self.names())), (5, 2))
        before = values(self.path())["sys.folded"]
        self.assertEqual(mmstats.fold(worker.pid), 1)
        found = values(self.path())
        self.assertEqual((found["hits"], self.names()), (5, [os.path.basename(self.path())]))
        self.assertGreater(found["sys.folded"], before)

    def test_a_call_from_a_signal_handler_is_left_to_the_one_in_progress(self):
        one, two = self.worker(), self.worker()
        self.kill(one)
        self.kill(two)
        publish, inner = departed.Departed.publish, []

        def interrupted(*arguments):
            if not inner:
                inner.append(None)
                inner[0] = mmstats.fold(two.pid)
            publish(*arguments)

        with unittest.mock.patch.object(departed.Departed, "publish", interrupted):
            self.assertEqual(mmstats.fold(one.pid), 2)
        self.assertEqual((inner, sums(self.directory, "hits"), len(self.names())), ([0], 10, 1))

    def test_what_the_names_of_a_command_have_in_common(self):
        for name, wanted in {
            "web-12-34.mmstats": "web", "web-12-34.2.mmstats": "web", "web.2.mmstats": "web.2",
            "a-12-b-34.mmstats": "a-{PID}-b", "12.34.mmstats": "{PID}.{TID}", "-12.mmstats": "-{PID}",
        }.items():
            self.assertEqual(departed.command_of(name, 12, 34), wanted, name)
