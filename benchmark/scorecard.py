#!/usr/bin/env python3
# Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
"""The reliability scorecard: runs what measures each line, prints a Markdown table (see doc/reliability.md).

    benchmark/scorecard.py BUILD [--long] [--only LINE]... [--bench BUILD] [--soak MINUTES]

BUILD: a build directory with the tests (and with --soak the benchmarks) built; --bench: one with the benchmarks, made
for measuring (see doc/benchmark.md). Each line is a set of test cases, which state their bars as assertions; what they
counted is taken from the messages they print. --long: as many runs as the lines ask for, where the tests make do with
fewer. Ends with 1 if a line fails."""

import argparse
import os
import pathlib
import re
import subprocess
import sys

# number -> workload and bar, test executable, its --run_test filters
lines = {
    "1, 2, 3": ("10,000 streams, 20 % faults: 0 lost, doubled or reordered tokens, books of both sides equal, nothing "
                "left", "faults", ["*ten_thousand_streams_with_faults"]),
    "1, 2, 3 (all on)": ("the same with every policy on (short form: 2,000): also each lease settled once", "faults",
                         ["*streams_with_faults_under_every_policy"]),
    "1 (sixteen)": ("the sixteen faults over real sockets: whole answer or typed error in every mode", "faults",
                    ["sixteen"]),
    "4": ("an answer cut at any byte is whole or a typed error", "connections",
          ["*an_answer_cut_at_any_byte_is_whole_or_a_typed_error"]),
    "4 (tools)": ("1,000 cuts of tool calls: 0 incomplete ones executed, none twice", "torture",
                  ["*no_half_tool_call_is_ever_executed"]),
    "5": ("attempts per request under total outage <= 1.2 and reserve", "policy",
          ["*an_outage_costs_no_more_than_a_fifth_more_attempts"]),
    "6": ("Retry-After table", "wire", ["*hint*"]),
    "7": ("back-off samples in bounds, uniform, no mass at the cap", "policy",
          ["*backoff_is_uniform_below_its_ceiling"]),
    "8": ("deadlines: no phase outlives the call, any limits in any order", "policy",
          ["*any_limits_any_order_of_times", "*no_phase_outlives_the_call_and_says_so"]),
    "8 (calls)": ("10,000 schedules of whole calls (short form: 2,500): none ends 1 ms late", "torture",
                  ["*no_schedule_outlives_its_deadline"]),
    "9, 22": ("cancelled, destroyed, an operation failing at every point: 0 leaks, hangs", "torture", ["*"]),
    "10": ("1,000 seeds x 64 callers: half-open admits <= N, open none", "policy",
           ["*sixty_four_callers_never_exceed_the_probes"]),
    "11": ("late verdicts change no state", "policy",
           ["*a_late_verdict_changes_nothing_even_if_nobody_took_the_place",
            "*permits_of_an_older_phase_change_nothing"]),
    "12": ("closed in time once the upstream is well, 1,000 seeds", "policy",
           ["*it_closes_in_time_once_the_target_is_well"]),
    "13": ("one of four endpoints ill: >= 95 % moved in 2 sweeps", "policy",
           ["*traffic_moves_away_from_one_ill_endpoint_of_four"]),
    "14": ("10^6 arrivals: no window beyond rate and burst", "policy",
           ["*no_window_of_a_million_arrivals_is_beyond_rate_and_burst"]),
    "15": ("capacity 100 -> 20 and back: refused < 5 % in 10 s, >= 90 in 60 s", "policy",
           ["*aimd_follows_a_capacity_that_falls_to_a_fifth_and_comes_back"]),
    "16": ("5 % slow: p99 first token >= 3x better, <= 5 % more requests", "policy",
           ["*a_slow_one_in_twenty_no_longer_makes_the_tail"]),
    "17": ("1,000 equal calls: 1 upstream; a leader that leaves hands over", "sharing",
           ["*a_thousand_equal_calls_are_one_upstream", "*a_thousand_calls_whose_leader_leaves"]),
    "19": ("SSE vectors whole, split anywhere, byte by byte; 10^7 random runs (short form: 180,000)", "net",
           ["*vectors*", "*random_streams_agree_with_the_standard"]),
    "23": ("16/16: bad certificates, versions and peers refused before a byte of the request", "tls",
           ["*servers_that_are_not_who_they_should_be", "*old_versions", "*peers_that_do_not_speak_tls",
            "*host_names_that_are_none"]),
    "23 (injection)": ("control characters in all that becomes a header or URL: refused, nothing sent", "connections",
                       ["*nothing_a_user_sets_starts_another_header"]),
    "25 (determinism)": ("same seed, same hash: 1000/1000", "faults",
                         ["*the_same_seed_has_the_same_hash_and_another_another"]),
}
elsewhere = {
    "21": "sanitizers: `.ci/run` (stages ASan+UBSan and TSan), not part of this command",
}


def run(command, thorough=False):
    environment = os.environ | ({"BATON_LONG": "1"} if thorough else {})
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=3600 * 3,
                          env=environment)
    return done.returncode, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--long", action="store_true")
    options.add_argument("--only", action="append", choices=lines, metavar="LINE", help="as the first column has it")
    options.add_argument("--bench", type=pathlib.Path, metavar="BUILD")
    options.add_argument("--soak", type=float, metavar="MINUTES")
    options = options.parse_args()
    failed = 0
    print("| line | workload and bar | measured | command |\n|---|---|---|---|")
    for line, (bar, name, filters) in lines.items():
        if options.only and line not in options.only:
            continue
        program = options.build / "test" / f"test_{name}"
        command = f"test_{name} --run_test={':'.join(filters)}"
        if not program.exists():
            print(f"| {line} | {bar} | not built | `{command}` |")
            failed += 1
            continue
        paths = []
        for one in filters:  # of a group, or of an executable with one file
            paths += [one, "*/" + one] if one.startswith("*") else [one]
        status, text = run([program, "--color_output=no", "--log_level=message", "--run_test=" + ":".join(paths)],
                           options.long)
        cases = re.search(r"Running (\d+) test case", text)
        said = [at.strip() for at in text.splitlines()
                if at.strip() and not re.match(r"Running|\*\*\*|Entering|Leaving|Test case", at.strip())]
        good = status == 0 and cases and int(cases[1]) > 0
        failed += not good
        measured = f"{'passed' if good else 'FAILED'}, {cases[1] if cases else 0} case(s)"
        if said and len(said) <= 6:
            measured += ": " + "; ".join(said).replace("|", "\\|")
        print(f"| {line} | {bar} | {measured} | `{command}` |", flush=True)
    if options.soak:
        command = [options.build / "benchmark" / "soak", "--minutes", str(options.soak)]
        status, text = run(command)
        last = [at for at in text.splitlines() if not at.startswith("minute")]
        failed += status != 0
        print(f"| 25 (soak) | 300 streams at once, 20 % faults | {'; '.join(last)} | `soak --minutes {options.soak}` |")
    for line, why in elsewhere.items():
        print(f"| {line} | | {why} | |")
    for line, what, script in (("19", "its cost per byte", "sse"), ("25", "overhead", "overhead")):
        if not options.bench:
            break
        target = options.bench / "benchmark" / "sse" if script == "sse" else options.bench
        status, text = run([pathlib.Path(__file__).resolve().parent / (script + ".py"), target])
        failed += status != 0
        print(f"\nLine {line}, {what} (`benchmark/{script}.py`): {'passed' if status == 0 else 'FAILED'}\n\n{text}",
              flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
