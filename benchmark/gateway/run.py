#!/usr/bin/env python3
# Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
"""The gateway beside nginx as a bare proxy, and Portkey's gateway: builds and runs everything, prints a Markdown table.

    benchmark/gateway/run.py [--rounds 5] [--gateway PATH] [--no-portkey] [--quick]

Needs nginx and wrk; Portkey comes from the npm registry and is left out where that does not answer. All on loopback:
what is measured runs on core 0 alone (one worker, one thread), vendor and clients on core 1. In each round all are
measured one after the other; the figures are medians of the rounds. "Added" is the difference to the same request made
to the vendor directly. Not part of CI."""

import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
MEASURED, OTHERS = "0", "1"  # cores
POST_SCRIPT = """wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
%s
wrk.body = '{"model":"mock-gpt","messages":[{"role":"user","content":"' .. string.rep("a", 200) .. '"}]}'
"""
NGINX = """daemon off; worker_processes 1; error_log stderr crit; pid %(dir)s/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 100000000; client_max_body_size 64m; client_body_buffer_size 1m;
  client_body_temp_path %(dir)s/a; proxy_temp_path %(dir)s/b; fastcgi_temp_path %(dir)s/c; uwsgi_temp_path %(dir)s/d;
  scgi_temp_path %(dir)s/e;
  upstream vendor { server 127.0.0.1:%(vendor)d; keepalive 2000; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:%(port)d backlog=4096;
    location / { proxy_pass http://vendor; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}
"""
GATEWAY = """[server]
listen = "127.0.0.1:%(port)d"
threads = 1
max_concurrent = 100000
max_upstream_connections = 100000
[providers.openai]
key = "x"
base_url = "http://127.0.0.1:%(vendor)d/v1"
model = "mock-gpt"
"""
# It asks for any @hono/node-server from 1.3.3 on. Those of late (1.17 to 1.19.19 tried) let it down: their Response hands
# out the immutable headers of what was fetched, Portkey appends its own to them ("TypeError: immutable"), and every
# stream is answered by a 500. With the version it names streams work.
PORTKEY = {"dependencies": {"@portkey-ai/gateway": "1.15.2"}, "overrides": {"@hono/node-server": "1.3.3"}}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port, limit=20):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.005)
    sys.exit(f"nothing listens on {port}")


class Server:
    def __init__(self, name, port, command, headers=(), core=MEASURED, **options):
        self.name, self.port, self.headers, self.command, self.core, self.options = name, port, list(headers), command, core, options
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["taskset", "-c", self.core, *map(str, self.command)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, **self.options)
        wait_for(self.port)

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
            self.process = None

    def pids(self):
        """It and its children (nginx's worker)."""
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True).stdout
        return [self.process.pid, *map(int, children.split())]

    def rss_kib(self):
        total = 0
        for pid in self.pids():
            found = re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
            total += int(found[1]) if found else 0
        return total

    def cpu_seconds(self):
        total = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")


def run(command, **options):
    done = subprocess.run(["taskset", "-c", OTHERS, *map(str, command)], capture_output=True, text=True, **options)
    if done.returncode != 0:
        print(f"note: {' '.join(map(str, command))[:200]} failed: {(done.stdout + done.stderr).strip()[:300]}", file=sys.stderr)
        return None
    return done.stdout


def figures(text):
    return {line.split()[0]: float(line.split()[1]) for line in (text or "").splitlines() if len(line.split()) == 2}


