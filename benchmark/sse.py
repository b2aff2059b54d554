#!/usr/bin/env python3
# Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
"""Prints what the event-stream parser costs per byte, and that twice the input costs twice as much.

    sse.py DRIVER

DRIVER is the program made from sse.cpp. Instructions are callgrind's, of reading a stream of 256 and of 512 KiB in
pieces of 16 KiB; the speed is the best of five runs over 64 MiB on whatever machine this is, a hint. Exits with 1 if
twice the input costs more than 2.2 times as much.
"""

import os
import subprocess
import sys

BAR = 2.2
DIFF = os.path.join(os.path.dirname(os.path.abspath(__file__)), "support", "callgrind_diff.py")


def instructions(driver, shape, kilobytes):
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        output = subprocess.run([sys.executable, DIFF, "--calls", "1", "2", driver, shape, str(kilobytes)], check=True,
                                stdout=subprocess.PIPE, stderr=nowhere, text=True).stdout
    return int(dict(line.split(" ", 1) for line in output.splitlines())["instructions_per_call"])


def speed(driver, shape):
    outputs = [subprocess.run([driver, shape, "1", "65536"], check=True, stdout=subprocess.PIPE, text=True).stdout
               for _ in range(5)]
    return max(float(dict(line.split(" ", 1) for line in out.splitlines())["gigabytes_per_second"])
               for out in outputs)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    driver = os.path.abspath(sys.argv[1])
    over = False
    print("| stream | instructions per byte | twice the input costs | GB/s (a hint) |\n|---|---:|---:|---:|")
    for shape, what in (("deltas", "events of 260 bytes"), ("lines", "one event of 13-byte lines"),
                        ("long", "one event of one line"), ("comments", "comments of 9 bytes")):
        once, twice = instructions(driver, shape, 256), instructions(driver, shape, 512)
        over |= twice > BAR * once
        print(f"| {what} | {once / 256 / 1024:.2f} | {twice / once:.2f} x | {speed(driver, shape):.2f} |", flush=True)
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
