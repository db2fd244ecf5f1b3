"""How a file gets its name and loses it, and what is done where there can be none."""

import fcntl
import os
import stat

import mmstats
from mmstats import lock

from .place import InPlace, values, wait_until_unlocked


class Web(mmstats.MmStats):
    hits = mmstats.CounterField()
    text = mmstats.StringField()


WRITER = """
import mmstats, sys
class Web(mmstats.MmStats):
    hits = mmstats.CounterField()
web = Web(filename="one.mmstats", process_end=sys.stdin.readline().strip())
web.hits.incr(5)
print(web.filename, flush=True)
sys.stdin.readline()
"""


class Publish(InPlace):
    def private(self, *arguments, **options):
        with self.assertLogs("mmstats", "WARNING") as logged:
            web = self.make(Web, *arguments, strict=False, **options)
        web.hits.incr()
        web.text = "counts on"
        self.assertEqual((web.hits.value, web.text, web.filename, len(logged.output)), (1, "counts on", None, 1))
        return logged.output[0]

    def test_a_living_writer_holds_both_locks(self):
        web = self.make(Web)
        with open(web.filename, "r+b") as file:
            self.assertTrue(lock.is_locked(file.fileno()))
            with self.assertRaises(BlockingIOError):
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            web.remove()
            self.assertFalse(lock.is_locked(file.fileno()))
        self.assertEqual(self.names(), [])

    def test_a_name_that_a_living_writer_has_is_left_to_it(self):
        one = self.make(Web, filename="one.mmstats")
        one.hits.incr(7)
        self.assertIn("living writer", self.private(filename="one.mmstats"))
        self.assertEqual((self.names(), values(one.filename)["hits"]), (["one.mmstats"], 7))
        with self.assertRaises(OSError):
            Web(filename="one.mmstats", strict=True)

    def test_a_killed_writer_leaves_a_file_whose_name_is_taken_over(self):
        writer = self.program(WRITER)
        print("remove", file=writer.stdin, flush=True)
        path = writer.stdout.readline().strip()
        writer.kill()
        writer.wait()
        wait_until_unlocked(path)
        self.assertEqual(values(path)["hits"], 5)
        web = self.make(Web, filename="one.mmstats")
        self.assertEqual((values(path)["hits"], web.filename, self.names()), (0, path, ["one.mmstats"]))

    def test_the_end_of_a_process_removes_its_file_or_leaves_it(self):
        for end, wanted in ("remove", []), ("leave", ["one.mmstats"]):
            writer = self.program(WRITER)
            print(end, file=writer.stdin, flush=True)
            writer.stdout.readline()
            writer.stdin.close()
            self.assertEqual((writer.wait(), self.names()), (0, wanted))

    def test_what_is_no_stats_file_is_left_alone(self):
        path = os.path.join(self.directory, "one.mmstats")
        for make in (
            lambda: open(path, "w").close(),
            lambda: os.symlink("/etc/passwd", path),
            lambda: os.mkfifo(path),
            lambda: os.mkdir(path),
        ):
            make()
            before = os.lstat(path)
            self.private(filename="one.mmstats")
            self.assertEqual((os.lstat(path).st_ino, self.names()), (before.st_ino, ["one.mmstats"]))
            (os.rmdir if stat.S_ISDIR(before.st_mode) else os.unlink)(path)

    def test_a_file_of_another_name_is_not_removed(self):
        web = self.make(Web)
        os.rename(web.filename, web.filename + ".kept")
        with open(web.filename, "w"):
            pass
        path = web.filename
        web.remove()
        self.assertEqual(self.names(), sorted(map(os.path.basename, (path, path + ".kept"))))

    def test_where_there_can_be_no_file_it_counts_in_memory(self):
        self.private(path=os.path.join(self.directory, "missing"))
        self.private(filename="{WHAT}.mmstats")
        os.environ["MMSTATS_VERSION"] = "3"
        self.assertIn("MMSTATS_VERSION must be 1 or 2", self.private())
        self.assertEqual(self.names(), [])

    def test_names(self):
        os.environ["MMSTATS_FILES"] = "a-{CMD}-{PID}-{MODEL}.mmstats"
        command = os.path.basename(mmstats.names.sys.argv[0])
        self.make(Web)
        self.assertEqual(self.names(), ["a-%s-%d-Web.mmstats" % (command, os.getpid())])

    def test_after_removal_it_counts_in_memory(self):
        web = self.make(Web)
        web.hits.incr(3)
        web.remove()
        web.remove()
        web.hits.incr()
        web.text = "still"
        self.assertEqual((web.hits.value, web.text, web.filename), (4, "still", None))

    def test_the_mode(self):
        web = self.make(Web, mode=0o600)
        self.assertEqual(stat.S_IMODE(os.stat(web.filename).st_mode), 0o600)

    def test_no_file_where_it_would_be_too_large_for_the_process(self):
        limited = """
import logging, mmstats, resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
class Web(mmstats.MmStats):
    hits = mmstats.CounterField()
logging.disable()
web = Web()
web.hits.incr()
print(web.filename, web.hits.value)
"""
        writer = self.program(limited)
        self.assertEqual((writer.stdout.readline(), writer.wait(), self.names()), ("None 1\n", 0, []))
