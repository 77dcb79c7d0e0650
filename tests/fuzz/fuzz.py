#!/usr/bin/env python3
"""Builds a fuzz target, seeds its corpus and runs it: fuzz.py TARGET [SECONDS]. Needs cargo and a C++ compiler.

The corpus and what is found lie in ~/.cache/deskhand/fuzz; nothing is written into the repository.
"""

import html
import json
import pathlib
import plistlib
import re
import subprocess
import sys
import zipfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent.parent / "file-tools" / "fixtures"
CACHE = pathlib.Path.home() / ".cache" / "deskhand" / "fuzz"
MARK = b"\x1e"
# Parts above this many bytes make inputs slow and teach nothing.
LARGEST_PART = 12_000
LARGEST_INPUT = 60_000


def main():
    target, seconds = sys.argv[1], int((sys.argv[2:] or ["90"])[0])
    corpus, found = CACHE / "corpus" / target, CACHE / "found" / target
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (corpus / f"seed-{number}").write_bytes(seed)
    feature = {"anchors": "anchors", "credentials": "inference", "inference": "inference", "vm_files": "vm-files", "vm_image": "vm-host", "vm_line": "vm-line"}.get(target)
    feature = "proxy" if target.startswith("proxy") else feature
    features = ["--features", feature] if feature else []
    command = ["cargo", "run", "--quiet", "--bin", target, *features, "--", str(corpus)]
    command += [f"-max_total_time={seconds}", f"-artifact_prefix={found}/", "-rss_limit_mb=1024", "-timeout=10"]
    command += [f"-max_len={1 << 16}", "-report_slow_units=2", "-print_final_stats=1", "-use_value_profile=0"]
    command += [f"-dict={HERE / 'dictionaries' / name}" for name in dictionary(target)]
    sys.exit(subprocess.run(command, cwd=HERE).returncode)


def dictionary(target):
    if target in ("deck", "docx", "opc_xml", "opc_patch", "opc_zip", "sheet_stream", "workbook"):
        return ["ooxml.dict"]
    if target == "opc_splice":
        return []
    if target in ("csv", "legacy", "pdf", "plain", "proxy_hello", "vm_files", "vm_line"):
        return []
    if target.startswith("proxy"):
        return ["http.dict"]
    if target == "policy_formats":
        return ["json.dict", "settings.dict"]
    return ["formula.dict"] if target == "formula" else ["json.dict"]


def seeds(target):
    kinds = {"workbook": ["workbooks"], "sheet_stream": ["workbooks"], "deck": ["decks"], "docx": ["documents"], "opc_patch": ["workbooks", "decks"]}
    packages = [file for kind in ("workbooks", "decks", "documents") for file in sorted((FIXTURES / kind).glob("*.*"))]
    packages = [file for file in packages if zipfile.is_zipfile(file)]
    if target in kinds:
        chosen = [file for file in packages if file.parent.name in kinds[target]]
        for file in chosen:
            yield from parts_inputs(file, target)
    elif target == "opc_zip":
        yield from (file.read_bytes() for file in packages if file.stat().st_size < LARGEST_INPUT)
    elif target == "opc_splice":
        yield from streams(packages)
    elif target == "opc_xml":
        for file in packages:
            with zipfile.ZipFile(file) as package:
                names = [entry.filename for entry in package.infolist() if is_xml(entry.filename)]
                yield from (content for name in names if len(content := package.read(name)) < 4_000)
    elif target in ("legacy", "pdf"):
        folder = FIXTURES / {"legacy": "legacy", "pdf": "pdfs"}[target]
        yield from (file.read_bytes() for file in sorted(folder.glob("*__*")) if file.stat().st_size < LARGEST_INPUT)
    elif target == "policy_formats":
        folder = HERE.parent.parent / "policy" / "generated" / "profiles"
        yield from (file.read_bytes() for file in sorted(folder.glob("*")))
        yield from (plistlib.dumps(plistlib.loads(file.read_bytes()), fmt=plistlib.FMT_BINARY)
                    for file in sorted(folder.glob("*.mobileconfig")))
    elif target == "formula":
        for file in packages:
            with zipfile.ZipFile(file) as package:
                for name in package.namelist():
                    if "worksheets/sheet" in name:
                        found = re.findall(rb"<f[^>]*>([^<]{1,200})</f>", package.read(name))
                        yield from sorted(set(found))[:60]
    own = HERE / "seeds" / f"{target}.txt"
    if own.exists() and target not in kinds:
        escaped = target.startswith(("inference", "proxy", "vm_files", "vm_line"))
        yield from (line.encode().decode("unicode_escape").encode("latin-1") if escaped else line.encode()
                    for line in own.read_text().splitlines() if line)


