"""Checks that every source file is as clang-format leaves it. usage: format.py SOURCE_DIR CLANG_FORMAT"""
import pathlib
import subprocess
import sys


def main(source_dir, clang_format):
    root = pathlib.Path(source_dir)
    files = sorted(path for top in ("include", "test", "example", "benchmark")
                   for path in (root / top).rglob("*") if path.suffix in (".hpp", ".ipp", ".cpp"))
    run = subprocess.run([clang_format, "--dry-run", "-Werror", "--ferror-limit=1", *map(str, files)],
                         cwd=root, capture_output=True, text=True)
    bad = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "[-Wclang-format-violations]" in line})
    for name in bad:
        print(f"not formatted: {pathlib.Path(name).resolve().relative_to(root.resolve())}")
    if run.returncode != 0 and not bad:
        print(run.stderr)
    print(f"{len(files)} files, {len(bad)} of them not formatted")
    return 1 if run.returncode != 0 or not files else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
