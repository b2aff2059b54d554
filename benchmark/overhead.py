#!/usr/bin/env python3
# Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
"""Prints what a call costs through baton beside a hand-written client, as a markdown table.

    overhead.py BUILD [--rounds N]

BUILD: a build directory with the benchmarks (see doc/benchmark.md). The three drivers take turns, N times (9), against
the same mock on the loopback that answers at once; of each the quietest round counts. Times are those of the whole call,
mock and kernel included, so that their difference is the library's; they are hints, and not judged. Instructions are
callgrind's, of the client alone. Exits with 1 if a call with every policy costs more instructions than the hand-written
client's.
"""

import argparse
import pathlib
import subprocess
import sys

DIFF = pathlib.Path(__file__).resolve().parent / "support" / "callgrind_diff.py"
DRIVERS = (("hand-written", "handwritten_driver"), ("`Provider` alone", "baton_bare"),
           ("every resilience policy", "baton_resilient"))
MODES = (("unary", "call", 3000, 1), ("stream", "event", 200, 500))


def figures(command):
    output = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True).stdout
    return dict(line.split(" ", 1) for line in output.splitlines())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    programs = [(name, options.build / "benchmark" / file) for name, file in DRIVERS]
    over = False
    print("| per | client | instructions | ratio | p50, us | ratio | p99, us |\n|---|---|---:|---:|---:|---:|---:|")
    for mode, unit, calls, per in MODES:
        best = {}
        for _ in range(options.rounds):
            for name, program in programs:
                now = figures([program, mode, calls, "--unpaced"])
                times = [float(now[key]) / per for key in ("p50_us", "p99_us")]
                best[name] = [min(pair) for pair in zip(times, best.get(name, times))]
        counts = {name: float(figures([sys.executable, DIFF, program, mode])["instructions_per_call"]) / per
                  for name, program in programs}
        first = programs[0][0]
        for name, _program in programs:
            over |= counts[name] > counts[first]
            print(f"| {unit} | {name} | {counts[name]:,.0f} | {counts[name] / counts[first]:.2f} | {best[name][0]:.2f} "
                  f"| {best[name][0] / best[first][0]:.2f} | {best[name][1]:.2f} |", flush=True)
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
