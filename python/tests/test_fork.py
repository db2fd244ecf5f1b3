"""Forked children count in files of their own."""

import ctypes
import os
import sys
import threading
import traceback
import warnings

import mmstats
from mmstats import mark

from .place import InPlace, sums, values, wait_until_unlocked


class Web(mmstats.MmStats):
    hits = mmstats.CounterField()
    size = mmstats.AverageField()
    answer = mmstats.TimerField()
    release = mmstats.StringField()
    load = mmstats.DoubleField()
    routes = mmstats.CounterField(attributes="route")


def quiet_fork():
    """Forks without Python's handlers, as a server that is written in C does."""
    return ctypes.PyDLL(None).fork()


class Fork(InPlace):
    def child(self, work, fork=os.fork):
        with warnings.catch_warnings():
            # That other threads run is what is tried.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = fork()
        if pid == 0:
            try:
                work()
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        return pid

    def both(self):
        for fork in os.fork, quiet_fork:
            with self.subTest(fork=fork.__name__):
                yield fork

    def test_a_child_has_a_file_of_its_own(self):
        for fork in self.both():
            web = self.make(Web)
            route = web.routes.labels("/a")
            hits, parent = web.hits, web.filename
            hits.incr(3)
            route.incr(4)
            web.size.add(5)
            web.release, web.load = "1.2", 0.5

            def work():
                hits.incr()
                route.incr()
                web.routes.labels("/b").incr(9)
                with web.answer:
                    web.size.add(1)
                assert web.filename != parent and web.pid == os.getpid()
                found = values(web.filename)
                assert (found["hits"], found['routes{route="/a"}'], found['routes{route="/b"}']) == (1, 1, 9), found
                assert (found["size"], found["answer"].count, found["sys.pid"]) == ((1.0, 1), 1, os.getpid())
                assert (found["release"], found["load"]) == ("1.2", 0.5)

            self.child(work, fork)
            hits.incr()
            found = values(parent)
            self.assertEqual((found["hits"], found['routes{route="/a"}'], found["size"]), (4, 4, (5.0, 1)))
            self.assertEqual(sums(self.directory, "hits"), 5, "the child's file stays, since it ended by _exit")
            web.remove()
            for name in self.names():
                os.unlink(os.path.join(self.directory, name))

    def test_a_child_does_not_keep_its_parent_alive(self):
        begun, end = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            # A parent that dies before its child does.
            web = Web(filename="parent.mmstats")
            if os.fork() == 0:
                os.close(end[1])
                os.write(begun[1], b"x")
                os.read(end[0], 1)
            os._exit(0 if web.hits else 1)
        os.close(begun[1])
        self.addCleanup(os.close, begun[0])
        self.addCleanup(os.close, end[0])
        self.addCleanup(os.close, end[1])
        os.waitpid(pid, 0)
        self.assertEqual(os.read(begun[0], 1), b"x")
        # The child that still runs would keep it for ever.
        wait_until_unlocked(os.path.join(self.directory, "parent.mmstats"))

    def test_a_child_that_counts_nothing_has_no_file(self):
        self.make(Web)
        self.child(lambda: None)
        self.assertEqual(len(self.names()), 1)

    def test_a_child_can_be_made_while_another_thread_counts(self):
        for fork in self.both():
            web, end = self.make(Web), threading.Event()

            def count():
                while not end.is_set():
                    web.hits.incr()
                    web.size.add(1)

            thread = threading.Thread(target=count)
            thread.start()
            try:
                for _ in range(6):
                    self.child(lambda: (web.hits.incr(), web.size.add(1)), fork)
            finally:
                end.set()
                thread.join()
            self.assertEqual(values(web.filename)["hits"], web.hits.value)
            self.assertEqual(sums(self.directory, "hits"), web.hits.value + 6)
            web.remove()
            for name in self.names():
                os.unlink(os.path.join(self.directory, name))

    def test_the_mark_without_the_kernels_help(self):
        home = mark.ProcessMark()
        self.assertFalse(home[0])
        home[0] = 1
        self.assertTrue(home[0])
        self.child(lambda: sys.exit(1) if home[0] else None)
