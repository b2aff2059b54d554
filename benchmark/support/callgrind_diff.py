#!/usr/bin/env python3
# Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
"""Instructions per call of a benchmark driver: callgrind's difference between two call counts.

    callgrind_diff.py [--calls FEW MANY] [--per N] [--repeat N] DRIVER MODE [driver options]

Start-up, connecting and warm-up happen in both runs and cancel out. Only user-space instructions of the driver's
own process count; the mock is a forked child. --per divides the result again (500 events per call, say).
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile


def run(driver, calls, options):
    """Returns (instructions, the driver's own figures) of one run under callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        # %p keeps the child's profile, if it ever writes one, apart from the driver's.
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + os.path.join(folder, "out.%p"),
                   driver, options[0], str(calls), *options[1:]]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        output, log = process.communicate()
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)} failed:\n{log}")
        with open(os.path.join(folder, f"out.{process.pid}"), encoding="utf-8") as profile:
            total = re.search(r"^(?:totals|summary): (\d+)", profile.read(), re.MULTILINE)
    if total is None:
        sys.exit("the profile has no totals")
    figures = dict(line.split(" ", 1) for line in output.splitlines() if " " in line)
    return int(total.group(1)), figures


def main():
    parser = argparse.ArgumentParser(description="instructions per call", allow_abbrev=False)
    parser.add_argument("--calls", nargs=2, type=int, default=None, metavar=("FEW", "MANY"),
                        help="default: 50 150 for unary modes, 12 22 for streams")
    parser.add_argument("--per", type=int, default=1, help="also print instructions per call divided by this")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("driver")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="mode and driver options, without the call count")
    arguments = parser.parse_args()
    if not arguments.options:
        parser.error("the driver's mode is missing")
    few, many = arguments.calls or ((12, 22) if arguments.options[0].startswith("stream") else (50, 150))
    if few >= many:
        parser.error("FEW must be less than MANY")
    driver = os.path.abspath(arguments.driver)

    for _ in range(arguments.repeat):
        base, _ignored = run(driver, few, arguments.options)
        total, figures = run(driver, many, arguments.options)
        per_call = (total - base) / (many - few)
        print(f"mode {' '.join(arguments.options)}")
        print(f"calls {few} {many}")
        print(f"instructions_per_call {per_call:.0f}")
        if arguments.per != 1:
            print(f"instructions_per_event {per_call / arguments.per:.1f}")
        for name in ("allocations_per_call", "allocations_per_event", "allocated_bytes_per_call", "connections",
                     "server_writes_per_call"):
            if name in figures:
                print(f"{name} {figures[name]}")


if __name__ == "__main__":
    main()
