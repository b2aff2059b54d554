#!/usr/bin/env python3
# Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
"""Writes seed corpora for the fuzz targets out of recorded vendor traffic.

    seed.py RECORDINGS_DIR OUT_DIR

RECORDINGS_DIR holds index.jsonl and cases/<provider>/<id>.json, as the tests of recorded traffic read them. Bodies
go to OUT_DIR/<target>/: streamed ones, plain ones and errors, at most 300 files of at most 16 KiB each (sse: 2), the same
files for the same recordings. Recordings are no part of this project: never copy a corpus into it. .ci/run calls
this with the recordings' default place and hands OUT_DIR/<target> to each target.
"""

import base64
import hashlib
import json
import os
import sys

MOST_FILES = 300
MOST_BYTES = 16 * 1024
SHORT = {"sse": 2 * 1024}  # of a format that says all it can in a few lines

# Requests of which the target `serve_request` gets those that a server reads.
SERVED = ("chat", "responses", "anthropic", "gemini")

# An api_detail of the index -> target.
TARGETS = {
    "chat.completions": "chat",
    "messages": "anthropic",
    "rawPredict": "anthropic",
    "streamRawPredict": "anthropic",
    "responses": "responses",
    "responses.get": "responses",
    "generateContent": "gemini",
    "streamGenerateContent": "gemini",
    "bedrock.converse": "bedrock",
    "bedrock.converse-stream": "bedrock",
    "cohere.v2.chat": "cohere",
    "ollama.chat": "ollama",
}


def body_of(case):
    response = case["response"]
    if response.get("body_b64") is not None:
        return base64.b64decode(response["body_b64"])
    body = response.get("body")
    return b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()


def lines_of(stream):
    """An AWS event stream as the target `bedrock` frames it: TYPE TAB PAYLOAD, a line per message."""
    out = []
    while len(stream) >= 16:
        total, headers = int.from_bytes(stream[:4], "big"), int.from_bytes(stream[4:8], "big")
        if total < 16 + headers or total > len(stream):
            break
        names, kind = stream[12:12 + headers], b"message"
        while names:
            size = names[0]
            name, value_type = names[1:1 + size], names[1 + size]
            if value_type != 7:  # a string; Bedrock sends no others
                break
            length = int.from_bytes(names[2 + size:4 + size], "big")
            value, names = names[4 + size:4 + size + length], names[4 + size + length:]
            if name == b":event-type":
                kind = value
            elif name == b":exception-type":
                kind = b"exception:" + value
        out.append(kind + b"\t" + stream[12 + headers:total - 4] + b"\n")
        stream = stream[total:]
    return b"".join(out)


def seeds(directory):
    """Yields (target, streamed, bytes)."""
    with open(os.path.join(directory, "index.jsonl"), encoding="utf-8") as index:
        entries = [json.loads(line) for line in index if line.strip()]
    for entry in entries:
        path = os.path.join(directory, "cases", entry["provider"], entry["id"] + ".json")
        with open(path, encoding="utf-8") as file:
            case = json.load(file)
        body = body_of(case)
        target = TARGETS.get(entry["api_detail"])
        if entry["framing"] == "aws_eventstream":
            yield "event_stream", True, bytes(4) + body  # its first four bytes say how to cut
            if target:
                yield target, True, lines_of(body)
        elif entry["framing"] == "sse":
            yield "sse", True, bytes(4) + body
        elif entry["framing"] == "none":
            yield "json_reader", False, body
        if target in SERVED and isinstance(case["request"].get("body"), dict):
            yield "serve_request", False, json.dumps(case["request"]["body"], ensure_ascii=False).encode()
        if target == "chat" and entry["framing"] == "sse":
            yield "serve_answer", True, body
        if target:
            yield target, entry["framing"] not in ("none", "json_array"), body


def spread(bodies, count):
    """`count` of them, evenly over their sizes."""
    bodies = sorted(bodies, key=lambda body: (len(body), body))
    if len(bodies) <= count:
        return bodies
    return [bodies[i * len(bodies) // count] for i in range(count)]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    directory, out = sys.argv[1:]
    corpora = {}
    for target, streamed, body in seeds(directory):
        if 0 < len(body) <= SHORT.get(target, MOST_BYTES):
            corpora.setdefault(target, (set(), set()))[streamed].add(body)
    for target, (plain, streams) in sorted(corpora.items()):
        chosen = spread(streams, max(MOST_FILES * 2 // 3, MOST_FILES - len(plain)))
        chosen += spread(plain, MOST_FILES - len(chosen))
        folder = os.path.join(out, target)
        os.makedirs(folder, exist_ok=True)
        for body in chosen:
            with open(os.path.join(folder, hashlib.sha256(body).hexdigest()[:20]), "wb") as file:
                file.write(body)
        print(f"{target}: {len(chosen)} seeds, {len(set(chosen) & streams)} streamed")


if __name__ == "__main__":
    main()
