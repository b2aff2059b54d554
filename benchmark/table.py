#!/usr/bin/env python3
# Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
"""The 16 combinations of Retry, Breaker, Route and Cache with Provider<OpenAI>, and the hand-written client.

    benchmark/table.py [--compiler g++] [--masks 0 15 ...]

For each: instructions, allocations and bytes per unary call (2,000-byte prompt, 2.4 kB reply) by callgrind's
difference between two call counts; nanoseconds per call (the minimum of five rounds of 2,000 calls: loopback, on a noisy
machine only a hint); sizes of the orchestrator and of the call object; compile seconds (user time) and stripped binary
size. Takes about a minute each. Not part of CI."""

import argparse
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
include = here.parent / "include"
policies = ["Retry", "Breaker", "Route", "Cache"]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def figures(text):
    return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)


def measure(name, compiler, source, arguments, folder):
    binary = folder / "driver"
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    run([compiler, "-std=c++20", "-O2", "-DNDEBUG", f"-I{include}", *arguments, "-c", source, "-o", f"{binary}.o"])
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    run([compiler, f"{binary}.o", "-o", binary, "-lboost_url", "-lboost_json", "-lssl", "-lcrypto", "-lpthread"])
    run(["strip", binary])
    counted = figures(run([sys.executable, here / "support" / "callgrind_diff.py", binary, "unary"]))
    sizes = figures(run([binary, "unary", "20"]))
    best = None
    for _ in range(5):
        start = time.perf_counter()
        run([binary, "unary", "2000"])
        elapsed = (time.perf_counter() - start) / 2000 * 1e9
        best = elapsed if best is None else min(best, elapsed)
    print(f"| {name} | {int(counted['instructions_per_call']):,} | {counted['allocations_per_call']} | "
          f"{counted['allocated_bytes_per_call']} | {best:,.0f} | {sizes.get('sizeof_orchestrator', '-')} | "
          f"{sizes.get('sizeof_call', '-')} | {seconds:.1f} | {os.path.getsize(binary) // 1024:,} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--masks", nargs="*", type=int, default=range(16))
    arguments = parser.parse_args()
    print("| Provider and | instructions | allocations | bytes | ns | orchestrator | call | compile s | binary KiB |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        measure("(hand-written Beast client)", arguments.compiler, here / "handwritten" / "driver.cpp", [], folder)
        for mask in arguments.masks:
            chosen = [policy for bit, policy in enumerate(policies) if mask & 1 << bit]
            measure(", ".join(chosen) or "nothing", arguments.compiler, here / "baton" / "driver.cpp",
                    [f"-DBATON_POLICIES={mask}"], folder)


if __name__ == "__main__":
    main()
