"""The smallest runner scenario tests need: cases in order, a line each, and the counts at the end.

    @case("foot answers the keyboard", needs=["foot"])
    def foot(): ...
    run_cases()
"""
import shutil
import sys
import time
import traceback

_cases = []


class Skip(Exception):
    """The case cannot run here; the text says why."""


def case(name, needs=()):
    def register(function):
        _cases.append((name, list(needs), function))
        return function
    return register


def run_cases():
    only = sys.argv[1:]
    passed = failed = skipped = 0
    for name, needs, function in _cases:
        if only and not any(word in name for word in only):
            continue
        began = time.monotonic()
        try:
            missing = [program for program in needs if shutil.which(program) is None]
            if missing:
                raise Skip(f"not installed: {', '.join(missing)}")
            function()
            passed += 1
            print(f"ok       {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Skip as reason:
            skipped += 1
            print(f"SKIPPED: {name}: {reason}", flush=True)
        except Exception:  # a case must not end the run, whatever it raises
            failed += 1
            print(f"FAILED   {name} ({time.monotonic() - began:.1f} s)\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)