def streams(packages):
    contents = [b"", bytes(300), bytes(range(256)) * 200]
    for file in packages[:6]:
        with zipfile.ZipFile(file) as package:
            contents += [package.read(name)[:60_000] for name in package.namelist() if is_xml(name)][:6]
    strategies = [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED]
    flushes = [zlib.Z_NO_FLUSH, zlib.Z_PARTIAL_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_BLOCK]
    for number, content in enumerate(contents):
        for level in (0, 1, 6, 9):
            strategy, flush = strategies[(number + level) % 5], flushes[(number * 3 + level) % 5]
            deflate = zlib.compressobj(level, zlib.DEFLATED, -15, 1 + (number + level) % 9, strategy)
            half = len(content) // 2
            packed = deflate.compress(content[:half]) + deflate.flush(flush) + deflate.compress(content[half:])
            yield bytes([number * 9 % 256, level, 7, 65, 200, 3, number % 256, 66]) + packed + deflate.flush()


def is_xml(name):
    return name.endswith((".xml", ".rels"))


def parts_inputs(file, target):
    """The parts of a file, once with each change."""
    with zipfile.ZipFile(file) as package:
        names = package.namelist()
        parts = {name: package.read(name) for name in names if is_xml(name)}
    seed, left = b"", LARGEST_INPUT
    if target == "deck":  # the target puts a workbook into the empty ones
        seed = b"".join(MARK + name.encode() + b"\n" for name in names if name.endswith(".xlsx"))
    # What the reading begins with comes first; then the small before the large, as many as fit.
    weight = lambda name: (not re.search(r"Content_Types|_rels/\.rels|/(workbook|presentation|document)\.xml", name), len(parts[name]))
    for name in sorted(parts, key=weight):
        if len(parts[name]) <= min(LARGEST_PART, left):
            seed += MARK + name.encode() + b"\n" + parts[name]
            left -= len(parts[name])
    yield from (seed + MARK + change for change in changes(target, parts))


def changes(target, parts):
    if target == "opc_patch":
        patch = {"change": "added", "part": "xl/new.xml", "content": "PGEvPg=="}
        yield b"patches\n" + json.dumps({"patches": [patch]}).encode()
    elif target == "sheet_stream":
        yield b""  # it only reads
    elif target == "deck":
        yield b""  # slides are taken over
        for line in (HERE / "seeds" / "deck.txt").read_text().splitlines():
            yield b"operation\n" + line.encode()
    elif target == "docx":
        operation = {"op": "document.insert", "blocks": [{"kind": "paragraph", "text": "New"}]}
        yield b"operation\n" + json.dumps(operation).encode()
    else:
        found = re.search(rb'<(?:\w+:)?sheet [^>]*?name="([^"]*)"', parts.get("xl/workbook.xml", b""))
        sheet = html.unescape(found[1].decode()) if found else "Sheet1"
        quoted = "'" + sheet.replace("'", "''") + "'"
        for line in (HERE / "seeds" / "workbook.txt").read_text().splitlines():
            named = line.replace("{sheet}", json.dumps(sheet)[1:-1]).replace("{q}", json.dumps(quoted)[1:-1])
            yield b"operation\n" + named.encode()


if __name__ == "__main__":
    main()
