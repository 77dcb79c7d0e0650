"""Writes a table of difficult fields in several dialects into the folder named by the first argument, and prints it."""

import csv
import json
import pathlib
import random
import sys

folder = pathlib.Path(sys.argv[1])
random.seed(4)
PIECES = ["Umsatz", "Nörd, Süd", "a;b", "say \"hi\"", "two\nlines", "\ttab", " padded ", "", "=SUM(A1)", "it's", "1.248,50", "4711", "0042", "日本"]
rows = [["id", "text", "more", "amount"]]
for number in range(300):
    rows.append([str(number), random.choice(PIECES), random.choice(PIECES) + random.choice(PIECES), f"{random.uniform(-9e6, 9e6):.2f}"])
DIALECTS = {
    "comma.csv": ("utf-8", {"delimiter": ","}),
    "semicolon.csv": ("utf-8-sig", {"delimiter": ";", "quoting": csv.QUOTE_ALL}),
    "tab.tsv": ("utf-16", {"delimiter": "\t"}),
    "unix.csv": ("utf-8", {"delimiter": ",", "lineterminator": "\n", "quoting": csv.QUOTE_NONNUMERIC}),
    "pipe.csv": ("utf-8", {"delimiter": "|", "lineterminator": "\n"}),
}
for name, (encoding, dialect) in DIALECTS.items():
    with open(folder / name, "w", encoding=encoding, newline="") as out:
        csv.writer(out, **dialect).writerows(rows)
print(json.dumps({"rows": rows, "files": sorted(DIALECTS)}))
