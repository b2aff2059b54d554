"""Counts the test cases of `meson test` runs and of saved outputs.

usage: count.py FILE...

FILE is a meson-logs/testlog.json or any text. Prints 'PASSED FAILED SKIPPED', then a line for what was
skipped. One test of meson counts as
  - the cases of Boost.Test's short report, if it printed one;
  - the numbers of its lines 'N passed, N failed[, N skipped]', if it printed any;
  - else one.
A test that failed although no case of it did (a crash, a time-out, a sanitizer) counts one failed more.
A line 'skipped: [N ]REASON' names what was skipped; with a number it adds to the skipped cases."""
import json
import re
import sys

BOOST = re.compile(r"^\s*(\d+) test cases? out of \d+ (passed|failed|skipped|aborted|timed out)\b", re.MULTILINE)
PLAIN = re.compile(r"^(?:[\w.-]+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
REASON = re.compile(r"^skipped:? (?:(\d+) )?(.*)$", re.MULTILINE | re.IGNORECASE)


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


def count(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        content = file.read()
    if not path.endswith(".json"):
        return cases(content) or [0, 0, 0], REASON.findall(content)
    total, reasons = [0, 0, 0], []
    for line in content.splitlines():
        test = json.loads(line)
        text = test.get("stdout", "") + "\n" + test.get("stderr", "")
        ok, skipped = test["result"] in ("OK", "EXPECTEDFAIL"), test["result"] == "SKIP"
        found = cases(text) or ([1, 0, 0] if ok else [0, 0, 1] if skipped else [0, 1, 0])
        if not ok and not skipped and found[1] == 0:
            found[1] += 1
        named = REASON.findall(text)
        found[2] += sum(int(number) for number, _ in named if number)
        reasons += [(number, f"{test['name']}: {reason}") for number, reason in named]
        total = [have + more for have, more in zip(total, found)]
    return total, reasons


def main(paths):
    total, reasons = [0, 0, 0], []
    for path in paths:
        more, named = count(path)
        total = [have + one for have, one in zip(total, more)]
        reasons += named
    print(*total)
    for number, reason in reasons:
        print(f"  skipped {number + ' ' if number else ''}({reason})")


if __name__ == "__main__":
    main(sys.argv[1:])
