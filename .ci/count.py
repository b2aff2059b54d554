"""Counts the test cases of `meson test` runs and of saved outputs.

usage: count.py FILE...

FILE is a meson-logs/testlog.json or any text. Prints 'PASSED FAILED SKIPPED', then a line for what was
skipped. One test of meson counts as
  - the cases of Boost.Test's short report, if it printed one;
  - the numbers of its lines 'N passed, N failed[, N skipped]', if it printed any;
  - else one.
A test that failed although no case of it did (a crash, a time-out, a sanitizer) counts one failed more.
A line 'skipped: REASON' or 'WHAT: skipped, REASON' adds to the skipped cases: the number before its word
'cases', else one."""
import json
import re
import sys

BOOST = re.compile(r"^\s*(\d+) test cases? out of \d+ (passed|failed|skipped|aborted|timed out)\b", re.MULTILINE)
PLAIN = re.compile(r"^(?:[\w.,@/ -]+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
SKIP = re.compile(r"^(?:skipped: .*|.*: skipped, .*)$", re.MULTILINE)


def cases(text):
    """[passed, failed, skipped] that the text reports, or None if it reports nothing."""
    found = [0, 0, 0]
    boost, plain = BOOST.findall(text), PLAIN.findall(text)
    for number, what in boost:
        # An aborted case is reported as failed too.
        index = {"passed": 0, "failed": 1, "timed out": 1, "skipped": 2}.get(what)
        if index is not None:
            found[index] += int(number)
    for numbers in plain:
        found = [have + int(more or 0) for have, more in zip(found, numbers)]
    return found if boost or plain else None


def skips(text):
    """Lines that say what was skipped, and how many cases that were."""
    lines = SKIP.findall(text)
    numbers = [re.search(r"(\d+)(?: recorded)? cases", line) for line in lines]
    return lines, sum(int(number[1]) if number else 1 for number in numbers)


def count(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        content = file.read()
    if not path.endswith(".json"):
        return cases(content) or [0, 0, 0], skips(content)[0]
    total, reasons = [0, 0, 0], []
    for line in content.splitlines():
        test = json.loads(line)
        text = test.get("stdout", "") + "\n" + test.get("stderr", "")
        ok, skipped = test["result"] in ("OK", "EXPECTEDFAIL"), test["result"] == "SKIP"
        lines, number = skips(text)
        found = cases(text) or ([1, 0, 0] if ok else [0, 0, 0 if number else 1] if skipped else [0, 1, 0])
        if not ok and not skipped and found[1] == 0:
            found[1] = 1
        found[2] += number
        reasons += [f"{test['name']}: {reason}" for reason in lines]
        total = [have + more for have, more in zip(total, found)]
    return total, reasons


def main(paths):
    total, reasons = [0, 0, 0], []
    for path in paths:
        more, named = count(path)
        total = [have + one for have, one in zip(total, more)]
        reasons += named
    print(*total)
    for reason in reasons:
        print(f"  {reason}")


if __name__ == "__main__":
    main(sys.argv[1:])
