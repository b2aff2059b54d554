#!/usr/bin/env python3
# Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
"""Mutation check of the pure policy headers: changes one operator, bound, truth value or return at a time in a
copy of the header tree, compiles the policy tests against it and runs them. A mutant that passes all tests has
survived; one that does not compile is not counted. Exit status 1 if fewer than --bar of the mutants are killed.

usage: mutate.py [--files NAME...] [--jobs N] [--max-per-file N] [--seed N] [--bar PERCENT] [--compiler COMMAND] [--list]
"""
import argparse
import concurrent.futures
import itertools
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
POLICY = pathlib.Path("include/baton/policy")
FLAGS = ["-std=c++20", "-O0", "-w", "-DBOOST_TEST_DYN_LINK"]
# Header (without suffix) -> the files of test/policy that know it, the cheapest first. Not among them: slot and
# environment, in which there is nothing to mutate.
TESTS = {
    "active": ["health", "options"],
    "after_p95": ["hedge", "options"],
    "aimd": ["adaptive_limit", "options"],
    "balance": ["balance"],
    "breaker": ["options", "breaker"],
    "breaker_state": ["breaker"],
    "cache": ["options"],
    "consecutive_failures": ["breaker", "options"],
    "continuation": ["resume", "seam", "options"],
    "deadline": ["deadline", "options"],
    "endpoint": ["route"],
    "endpoint_health": ["health", "options"],
    "endpoint_stats": ["balance", "health"],
    "exp_backoff": ["retry", "options"],
    "fallback": ["fallback", "retry", "options"],
    "gcra": ["limit", "limit_model", "options"],
    "gcra_bucket": ["limit", "limit_model"],
    "gradient2": ["adaptive_limit", "options"],
    "half_open": ["breaker", "options"],
    "health": ["health"],
    "hedge": ["hedge"],
    "latency_ewma": ["balance", "options"],
    "latency_quantile": ["hedge"],
    "least_busy": ["balance"],
    "limit": ["limit", "adaptive_limit"],
    "limit_queue": ["limit", "limit_model"],
    "limit_state": ["limit", "adaptive_limit", "limit_model"],
    "limit_states": ["limit"],
    "passive": ["health"],
    "power_of_two": ["balance", "health"],
    "prompt_affinity": ["balance", "options"],
    "provider": ["options"],
    "resume": ["resume", "options"],
    "retry": ["retry", "fallback"],
    "retry_budget": ["retry", "options"],
    "retry_throttle": ["retry", "options"],
    "rng": ["rng", "retry"],
    "round_robin": ["balance", "health"],
    "route": ["route"],
    "seam": ["seam"],
    "sre": ["sre", "options"],
    "use": ["options"],
}
# pattern -> replacements. Templates' brackets, `->`, `<<` and `operator==` are left alone: operators of
# clang-format's style stand between spaces.
RULES = [
    (r" < ", [" <= ", " >= "]), (r" <= ", [" < ", " > "]), (r" > ", [" >= ", " <= "]), (r" >= ", [" > ", " < "]),
    (r"(?<!operator) == ", [" != "]), (r" != ", [" == "]), (r" && ", [" || "]), (r" \|\| ", [" && "]),
    (r" \+ ", [" - "]), (r" - ", [" + "]), (r" \* ", [" / "]), (r" / ", [" * "]), (r" \+= ", [" -= "]),
    (r" -= ", [" += "]), (r"\+\+(?=\w)", ["--"]), (r"--(?=\w)", ["++"]), (r"\btrue\b", ["false"]),
    (r"\bfalse\b", ["true"]), (r"\b[0-9]+\b(?!\.|')", ["{+1}"]), (r"(?<=[ (])!(?=[\w(])", [""]),
    (r"\bstd::min\b", ["std::max"]), (r"\bstd::max\b", ["std::min"]),
    (r"\breturn (?!(?:true|false|0|\*this|nullptr|std::nullopt|\{\})\b)[^;{}]+;", ["return {};"]),
]
LEFT_ALONE = re.compile(r"^\s*(#|//|static_assert|template|using |friend |///|\"|namespace|class |struct |enum |\* )|"
                        r"static constexpr int \w+ = |requires|\bconcept\b|operator=")


