"""The compile command of this build directory, for tests that run the compiler themselves."""
import json
import os
import shlex
import subprocess

WITH_VALUE = {"-o", "-MF", "-MQ", "-MT"}
ALONE = {"-c", "-MD", "-MMD", "-MP"}


def syntax_only(build_dir):
    """Flags of test/headers/one.cpp (those of any user of baton_dep, warnings as errors), without a source,
    outputs, sanitizers or ccache. Returns (command, directory to run it in)."""
    with open(os.path.join(build_dir, "compile_commands.json"), encoding="utf-8") as file:
        entry = next(e for e in json.load(file) if "two_files.p" in e["output"] and e["file"].endswith("one.cpp"))
    words = iter(shlex.split(entry["command"]))
    command = []
    for word in words:
        if word in WITH_VALUE:
            next(words)
        elif word in ALONE or word.startswith("-fsanitize") or word == entry["file"]:
            continue
        elif not command and os.path.basename(word) == "ccache":
            continue
        else:
            command.append(word)
    plain = ["-fsyntax-only", "-fdiagnostics-color=never"]
    return command + plain, entry["directory"]


def precompiled(command, directory, header, scratch):
    """Compiles #include <HEADER> once, into the directory SCRATCH. Returns the flags that make the command of
    syntax_only() start with it."""
    name = os.path.join(scratch, header.replace("/", "_"))
    with open(name, "w", encoding="utf-8") as file:
        file.write(f"#include <{header}>\n")
    flags = [word for word in command if word != "-fsyntax-only"]
    # Where GCC looks for it and Clang, too.
    subprocess.run([*flags, "-x", "c++-header", name, "-o", name + ".gch"], cwd=directory, check=True)
    return ["-include", name]
