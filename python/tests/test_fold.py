"""What dead processes have counted stays."""

import contextlib
import errno
import fcntl
import json
import os
import subprocess
import time
import unittest
import unittest.mock

import mmstats
from mmstats import departed, lock, reader, space

from .place import InPlace, sums, tool, values, wait_until_unlocked

WORKER = """
import mmstats, sys, os
class Web(mmstats.MmStats):
    hits = mmstats.CounterField(unit="requests")
    size = mmstats.AverageField()
    answer = mmstats.TimerField()
    load = mmstats.DoubleField()
web = Web(filename="web-{PID}-{TID}.mmstats", process_end=os.environ["END"])
web.hits.incr(5)
web.size.add(3)
web.answer.add(0.25)
web.load = 9
print(os.getpid(), flush=True)
sys.stdin.read()
"""


class Fold(InPlace):
    def worker(self, end="leave", stderr=None):
        return self.start(WORKER, end, stderr)

    def start(self, text, end, stderr=None):
        process = self.program(text, stderr, END=end)
        self.assertEqual(int(process.stdout.readline()), process.pid)
        return process

    def kill(self, process):
        process.kill()
        process.wait()
        for name in self.names():
            if "-%d-" % process.pid in name:
                wait_until_unlocked(os.path.join(self.directory, name))

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

    def test_a_process_that_ends_in_order_adds_its_counts_itself(self):
        for number in 1, 2:
            worker = self.worker("fold")
            worker.stdin.close()
            self.assertEqual(worker.wait(), 0)
            found = values(self.path())
            self.assertEqual((self.names(), found["hits"]), ([os.path.basename(self.path())], 5 * number))
            self.assertEqual((found["answer"].count, found["sys.departed"]), (number, ""))

    def test_an_instance_that_begins_adds_what_killed_ones_have_counted(self):
        other = self.worker()
        name = "web-%d-%d.mmstats" % (other.pid, other.pid)
        os.rename(os.path.join(self.directory, name), os.path.join(self.directory, "other-" + name))
        killed = [self.worker("fold") for _ in range(3)]
        for process in (other, *killed):
            self.kill(process)
        self.assertEqual(len(self.names()), 4)
        living = self.worker("fold")
        self.assertEqual((len(self.names()), values(self.path())["hits"]), (3, 15), "not those of another command")
        self.assertEqual(sums(self.directory, "hits"), 25)
        living.stdin.close()
        living.wait()
        self.assertEqual((len(self.names()), values(self.path())["hits"]), (2, 20))

    def test_cleanstats_and_the_package_add_to_one_file(self):
        slurpstats, cleanstats = tool("slurpstats"), tool("cleanstats")
        workers = [self.worker() for _ in range(4)]
        for number, worker in enumerate(workers, 1):
            self.kill(worker)
            if number % 2:
                subprocess.run([cleanstats, "--quiet", "--fold", self.directory], check=True)
            else:
                self.assertEqual(mmstats.fold(worker.pid), 1)
            self.assertEqual((len(self.names()), values(self.path())["hits"]), (5 - number, 5 * number))
            said = subprocess.run([slurpstats, "-a", "auto", "-o", "json", self.directory], capture_output=True, check=True)
            found = {line["label"]: line["value"] for line in map(json.loads, said.stdout.splitlines())}
            self.assertEqual((found["hits"], found["size"]["count"], found["answer"]["count"]), (20, 4, 4))

    @unittest.skipUnless(os.geteuid() == 0, "only root has files of another user")
    def test_what_is_another_users_stays_with_him(self):
        killed = self.worker("fold")
        self.kill(killed)
        (name,) = self.names()
        os.chown(os.path.join(self.directory, name), 65534, 65534)
        living = self.worker("fold")
        self.assertEqual(len(self.names()), 2)
        self.assertEqual((mmstats.fold(killed.pid), len(self.names())), (1, 2), "by the word of root")
        self.assertIn("web-departed-65534.mmstats", self.names())
        self.kill(living)

    def test_one_that_begins_waits_for_nobody(self):
        self.kill(self.worker("fold"))
        directory = os.open(self.directory, os.O_RDONLY)
        self.addCleanup(os.close, directory)
        fcntl.flock(directory, fcntl.LOCK_EX)
        self.worker("fold")
        self.assertEqual((len(self.names()), sums(self.directory, "hits")), (2, 10))
        fcntl.flock(directory, fcntl.LOCK_UN)
        self.worker("fold")
        self.assertEqual((len(self.names()), sums(self.directory, "hits")), (3, 15))

    def test_what_cannot_be_added_stays(self):
        worker = self.worker("fold", stderr=subprocess.PIPE)
        with open(self.path(), "w", encoding="ascii") as file:
            file.write("something else")
        said = worker.communicate()[1]
        self.assertIn("web-%d-%d.mmstats stays: not a stats file: version 115" % (worker.pid, worker.pid), said)
        self.assertEqual(len(self.names()), 2)
        os.unlink(self.path())
        self.assertEqual((mmstats.fold(worker.pid), values(self.path())["hits"]), (1, 5))

    def test_a_file_with_a_count_of_another_kind_stays(self):
        self.kill(first := self.worker())
        self.assertEqual(mmstats.fold(first.pid), 1)
        before = values(self.path())
        changes = (
            ('hits = mmstats.CounterField(unit="requests")', "hits = mmstats.AverageField()", "incr(5)", "add(5)", "hits", "kind"),
            ('unit="requests"', 'unit="pages"', "", "", "hits", "unit"),
            ("TimerField()", "TimerField(scale=1e-6)", "", "", "answer", "scale"),
        )
        for old, new, before_call, call, label, what in changes:
            text = WORKER.replace(old, new).replace("hits." + before_call if call else "\0", "hits." + call)
            self.kill(worker := self.start(text, "leave"))
            with self.assertLogs("mmstats") as logged:
                self.assertEqual(mmstats.fold(worker.pid), 0)
            why = "its counts cannot be kept: %s is something else in %s: another %s" % (label, self.path(), what)
            self.assertIn(why, logged.output[0])
            with self.assertNoLogs("mmstats") if hasattr(self, "assertNoLogs") else contextlib.nullcontext():
                self.assertEqual(mmstats.fold(worker.pid), 0, "said once")
        self.assertEqual((len(self.names()), values(self.path())), (4, before), "none of its counts is there twice")
        # At the end of a process as well.
        worker = self.program(WORKER.replace('unit="requests"', 'unit="pages"'), subprocess.PIPE, END="fold")
        said = worker.communicate()[1]
        self.assertIn("hits is something else in %s: another unit" % self.path(), said)
        self.assertEqual(len(self.names()), 5)

    def test_a_unit_that_only_one_of_two_files_has_is_that_of_both(self):
        for unit in "", 'unit="requests", help="new"', 'help="newest"':
            self.kill(worker := self.start(WORKER.replace('unit="requests"', unit), "leave"))
            self.assertEqual(mmstats.fold(worker.pid), 1)
        (hits,) = [field for field in reader.read(self.path()) if field.label == "hits"]
        self.assertEqual((hits.value, hits.unit, hits.help), (15, "requests", "newest"))

    def test_what_was_not_counted_is_not_lost(self):
        self.kill(first := self.worker())
        mmstats.fold(first.pid)
        text = WORKER.replace('unit="requests"', 'unit="pages"').replace("web.hits.incr(5)", "")
        self.kill(worker := self.start(text, "leave"))
        self.assertEqual((mmstats.fold(worker.pid), values(self.path())["hits"]), (1, 5))
        self.assertEqual(values(self.path())["size"].count, 2)

    def test_an_error_does_not_end_a_server(self):
        gone = os.path.join(self.directory, "gone")
        with self.assertLogs("mmstats") as logged:
            self.assertEqual(mmstats.fold(1, gone), 0)
        self.assertIn(gone, logged.output[0])
        with self.assertRaises(OSError):
            mmstats.fold(1, gone, strict=True)
        worker = self.worker()
        self.kill(worker)
        with unittest.mock.patch.object(departed.Departed, "publish", side_effect=OSError(errno.ENOSPC, "full")):
            with self.assertLogs("mmstats") as logged:
                self.assertEqual(mmstats.fold(worker.pid), 0)
            self.assertIn("the counts of process %d stay where they are: [Errno 28] full" % worker.pid, logged.output[0])
            with self.assertRaises(OSError):
                mmstats.fold(worker.pid, strict=True)
        self.assertEqual(mmstats.fold(worker.pid), 1)

    def test_a_directory_that_somebody_has_locked_is_left(self):
        ends = self.worker("fold", stderr=subprocess.PIPE)
        self.kill(killed := self.worker())
        directory = os.open(self.directory, os.O_RDONLY)
        self.addCleanup(os.close, directory)
        fcntl.flock(directory, fcntl.LOCK_EX)
        why = "another process has locked the directory: %r" % self.directory
        waited, sleep = [], time.sleep

        def wait(seconds):
            waited.append(seconds)
            sleep(seconds)
            self.assertLess(len(waited), 1000, "it waits for longer than it says")

        with self.assertLogs("mmstats") as logged, unittest.mock.patch.object(time, "sleep", wait):
            self.assertEqual(mmstats.fold(killed.pid), 0)
        self.assertIn(why, logged.output[0])
        said = ends.communicate()[1]
        self.assertIn(why, said)
        self.assertEqual((ends.returncode, len(self.names())), (0, 2))
        fcntl.flock(directory, fcntl.LOCK_UN)
        self.assertEqual((mmstats.fold(killed.pid), mmstats.fold(ends.pid), sums(self.directory, "hits")), (1, 1, 10))

    def test_a_command_may_have_departed_in_its_name(self):
        for template in "web-departed-{PID}.mmstats", "is-departed-now-{PID}-{TID}.mmstats":
            self.kill(worker := self.start(WORKER.replace("web-{PID}-{TID}.mmstats", template), "leave"))
            self.assertEqual(mmstats.fold(worker.pid), 1, template)
            self.assertEqual((len(self.names()), sums(self.directory, "hits")), (1, 5))
            os.unlink(os.path.join(self.directory, self.names()[0]))

    def test_on_an_overlayfs_the_process_must_be_gone_as_well(self):
        worker = self.worker()
        with unittest.mock.patch.object(space, "file_system", lambda _: "overlay"):
            self.assertEqual(mmstats.fold(worker.pid), 0)
            with unittest.mock.patch.object(lock, "is_locked", lambda _: False):
                self.assertEqual(mmstats.fold(worker.pid), 0)
            self.kill(worker)
            self.assertEqual(mmstats.fold(worker.pid), 1)

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
            "web12.12-34.mmstats": "web12.{PID}", "012.é.1.mmstats": "{PID}.é.1", "shop12.mmstats": "shop{PID}",
            "a12b34.mmstats": "a{PID}b{TID}", "shop12-34.mmstats": "shop{PID}", "web12-12-34.mmstats": "web12",
            "web123.mmstats": "web123", "٣12.mmstats": "٣{PID}",
        }.items():
            self.assertEqual(departed.command_of(name, 12, 34), wanted, name)
        for name, wanted in {"shop12-12.mmstats": "shop{PID}", "web12-12-12.mmstats": "web12"}.items():
            self.assertEqual(departed.command_of(name, 12, 12), wanted, name)
