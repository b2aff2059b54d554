"""Runs the must-not-compile tests: every FILE.cpp of this directory.

The first line of a file says what is to happen:
    // expect: SENTENCE     it must not compile, and the FIRST error must contain SENTENCE
    // expect: compiles     it must compile (a base line: the failing files differ from it in one thing)

usage: run.py BUILD_DIR DIRECTORY"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tools"))
import compiler

WHOLE = "baton/baton.hpp"


def verdict(path, command, directory, start):
    """None if the file behaves as its first line says, else what was wrong. START: flags for those of baton.hpp."""
    text = path.read_text(encoding="utf-8")
    first = text.splitlines()[:1]
    if not first or not first[0].startswith("// expect: "):
        return "its first line is not '// expect: ...'"
    expected = first[0].removeprefix("// expect: ").strip()
    if f"#include <{WHOLE}>" in text:
        command = command + start
    run = subprocess.run(command + [str(path)], cwd=directory, capture_output=True, text=True)
    if expected == "compiles":
        return f"does not compile:\n{run.stderr}" if run.returncode != 0 else None
    if run.returncode == 0:
        return "compiles"
    errors = [line for line in run.stderr.splitlines() if "error: " in line]
    if not errors or expected not in errors[0]:
        return f"first error does not say '{expected}':\n{run.stderr}"
    return None


def main(build_dir, source_dir):
    command, directory = compiler.syntax_only(build_dir)
    files = sorted(pathlib.Path(source_dir).resolve().glob("*.cpp"))
    with tempfile.TemporaryDirectory() as scratch, \
            concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        # Nearly all include it, so it is read once.
        start = compiler.precompiled(command, directory, WHOLE, scratch)
        results = list(zip(files, pool.map(lambda path: verdict(path, command, directory, start), files)))
    failed = [(path.name, what) for path, what in results if what]
    for name, what in failed:
        print(f"FAILED {name}: {what}")
    print(f"compile_fail: {len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
