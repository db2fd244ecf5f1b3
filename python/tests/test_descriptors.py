"""The application closes descriptors that it did not open, and opens files of its own."""

import os
import subprocess

import mmstats

from .place import InPlace, values

PROGRAM = """
import os, mmstats
class Web(mmstats.MmStats):
    hits = mmstats.CounterField()
    routes = mmstats.CounterField(attributes="route")
web = Web(filename="web-{PID}-{TID}.mmstats", process_end=os.environ["END"])
web.hits.incr(5)
path = web.filename
os.closerange(3, 256)
if os.environ["OPENS"]:
    mine = [open(os.path.join(os.environ["MMSTATS_PATH"], "own%d" % n), "w+") for n in range(16)]
    for one in mine:
        one.write("first")
        one.flush()
    assert [one.fileno() for one in mine] == list(range(3, 19))
    numbers = [one.fileno() for one in mine]
"""
GROWS = """
for n in range(2000):
    web.routes.labels(n).incr()
assert web.size > 16384
"""
CHECK = """
assert all(os.fstat(one.fileno()).st_ino == os.stat(one.name).st_ino for one in mine)
"""
WRITES = """
for one in mine:
    one.write(" second")
"""
CHILD = """
if os.fork() == 0:
    web.hits.incr(7)
    assert web.filename != path
    from mmstats import reader
    assert {one.label: one.value for one in reader.read(web.filename)}["hits"] == 7
    %s
    web.remove()
    %s
    os._exit(0)
assert os.wait()[1] == 0
""" % (CHECK.strip(), CHECK.strip())


class Descriptors(InPlace):
    def run_it(self, text, end, opens="yes"):
        process = self.program(PROGRAM + text, subprocess.PIPE, END=end, OPENS=opens)
        said = process.communicate()[1]
        self.assertEqual((process.returncode, said), (0, ""))
        if opens:
            for number in range(16):
                with open(os.path.join(self.directory, "own%d" % number), encoding="ascii") as file:
                    self.assertEqual(file.read(), "first second", number)
        return [name for name in self.names() if name.endswith(".mmstats")]

    def test_files_of_the_application_with_the_same_numbers_stay_as_they_are(self):
        for end in "fold", "remove", "leave":
            for text in "", GROWS, CHILD:
                with self.subTest(end=end, text=text):
                    found = self.run_it(text + CHECK + WRITES, end)
                    self.assertEqual(len(found), 0 if end == "remove" else 1)
                    for name in found:
                        self.assertEqual(values(os.path.join(self.directory, name))["hits"], 5)
                        os.unlink(os.path.join(self.directory, name))

    def test_the_instance_is_removed_while_the_program_goes_on(self):
        self.assertEqual(self.run_it("web.fold()\nweb.hits.incr()\n" + CHECK + WRITES, "remove"), ["web-departed-%d.mmstats" % os.getuid()])

    def test_a_process_ends_well_without_its_descriptors(self):
        for end in "fold", "remove", "leave":
            with self.subTest(end=end):
                found = self.run_it("", end, "")
                self.assertEqual(len(found), 0 if end == "remove" else 1)
                for name in found:
                    self.assertEqual(values(os.path.join(self.directory, name))["hits"], 5)
                    os.unlink(os.path.join(self.directory, name))

    def test_another_file_with_the_name_is_not_written(self):
        swap = """
with open(path + ".other", "wb") as other:
    other.write(b"other")
os.rename(path + ".other", path)
import logging
logging.disable()
"""
        (found,) = self.run_it(swap + GROWS.replace("assert", "#") + CHECK + WRITES, "fold")
        with open(os.path.join(self.directory, found), "rb") as file:
            self.assertEqual(file.read(), b"other")

    def test_an_error_names_the_directory(self):
        gone = os.path.join(self.directory, "gone")
        with self.assertRaises(FileNotFoundError) as raised:
            mmstats.MmStats(gone, strict=True)
        self.assertEqual(raised.exception.filename, gone)
        with self.assertLogs("mmstats") as logged:
            mmstats.MmStats(gone).remove()
        self.assertTrue(logged.output[0].endswith("No such file or directory: %r" % gone), logged.output)
