"""Compiles every public header without anything before it but headers that it includes anyway, twice in a row, with
this build's compiler and warnings as errors.

Reading the standard library and Boost again and again is what takes the time. So a header, one of those that it includes
(itself or through others), one of those that this one includes, and so on, are compiled as one file, the innermost
first: each still sees no more than what it includes.

usage: check.py BUILD_DIR INCLUDE_DIR"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tools"))
import compiler


def included_by(root, headers):
    """Header -> the headers of ours that it includes, itself or through others, without those that include it in
    turn (which would find it included already)."""
    direct = {header: [name for name in re.findall(r"^#include <([^>]+)>", (root / header).read_text("utf-8"), re.M)
                       if name in headers] for header in headers}
    closed = {}
    for header in headers:
        seen, left = set(), list(direct[header])
        while left:
            name = left.pop()
            if name not in seen:
                seen.add(name)
                left += direct[name]
        closed[header] = seen
    return {header: {name for name in seen if header not in closed[name]} for header, seen in closed.items()}


def chains(root, headers):
    """All headers, in lists of which each header includes those before it."""
    included = included_by(root, headers)
    left = sorted(headers, key=lambda header: (-len(included[header]), header))
    found = []
    while left:
        chain = [left.pop(0)]
        # The src.hpp files are for the one file of a program that compiles the library separately.
        while not chain[0].endswith("/src.hpp"):
            inner = next((header for header in left if header in included[chain[0]]), None)
            if inner is None:
                break
            left.remove(inner)
            chain.insert(0, inner)
        found.append(chain)
    return found


def main(build_dir, include_dir):
    command, directory = compiler.syntax_only(build_dir)
    root = pathlib.Path(include_dir)
    headers = sorted(str(path.relative_to(root)) for path in root.rglob("*.hpp"))

    def errors(chain):
        separate = ["-DBATON_SEPARATE_COMPILATION", "-DBOOST_ASIO_SEPARATE_COMPILATION",
                    "-DBOOST_BEAST_SEPARATE_COMPILATION"] if chain[0].endswith("/src.hpp") else []
        source = "".join(f"#include <{header}>\n" * 2 for header in chain)
        run = subprocess.run(command + separate + ["-x", "c++", "-"], input=source, cwd=directory,
                             capture_output=True, text=True)
        return run.stderr if run.returncode != 0 else None

    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        together = chains(root, headers)
        bad = [(chain, text) for chain, text in zip(together, pool.map(errors, together)) if text is not None]
    for chain, text in bad:
        print(f"FAILED {', '.join(chain)}\n{text}")
    failed = sum(len(chain) for chain, _ in bad)
    print(f"headers: {len(headers) - failed} passed, {failed} failed")
    return 1 if failed or not headers else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
