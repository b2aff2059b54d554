#!/usr/bin/env python3
# Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
"""Explores with fuzz targets for a time of processor, and not of the clock, so that a busy machine changes nothing.

    explore.py [--minutes N] [--seed N] [--jobs N] OUT_DIR SEEDS_DIR TARGET...

TARGET is the file of one, SEEDS_DIR what seed.py wrote. Each target runs for N minutes (60); one that found something
is started again, with another seed, for the rest of its time, and the finding's input stays in OUT_DIR, in which what
an earlier run of the target left is removed. Prints a line for each as it ends, as a row of Markdown, then the findings'
files, and exits 1 if there are any. More than 512 MiB are a finding, and so is an input that libFuzzer called slow by the
clock and that needs more than a second of the processor when it is run again.
"""

import argparse
import concurrent.futures
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import time


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(command, log, seconds):
    """Runs until it ends by itself or has used `seconds`; what it used, and its exit code."""
    environment = dict(os.environ, UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
                       ASAN_OPTIONS="malloc_context_size=4:quarantine_size_mb=64")
    used = 0.0
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        asked = False
        while process.poll() is None:
            time.sleep(0.5)
            try:
                used = max(used, processor_seconds(process.pid))
            except OSError:
                continue
            if used >= seconds and not asked:
                process.send_signal(signal.SIGUSR1)
                asked = True
    return used, process.returncode


def artifacts(out, name, kinds=("crash", "leak", "oom", "timeout", "slow-unit")):
    return sorted(path for kind in kinds for path in glob.glob(os.path.join(out, f"{name}-{kind}-*")))


def explore(target, options):
    name = os.path.basename(target).removeprefix("fuzz_")
    seeds = os.path.join(options.seeds, name)
    corpus = os.path.join(options.out, name + ".corpus")
    shutil.rmtree(corpus, ignore_errors=True)
    for path in artifacts(options.out, name):
        os.remove(path)
    os.makedirs(corpus)
    used, runs, slowest, memory, findings, attempt, edges = 0.0, 0, 0.0, 0, 0, 0, "0"
    limit = options.minutes * 60
    while limit - used > 1:
        log = os.path.join(options.out, f"{name}.{attempt}.log")
        command = [target, f"-seed={options.seed + 1000 * attempt}", "-reload=0", "-timeout=60", "-report_slow_units=1",
                   "-rss_limit_mb=512", "-print_final_stats=1", f"-artifact_prefix={options.out}/{name}-", corpus]
        took, code = run(command + ([seeds] if os.path.isdir(seeds) else []), log, limit - used)
        used += max(took, 1.0)
        attempt += 1
        findings += code != 0
        with open(log, encoding="utf-8", errors="replace") as file:
            text = file.read()

        def number(what):
            found = re.search(rf"^stat::{what}: *(\d+)", text, re.M)
            return int(found[1]) if found else 0

        runs += number("number_of_executed_units")
        memory = max(memory, number("peak_rss_mb"))
        edges = (re.findall(r"cov: (\d+)", text) or [edges])[-1]
    # By the clock they took a second or more; on a busy machine that says nothing yet.
    for path in artifacts(options.out, name, ("slow-unit",)):
        process = subprocess.Popen([target, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        needed = usage.ru_utime + usage.ru_stime
        slowest = max(slowest, needed)
        if needed > 1:
            findings += 1
        else:
            os.remove(path)
    return (f"| {name} | {used / 60:.1f} | {runs:,} | {edges} | {len(os.listdir(corpus)):,} | "
            f"{f'{slowest:.1f} s' if slowest else 'below 1 s'} | {memory} MB | {findings} |"), findings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("out")
    parser.add_argument("seeds")
    parser.add_argument("targets", nargs="+")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    print("| Target | Processor minutes | Inputs | Edges | Corpus | Slowest | Memory | Findings |", flush=True)
    targets = [t for t in options.targets if os.path.isfile(t)]  # of fuzz_*, beside which its objects lie
    total = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(explore, t, options) for t in targets]):
            row, findings = done.result()
            print(row, flush=True)
            total += findings
    for path in artifacts(options.out, "*"):
        print(path)
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
