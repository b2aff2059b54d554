"""Installs baton into a temporary directory, then builds and runs a small outside project against it.

usage: run.py {meson|cmake|pkgconfig} SOURCE_DIR MESON CXX..."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77


def main(kind, source, meson, *cxx):
    tool = {"meson": "pkg-config", "cmake": "cmake", "pkgconfig": "pkg-config"}[kind]
    if shutil.which(tool) is None:
        print(f"skipped: {tool} is not installed")
        return SKIPPED
    source = pathlib.Path(source).resolve()
    with tempfile.TemporaryDirectory(prefix="baton-install-") as temporary:
        top = pathlib.Path(temporary)
        prefix, project, build = top / "prefix", top / "outside", top / "build"
        env = dict(os.environ, CXX=" ".join(cxx), CMAKE_GENERATOR="Ninja")
        for name in ("DESTDIR", "CXXFLAGS", "LDFLAGS"):
            env.pop(name, None)

        def run(*command, cwd=top):
            print("+", *command, flush=True)
            subprocess.run([str(word) for word in command], cwd=cwd, env=env, check=True)

        run(meson, "setup", "--prefix", prefix, "-Dtests=false", "-Dexamples=false", source, top / "baton")
        run(meson, "install", "--quiet", "-C", top / "baton")
        env["PKG_CONFIG_PATH"] = str(prefix / "share" / "pkgconfig")
        shutil.copytree(source / "test" / "install" / kind, project)
        shutil.copy(source / "test" / "install" / "app.cpp", project)
        if kind == "meson":
            run(meson, "setup", project, build)
            run(meson, "compile", "-C", build)
        elif kind == "cmake":
            launcher = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={cxx[0]}"] if len(cxx) > 1 else []
            run("cmake", "-S", project, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
                f"-DCMAKE_CXX_COMPILER={shutil.which(cxx[-1])}", *launcher)
            run("cmake", "--build", build)
        else:
            run("sh", "build.sh", *cxx, cwd=project)
            build = project
        run(build / "app")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
