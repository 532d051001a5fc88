#!/usr/bin/env python3
"""Prints "passed failed skipped" for a JUnit file written by CTest.

A GoogleTest or node:test binary is one CTest entry; its own closing lines, which CTest keeps in system-out, say
how many cases it holds, so those are counted. Anything else counts as one.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

GTEST_PASSED = re.compile(r"^\[  PASSED  \] (\d+) tests?\.", re.M)
GTEST_SKIPPED = re.compile(r"^\[  SKIPPED \] (\d+) tests?", re.M)
GTEST_FAILED = re.compile(r"^\[  FAILED  \] (\d+) tests?, listed", re.M)
PLAIN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)


def count(case):
    text = case.findtext("system-out") or ""
    status = case.get("status")
    if status in ("notrun", "disabled"):
        return 0, 0, 1
    plain = PLAIN.findall(text)
    if plain:
        passed, failed, skipped = (int(n or 0) for n in plain[-1])
    else:
        passed = sum(map(int, GTEST_PASSED.findall(text)))
        skipped = sum(map(int, GTEST_SKIPPED.findall(text)))
        failed = sum(map(int, GTEST_FAILED.findall(text)))
    if status == "fail" and failed == 0:
        failed = 1
    if status == "run" and passed + failed + skipped == 0:
        passed = 1
    return passed, failed, skipped


def main():
    totals = [0, 0, 0]
    for case in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
        totals = [a + b for a, b in zip(totals, count(case))]
    print(*totals)


if __name__ == "__main__":
    main()