def mutants(path):
    """Triples (line number, what changes, new text)."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines):
        code = line.split("//")[0].rstrip("\n")
        if LEFT_ALONE.search(code):
            continue
        for pattern, replacements in RULES:
            for match in re.finditer(pattern, code):
                if code[:match.start()].count('"') % 2:
                    continue
                for new in replacements:
                    if new == "{+1}":
                        new = str(int(match[0]) + 1)
                    changed = code[:match.start()] + new + code[match.end():]
                    what = f"'{match[0].strip()}' -> '{new.strip()}'"
                    yield number + 1, what, "".join(lines[:number] + [changed + "\n"] + lines[number + 1:])


def passes(tree, test, options):
    """What the headers of `tree` are by one file of tests: 'killed', 'survived' or 'invalid'."""
    program = tree / "test"
    scratch = tree.parent
    compiled = subprocess.run(
        [*options.compiler.split(), *FLAGS, f"-I{tree / 'include'}", f"-I{ROOT / 'include'}", "-include",
         scratch / "common.hpp", ROOT / "test/policy" / (test + ".cpp"), scratch / "main.o", "-o", program,
         "-lboost_unit_test_framework"], capture_output=True, check=False)
    if compiled.returncode != 0:
        # a table checked by static_assert is as good a test as any other
        return "killed" if b"static assertion failed" in compiled.stderr else "invalid"
    # processor time, not the clock's: a busy machine kills no mutants. The first word of complaint is enough.
    with subprocess.Popen([program, "--log_level=error", "--report_level=no"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, preexec_fn=lambda: resource.setrlimit(
                              resource.RLIMIT_CPU, (options.timeout, options.timeout))) as ran:
        if any(not line.startswith(b"Running ") and line.strip() for line in ran.stdout):
            ran.kill()
            return "killed"
    return "survived" if ran.returncode == 0 else "killed"


def run(tree, header, text, options):
    """'killed', 'survived' or 'invalid'. `tree` has a copy of the policies, of which one is changed."""
    target = tree / "include" / header.relative_to(ROOT / "include")
    target.write_text(text, encoding="utf-8")
    try:
        for test in TESTS[header.stem]:
            verdict = passes(tree, test, options)
            if verdict != "survived":
                return verdict
        return "survived"
    finally:
        shutil.copyfile(header, target)


def precompile(scratch, options):
    """Compiles once what no mutation touches: Boost.Test, the standard headers, baton/core and main()."""
    included = set()
    for source in [*(ROOT / POLICY).rglob("*.?pp"), *(ROOT / "test/policy").glob("*.cpp")]:
        included |= set(re.findall(r"^#include <(?!baton/policy/)[^>]+>", source.read_text(encoding="utf-8"), re.M))
    common = scratch / "common.hpp"
    common.write_text("\n".join(["#include <boost/test/unit_test.hpp>", *sorted(included)]) + "\n", encoding="utf-8")
    compiler = [*options.compiler.split(), *FLAGS]
    subprocess.run([*compiler, "-c", ROOT / "test/main.cpp", "-o", scratch / "main.o"], check=True)
    suffix = ".pch" if "clang" in options.compiler else ".gch"
    subprocess.run([*compiler, f"-I{ROOT / 'include'}", "-x", "c++-header", common, "-o", f"{common}{suffix}"],
                   check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", nargs="*", default=sorted(TESTS), help="headers, without directory and suffix")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--max-per-file", type=int, default=0, help="a random sample; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--bar", type=float, default=90, help="percent that must be killed")
    parser.add_argument("--timeout", type=int, default=15,
                        help="seconds of processor time for one run; more counts as killed")
    parser.add_argument("--compiler", default="g++",
                        help="with its options; clang++ takes half the time of g++")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    options = parser.parse_args()

    work = []
    for name in options.files:
        if name not in TESTS:
            parser.error(f"no header of that name is known: {name}")
        for header in (ROOT / POLICY / (name + ".hpp"), ROOT / POLICY / "impl" / (name + ".ipp")):
            if not header.exists():
                continue
            found = list(mutants(header))
            if options.max_per_file and len(found) > options.max_per_file:
                found = sorted(random.Random(options.seed).sample(found, options.max_per_file))
            work += [(header, *mutant) for mutant in found]
    if options.list:
        for header, line, what, _ in work:
            print(f"{header.relative_to(ROOT)}:{line}: {what}")
        print(f"{len(work)} mutants")
        return 0

    killed = survived = 0
    with tempfile.TemporaryDirectory() as scratch:
        trees = []
        for job in range(options.jobs):
            trees.append(pathlib.Path(scratch) / str(job))
            shutil.copytree(ROOT / POLICY, trees[-1] / POLICY)
        precompile(pathlib.Path(scratch), options)

        def one(item):
            header, line, what, text = item
            tree = trees.pop()
            try:
                changed = text.splitlines()[line - 1].strip()
                return header, line, what, changed, run(tree, header, text, options)
            finally:
                trees.append(tree)

        # the unchanged headers must pass, or every mutant is killed by the same fault
        for test in sorted({test for header, *_ in work for test in TESTS[header.stem]}):
            verdict = passes(trees[0], test, options)
            if verdict != "survived":
                sys.exit(f"test/policy/{test}.cpp fails without a mutation ({verdict})")
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = pool.map(one, work)
            for header, of_header in itertools.groupby(results, key=lambda result: result[0]):
                name = str(header.relative_to(ROOT))
                count = {"killed": 0, "survived": 0, "invalid": 0}
                for _, line, what, changed, verdict in of_header:
                    count[verdict] += 1
                    if verdict == "survived":
                        print(f"{name}:{line}: survived: {what}: {changed}", flush=True)
                print(f"{name}: {count['killed']} killed, {count['survived']} survived, "
                      f"{count['invalid']} did not compile", flush=True)
                killed += count["killed"]
                survived += count["survived"]

    share = 100 * killed / max(killed + survived, 1)
    print(f"{killed} of {killed + survived} mutants killed ({share:.1f} %)")
    return 0 if share >= options.bar else 1


if __name__ == "__main__":
    sys.exit(main())
