#!/usr/bin/env python3
# Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
"""Prints what one streamed text delta costs on each wire, as a markdown table.

    wires.py DRIVER [WIRE]...

DRIVER is the program made from wires.cpp. Instructions are callgrind's difference between 2,000 and 4,000 events (see
support/callgrind_diff.py); boost::json::parse reads the same payload with its default storage. Allocations are those
of the decoder, per event. Exits with 1 if a wire is over the bar: 0.4 of boost::json::parse, and an allocation.
"""

import os
import subprocess
import sys

BAR = 0.4
EVENTS = ("2000", "4000")
DIFF = os.path.join(os.path.dirname(os.path.abspath(__file__)), "support", "callgrind_diff.py")


def instructions(driver, wire, mode):
    output = subprocess.run([sys.executable, DIFF, "--calls", *EVENTS, driver, wire, mode], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    figures = dict(line.split(" ", 1) for line in output.splitlines())
    return int(figures["instructions_per_call"]), float(figures["allocations_per_event"])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    driver = os.path.abspath(sys.argv[1])
    wires = sys.argv[2:] or subprocess.run([driver, "list"], check=True, stdout=subprocess.PIPE,
                                           text=True).stdout.split()
    over = False
    print("| wire | bytes | instructions per event | boost::json::parse | ratio | allocations per event |")
    print("|---|---:|---:|---:|---:|---:|")
    for wire in wires:
        ours, allocations = instructions(driver, wire, "decode")
        theirs, _ignored = instructions(driver, wire, "parse")
        size = subprocess.run([driver, wire, "2", "parse"], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.split()[1]
        # A growing text is moved once in a while: less than one in a hundred is none per event.
        over |= ours > BAR * theirs or allocations >= 0.01
        print(f"| {wire} | {size} | {ours:,} | {theirs:,} | {ours / theirs:.2f} | {allocations:.2f} |", flush=True)
    if "bedrock" in wires:
        framing, allocations = instructions(driver, "bedrock", "frame")
        print(f"| bedrock, its binary framing | | {framing:,} | | | {allocations:.2f} |")
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