def children_seconds():
    """The processor time of all children that have ended: what a load generator took is its rise."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(server, vendor, peer, script, quick):
    port, headers, got = server.port, server.headers, {}
    divide = 5 if quick else 1
    for name, size, count in (("latency 200 B", 200, 5000), ("latency 32 KiB", 32768, 2000)):
        got[name] = figures(run([peer, "latency", port, size, count // divide, *headers])).get("p50_us")
    idle = server.rss_kib()
    before, vendors, clients, began = server.cpu_seconds(), vendor.cpu_seconds(), children_seconds(), time.monotonic()
    text = run(["wrk", "-t1", "-c64", f"-d{4 if not quick else 1}s", "-s", script, f"http://127.0.0.1:{port}/v1/chat/completions"]) or ""
    seconds, cpu = time.monotonic() - began, server.cpu_seconds() - before
    clients = children_seconds() - clients
    vendors = vendor.cpu_seconds() - vendors
    requests = re.search(r"(\d+) requests in", text)
    if requests and not re.search(r"Non-2xx|Socket errors", text):
        got["requests/s"] = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
        got["cpu s / 10k requests"] = cpu / int(requests[1]) * 10_000
        got["core busy"] = cpu / seconds
        got["generator busy"] = clients / seconds
        got["other core busy"] = (clients + vendors) / seconds
    elif requests:
        print(f"note: {server.name}: {text.strip().splitlines()[-3:]}", file=sys.stderr)
    got["rss KiB at 64 connections"] = server.rss_kib()
    got["stream p99"] = figures(run([peer, "stream", port, 1, 200, 1000, *headers])).get("p99_us")
    before = server.rss_kib()
    clients = subprocess.Popen(["taskset", "-c", OTHERS, str(peer), "stream", str(port), "1000", str(60 // divide), "100000", *headers],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(3 / divide)
    during = server.rss_kib()
    text, errors = clients.communicate()
    if clients.returncode == 0:
        got["1000 streams p99"] = figures(text).get("p99_us")
        got["KiB per stream"] = (during - max(before, idle)) / 1000
    else:
        print(f"note: {server.name}: 1000 streams: {errors.strip()[:200]}", file=sys.stderr)
    return {name: value for name, value in got.items() if value is not None}


def start_time(server):
    """Milliseconds from the start of the process to the first answer."""
    times = []
    for _ in range(5):
        began = time.monotonic()
        server.process = subprocess.Popen(["taskset", "-c", MEASURED, *map(str, server.command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                with socket.create_connection(("127.0.0.1", server.port), 1) as one:
                    one.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
                    if one.recv(100).startswith(b"HTTP/1.1 "):
                        break
            except OSError:
                time.sleep(0.0005)
        times.append((time.monotonic() - began) * 1000)
        server.stop()
    return statistics.median(times)


def build_gateway(folder):
    build = folder / "build"
    print("building the gateway (release)", file=sys.stderr)
    subprocess.run(["meson", "setup", str(build), str(root), "--buildtype=release", "-Dtests=false", "-Dexamples=true", "-Dgateway=enabled"],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(build), "example/gateway/gateway"], check=True, stdout=subprocess.DEVNULL)
    return build / "example" / "gateway" / "gateway"


def install_portkey(folder):
    if not shutil.which("npm"):
        return None
    (folder / "package.json").write_text(json.dumps({"private": True, **PORTKEY}))
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-timeout=30000"],
                          cwd=folder, capture_output=True, text=True)
    start = folder / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    if done.returncode != 0 or not start.exists():
        print(f"note: Portkey is left out: {(done.stderr.strip() or 'no start-server.js')[:200]}", file=sys.stderr)
        return None
    return start


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--gateway", type=pathlib.Path, help="instead of building one")
    options.add_argument("--no-portkey", action="store_true")
    options.add_argument("--quick", action="store_true", help="a fifth of everything, to see that it runs")
    chosen = options.parse_args()
    for tool in ("nginx", "wrk", "taskset"):
        if not shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin"):
            sys.exit(f"there is no {tool}")
    os.environ["PATH"] += ":/usr/sbin"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        peer = folder / "peer"
        subprocess.run([os.environ.get("CXX", "g++").split()[-1], "-std=c++20", "-O2", "-o", str(peer), str(here / "peer.cpp")], check=True)
        gateway = chosen.gateway or build_gateway(folder)
        portkey = None if chosen.no_portkey else install_portkey(folder)
        vendor = Server("vendor, directly", free_port(), [], core=OTHERS)
        vendor.command = [peer, "serve", vendor.port]
        servers = [vendor]
        for title, text, command in (("nginx", NGINX, ["nginx", "-c"]), ("baton gateway", GATEWAY, [gateway, "--config"])):
            port = free_port()
            file = folder / (title.split()[0] + ".conf")
            file.write_text(text % {"dir": folder, "port": port, "vendor": vendor.port})
            servers.append(Server(title, port, [*command, file]))
        if portkey:
            port = free_port()
            headers = ["x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{vendor.port}/v1", "authorization: Bearer x"]
            servers.append(Server("Portkey", port, ["node", portkey, f"--port={port}", "--headless"], headers))
        results = {server.name: [] for server in servers}
        try:
            started = start_time(servers[2])
            vendor.start()
            for number in range(chosen.rounds):
                for server in servers:
                    if server is not vendor:
                        server.start()  # anew, or its memory would be that of the busiest moment of earlier rounds
                    script = folder / "post.lua"
                    script.write_text(POST_SCRIPT % "\n".join('wrk.headers["%s"] = "%s"' % tuple(h.split(": ", 1)) for h in server.headers))
                    results[server.name].append(measure(server, vendor, peer, script, chosen.quick))
                    print(f"round {number + 1}: {server.name}: {results[server.name][-1]}", file=sys.stderr)
                    if server is not vendor:
                        server.stop()
        finally:
            for server in reversed(servers):
                server.stop()

    def median(server, measured):
        values = [one[measured] for one in results[server] if measured in one]
        return statistics.median(values) if values else None

    def added(server, measured):
        mine, direct = median(server, measured), median("vendor, directly", measured)
        return None if mine is None or direct is None else mine - direct

    def show(value, digits=1):
        return "-" if value is None else f"{value:,.{digits}f}"

    names = [server.name for server in servers[1:]]
    print(f"Medians of {chosen.rounds} interleaved rounds; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end.\n")
    print("| | " + " | ".join(names) + " | baton / nginx |\n|---|" + "---:|" * (len(names) + 1))
    rows = [("added latency, 200-byte prompt, median, µs", "latency 200 B", added, 1), ("added latency, 32 KiB prompt, median, µs", "latency 32 KiB", added, 1),
            ("requests per second, 64 connections", "requests/s", median, 0), ("share of its core that was busy", "core busy", median, 2),
            ("share of a core that the load generator took", "generator busy", median, 2),
            ("busy share of the core that vendor and load generator are on", "other core busy", median, 2),
            ("CPU seconds per 10,000 requests", "cpu s / 10k requests", median, 3), ("RSS at 64 connections, KiB", "rss KiB at 64 connections", median, 0),
            ("added event delay, 1 stream, 1 ms apart, p99, µs", "stream p99", added, 1), ("added event delay, 1,000 streams, p99, µs", "1000 streams p99", added, 0),
            ("memory per stream, KiB", "KiB per stream", median, 1)]
    for title, measured, how, digits in rows:
        values = [how(name, measured) for name in names]
        ratio = values[1] / values[0] if values[0] and values[1] is not None else None
        print(f"| {title} | " + " | ".join(show(value, digits) for value in values) + f" | {show(ratio, 2)} |")
    print(f"| start to first served request, ms | - | {show(started)} |" + " - |" * (len(names) - 1))
    busy, generator = median("baton gateway", "core busy"), median("baton gateway", "generator busy")
    if busy is not None:
        holds = busy >= 0.95 and generator < 0.9
        print(f"\nThe gateway's throughput {'is its own' if holds else 'IS NOT ITS OWN'}: its core was {busy:.0%} busy (at least 95 % asked), "
              f"the load generator {generator:.0%} (less than 90 % asked).")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
