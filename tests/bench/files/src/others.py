"""Reads and computes as others do, or makes the deck: NAME WORKBOOK DECK MODEL DELIMITED. Prints how many milliseconds it
took, without the start of Python, and the MiB of memory at its peak, of the program that it starts where it starts one."""

import csv
import itertools
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

workbook, deck, model, delimited = sys.argv[2:]


def python_calamine():
    from python_calamine import CalamineWorkbook

    yield
    rows = CalamineWorkbook.from_path(workbook).get_sheet_by_index(0).to_python()
    assert len(rows) == 100_000


def fastexcel():
    import fastexcel

    yield
    sheet = fastexcel.read_excel(workbook).load_sheet(0, header_row=None)
    assert sheet.height == 100_000


def openpyxl():
    import openpyxl

    yield
    sheet = openpyxl.load_workbook(workbook, read_only=True).worksheets[0]
    assert sum(len(row) for row in sheet.iter_rows(values_only=True)) == 2_000_000


def openpyxl_edit():
    import openpyxl

    yield
    book = openpyxl.load_workbook(workbook)
    book.worksheets[0]["B50000"] = 42
    book.save(workbook + ".openpyxl.xlsx")


def xlsxwriter():
    """The cells that the other writers write: see write.rs."""
    import xlsxwriter

    yield
    with xlsxwriter.Workbook(workbook + ".xlsxwriter.xlsx", {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for row in range(100_000):
            for column in range(20):
                if column % 5 == 3:
                    sheet.write_string(row, column, "Forecast")
                elif column % 5 == 4:
                    sheet.write_string(row, column, f"item {row} {column}")
                else:
                    sheet.write_number(row, column, row * 31 % 100_003 + column / 8)


def formualizer():
    import formualizer

    yield
    done = formualizer.recalculate_xlsx_file(model, model + ".computed.xlsx")
    assert done["summary"]["status"] == "success", done["summary"]


def polars():
    import polars

    yield
    rows = polars.scan_csv(delimited).slice(9_000_000, 200).collect()
    assert rows["number"][199] == 9_000_200


def python_csv():
    yield
    with open(delimited, newline="") as file:
        rows = list(itertools.islice(csv.reader(file), 9_000_001, 9_000_201))
    assert rows[199][0] == "9000200"


ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""


def libreoffice(path, to):
    """A conversion by LibreOffice with a profile of its own, made before; formulas are always computed."""
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder, "profile")
        pathlib.Path(profile, "user").mkdir(parents=True)
        pathlib.Path(profile, "user", "registrymodifications.xcu").write_text(ALWAYS)
        command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless"]
        first = pathlib.Path(folder, "first.csv")
        first.write_text("1\n")
        subprocess.run([*command, "--convert-to", "xlsx", "--outdir", folder, first], check=True, stdout=subprocess.DEVNULL)
        yield
        subprocess.run([*command, "--convert-to", to, "--outdir", folder, path], check=True, stdout=subprocess.DEVNULL)
        assert pathlib.Path(folder, pathlib.Path(path).stem + "." + to).stat().st_size > 1_000_000


def make_deck():
    from pptx import Presentation

    yield
    made = Presentation()
    for number in range(300):
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text = "\n".join(f"Point {point} of slide {number}" for point in range(8))
    made.save(deck)


tasks = {
    "python-calamine": python_calamine,
    "fastexcel": fastexcel,
    "openpyxl read": openpyxl,
    "openpyxl edit": openpyxl_edit,
    "XlsxWriter rows": xlsxwriter,
    "formualizer file": formualizer,
    "polars rows": polars,
    "Python's csv rows": python_csv,
    "LibreOffice to csv": lambda: libreoffice(workbook, "csv"),
    "LibreOffice to xlsx": lambda: libreoffice(workbook, "xlsx"),
    "LibreOffice computes": lambda: libreoffice(model, "xlsx"),
    "make deck": make_deck,
}
task = tasks[sys.argv[1]]()
next(task)  # what it needs is loaded
begun = time.perf_counter()
next(task, None)
wall = time.perf_counter() - begun
of = resource.RUSAGE_CHILDREN if sys.argv[1].startswith("LibreOffice") else resource.RUSAGE_SELF
json.dump({"wall": wall * 1000, "peak": resource.getrusage(of).ru_maxrss / 1024}, sys.stdout)
