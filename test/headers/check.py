"""Compiles every public header alone, twice in a row, with this build's compiler and warnings as errors.

usage: check.py BUILD_DIR INCLUDE_DIR"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tools"))
import compiler


def main(build_dir, include_dir):
    command, directory = compiler.syntax_only(build_dir)
    root = pathlib.Path(include_dir)
    headers = sorted(str(path.relative_to(root)) for path in root.rglob("*.hpp"))

    def check(header):
        # The src.hpp files are for the one file of a program that compiles the library separately.
        separate = ["-DBATON_SEPARATE_COMPILATION", "-DBOOST_ASIO_SEPARATE_COMPILATION",
                    "-DBOOST_BEAST_SEPARATE_COMPILATION"] if header.endswith("/src.hpp") else []
        return subprocess.run(command + separate + ["-x", "c++", "-"], input=f"#include <{header}>\n" * 2,
                              cwd=directory, capture_output=True, text=True)

    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        results = list(zip(headers, pool.map(check, headers)))
    failed = [(header, run.stderr) for header, run in results if run.returncode != 0]
    for header, text in failed:
        print(f"FAILED {header}\n{text}")
    print(f"headers: {len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
