"""Several threads of one process, and a signal handler."""

import signal
import sys
import threading
import unittest.mock

import mmstats

from .place import InPlace, values

THREADS, TIMES = 4, 20_000


class Web(mmstats.MmStats):
    hits = mmstats.CounterField()
    load = mmstats.GaugeField()
    size = mmstats.AverageField()
    answer = mmstats.TimerField()
    counts = mmstats.HistogramField()
    text = mmstats.StringField()
    routes = mmstats.CounterField(attributes="route")


class Threads(InPlace):
    def setUp(self):
        super().setUp()
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        # So often that updates without a lock lose a part.
        sys.setswitchinterval(1e-6)

    def on_threads(self, work):
        threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_nothing_is_lost(self):
        web = self.make(Web)

        def work(number):
            for turn in range(TIMES):
                web.hits.incr()
                web.load.incr(2)
                if turn % 20 == 0:
                    web.size.add(1)
                    web.answer.add(0.001)
                    web.counts.record(turn)
                    web.text = "thread %d" % number

        self.on_threads(work)
        found, few = values(web.filename), THREADS * TIMES // 20
        self.assertEqual((found["hits"], found["load"]), (THREADS * TIMES, 2.0 * THREADS * TIMES))
        self.assertEqual((found["size"], found["answer"].count, found["counts"].count), ((few, few), few, few))
        self.assertEqual(found["text"], web.text)

    def test_threads_that_meet_a_new_set_of_values_share_its_field(self):
        web = self.make(Web)

        def work(_):
            for turn in range(200):
                web.routes.labels("/%d" % turn).incr()

        self.on_threads(work)
        found = [value for label, value in values(web.filename).items() if label.startswith("routes{")]
        self.assertEqual(found, [THREADS] * 200)

    def test_each_thread_has_its_own_running_time(self):
        now = threading.local()
        both = threading.Barrier(2)

        class Timed(mmstats.MmStats):
            answer = mmstats.TimerField(timer=lambda: now.time)

        timed = self.make(Timed)

        def work(number):
            if number > 1:
                return
            now.time = 0.0
            with timed.answer:
                both.wait()
                now.time = number + 1.0
                both.wait()

        self.on_threads(work)
        self.assertEqual(values(timed.filename)["answer"].sum, 3 * 10**9)

    def test_an_update_in_the_middle_of_another_comes_after_it(self):
        web, turns = self.make(Web), []

        def fence():
            if not turns:
                turns.append(1)
                # What a signal handler would do here.
                web.text = "inner"
                self.assertEqual(web.text, "")

        with unittest.mock.patch("mmstats.text.fence", fence):
            web.text = "outer"
        self.assertEqual((values(web.filename)["text"], web._fields["text"]._settings), ("inner", 2))

    def test_a_gauge_that_is_set_while_it_is_increased(self):
        web, turns = self.make(Web), []
        convert = Web.load.convert

        def interrupted(value):
            if not turns:
                turns.append(1)
                web.load.set(10)
                web.load.incr(5)
            return convert(value)

        with unittest.mock.patch.object(Web.load, "convert", interrupted):
            web.load.incr(1)
        # An update in native code has no middle.
        wanted = 15 if turns else 1
        self.assertEqual((values(web.filename)["load"], web.load.value), (wanted, wanted))

    def test_a_signal_handler_that_counts_loses_nothing_and_does_not_hang(self):
        web, handled = self.make(Web), []

        def handler(*_):
            # In one step: the next signal may come in the middle of this.
            handled.append(None)
            web.hits.incr()
            web.load.incr(2)
            web.size.add(1)
            web.text = "handler"

        before = signal.signal(signal.SIGALRM, handler)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        try:
            turns = 0
            while len(handled) < 100:
                turns += 1
                web.hits.incr()
                web.load.incr(2)
                web.size.add(1)
                web.text = "main"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        found, all_of_them = values(web.filename), turns + len(handled)
        self.assertEqual(found["size"], (all_of_them, all_of_them))
        self.assertEqual((found["hits"], found["load"]), (all_of_them, 2 * all_of_them))
