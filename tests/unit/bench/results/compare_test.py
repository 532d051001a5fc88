"""Goal: bench/results/compare calls worse what became worse by more than its noise, and ends accordingly.
Method: small files of results through the program."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

COMPARE = pathlib.Path(__file__).resolve().parents[4] / "bench/results/compare"


class Compare(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def save(self, name, figures, **more):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(json.dumps({"schema_version": 1, "commit": name, "machine": {"cpu_model": "x", "cores": 2},
                                    "figures": {key: {"p50": p50, "p99": p99} for key, (p50, p99) in figures.items()},
                                    **more}))
        return path

    def compare(self, old, new, *options):
        done = subprocess.run([sys.executable, str(COMPARE), str(old), str(new), *options], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_equal_results_are_not_worse(self):
        old = self.save("a", {"ring/BM": (10, 12)})
        self.assertEqual(self.compare(old, old)[0], 0)

    def test_slower_beyond_tolerance_and_noise_is_worse(self):
        old = self.save("a", {"ring/BM": (10, 12), "tls/BM": (100, 104)})
        status, text = self.compare(old, self.save("b", {"ring/BM": (13, 14), "tls/BM": (101, 130)}))
        self.assertEqual(status, 1)
        self.assertEqual([line.split()[0] for line in text.splitlines() if line.endswith("worse")], ["ring/BM"])

    def test_slower_within_the_old_runs_noise_is_not(self):
        old = self.save("a", {"ring/BM": (10, 20)})
        self.assertEqual(self.compare(old, self.save("b", {"ring/BM": (13, 14)}))[0], 0)

    def test_tolerance_decides(self):
        old = self.save("a", {"ring/BM": (10, 10.1)})
        new = self.save("b", {"ring/BM": (13, 14)})
        self.assertEqual(self.compare(old, new, "--tolerance", "40")[0], 0)
        self.assertEqual(self.compare(old, new, "--tolerance", "20")[0], 1)

    def test_faster_is_said(self):
        status, text = self.compare(self.save("a", {"ring/BM": (10, 11)}), self.save("b", {"ring/BM": (5, 6)}))
        self.assertEqual(status, 0)
        self.assertIn("better", text)

    def test_another_machine_is_said(self):
        old = self.save("a", {"ring/BM": (10, 11)})
        new = self.save("b", {"ring/BM": (10, 11)}, machine={"cpu_model": "y", "cores": 2})
        self.assertIn("machines differ", self.compare(old, new)[1])

    def test_what_is_no_result_is_refused(self):
        old = self.save("a", {"ring/BM": (10, 11)})
        for text in ("", "[]", "{}", '{"schema_version": 2}', '{"schema_version": 1, "figures": {"ring/BM": 3}}'):
            bad = pathlib.Path(self.folder.name) / "bad"
            bad.write_text(text)
            self.assertEqual(self.compare(old, bad)[0], 2, text)
        self.assertEqual(self.compare(old, self.save("b", {"other/BM": (1, 1)}))[0], 2)


if __name__ == "__main__":
    unittest.main()
