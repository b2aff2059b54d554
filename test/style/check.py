"""Rules of the source that no compiler checks. usage: check.py SOURCE_DIR"""
import pathlib
import re
import sys

NOTICE = "// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0."
UMBRELLAS = re.compile(r"#\s*include\s*<boost/(asio|asio/ssl|beast|beast/(core|http|ssl)|json|url|describe)\.hpp>")
INCLUDE = re.compile(r"#\s*include\s*<baton/([a-z_]+)/")
# A directory of include/baton may include itself and these; the files at the top may include anything.
BASE = {"core", "detail"}
MIDDLE = {"wire", "serve", "policy", "net", "store", "prompt"}
MAY_INCLUDE = {**{name: BASE for name in BASE | MIDDLE}, "orchestrator": BASE | MIDDLE,
               "testing": BASE | MIDDLE | {"orchestrator"}}

# GCC 12 miscompiles co_await in these places (double free, or an operand evaluated twice). A condition that
# declares a variable, `while (auto delta = co_await ...)`, is safe.
TRAPS = [
    (re.compile(r"\b(?:if|while|switch)\s*\((?!\s*[\w:<>,&*\s]+[\s&*]\w+\s*=\s*co_await\b)[^;{}]*?\bco_await\b"),
     "co_await in a condition"),
    (re.compile(r"\b(?:if|while|switch)\s*\([^{};]*;[^{};]*?\bco_await\b"), "co_await in a condition"),
    (re.compile(r"\?[^;{}]*\bco_await\b"), "co_await in a conditional expression"),
    (re.compile(r"\s(?:&&|\|\|)\s[^;{}]*\bco_await\b"), "co_await in a logical expression"),
    (re.compile(r"\bco_await\b[^;]*\{\s*\."), "aggregate temporary in a co_await expression"),
]
TRAPPED = ["if (co_await f()) {", "if (a && co_await f()) {", "while (!co_await f())", "if ((x = co_await f())) {",
           "if (int x = 1; co_await f(x)) {", "x = a ? co_await f() : b;", "x = a\n    ? b\n    : co_await f();",
           "ok = a && co_await f();", "ok = co_await f(b) || c;", "co_await f(Options{.a = 1});",
           "co_await f(\n    {.a = 1});", "co_return co_await f() ? 1 : 2;"]
SAFE = ["if (a) x = b; else co_await f();", "if (auto r = f(); r) { co_await g(r); }", "while (auto delta = co_await s.next()) {", "if (auto r = co_await f(); !r) {", "auto&& x = co_await f();",
        "if (const std::size_t n = co_await f(a); n > 0 && b) {", "// if (co_await f())", "auto x = co_await f(a && b);",
        "say(\"why?\", co_await f());", "if (a) { co_await f(); }", "if (a) co_return co_await f();"]


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def code_of(text):
    """The text with comments and literals blanked out, lines kept."""
    return re.sub(r"//[^\n]*|/\*.*?\*/|R\"(\w*)\(.*?\)\1\"|\"(?:\\.|[^\"\\\n])*\"|(?<!\w)'(?:\\.|[^'\\\n])+'", blank, text,
                  flags=re.DOTALL)


def coroutine_traps(code):
    """Pairs (position, what)."""
    for pattern, what in TRAPS:
        for match in pattern.finditer(code):
            if what != "co_await in a condition" or inside_condition(code, match):
                yield match.end(), what
    for match in re.finditer(r"\bco_await\b", code):
        depth = 0
        for position in range(match.end(), len(code)):
            here = code[position]
            depth += (here in "([{") - (here in ")]}")
            if depth < 0 or here == ";" or (depth == 0 and here == ","):
                break
            if depth == 0 and (here == "?" or re.match(r"\s(&&|\|\|)\s", code[position:position + 4])):
                yield position, "co_await is an operand of ?:, && or ||"
                break


def inside_condition(code, match):
    """Whether the match ends before the parenthesis of its if, while or switch closes."""
    inside = match[0][match[0].index("("):]
    depth = 0
    for here in inside:
        depth += (here == "(") - (here == ")")
        if depth == 0:
            return False
    return True


def problems(path, relative):
    text = path.read_text(encoding="utf-8")
    lines, code = text.splitlines(), code_of(text)
    public = relative.parts[:2] == ("include", "baton")
    if public and lines[:1] != [NOTICE]:
        yield 1, "the first line is not the copyright notice"
    if public and path.suffix == ".hpp" and "#pragma once" not in lines:
        yield 1, "no #pragma once"
    for position, what in coroutine_traps(code):
        yield code.count("\n", 0, position) + 1, f"{what}: GCC 12 miscompiles it"
    if not public:
        return
    layer = relative.parts[2] if len(relative.parts) > 3 else None
    for number, line in enumerate(lines, 1):
        if UMBRELLAS.search(line):
            yield number, "umbrella include"
        included = INCLUDE.search(line)
        if layer in MAY_INCLUDE and included and included[1] not in {layer} | MAY_INCLUDE[layer]:
            yield number, f"{layer}/ includes {included[1]}/"
    for match in re.finditer(r"std::initializer_list", code):
        yield code.count("\n", 0, match.start()) + 1, "initializer_list: GCC 12 miscompiles it in a co_await expression"


def not_compiled(include):
    """The .ipp files that the separately compiled part leaves out."""
    sources = "".join((include / "baton" / name).read_text(encoding="utf-8") for name in ("src.hpp", "testing/src.hpp"))
    return [path for path in sorted(str(path.relative_to(include)) for path in include.rglob("*.ipp"))
            if f"#include <{path}>" not in sources]


def main(source_dir):
    for sample in TRAPPED:
        assert list(coroutine_traps(code_of(sample))), f"not seen: {sample}"
    for sample in SAFE:
        assert not list(coroutine_traps(code_of(sample))), f"wrongly seen: {sample}"
    root = pathlib.Path(source_dir)
    files = sorted(path for top in ("include", "test", "example", "benchmark")
                   for path in (root / top).rglob("*") if path.suffix in (".hpp", ".ipp", ".cpp"))
    failed = 0
    for path in files:
        found = sorted(set(problems(path, path.relative_to(root))))
        failed += bool(found)
        for number, what in found:
            print(f"{path.relative_to(root)}:{number}: {what}")
    for name in not_compiled(root / "include"):
        failed += 1
        print(f"include/{name}: neither baton/src.hpp nor baton/testing/src.hpp includes it")
    print(f"{len(files)} files, {failed} of them break a rule")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
