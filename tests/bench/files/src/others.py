"""Reads the workbook as others do, or makes the deck: NAME WORKBOOK DECK. Prints the seconds that it took."""

import sys
import time


def python_calamine(workbook, _):
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(workbook).get_sheet_by_index(0).to_python()
    assert len(rows) == 100_000


def fastexcel(workbook, _):
    import fastexcel

    sheet = fastexcel.read_excel(workbook).load_sheet(0, header_row=None)
    assert sheet.height == 100_000


def openpyxl(workbook, _):
    import openpyxl

    sheet = openpyxl.load_workbook(workbook, read_only=True).worksheets[0]
    assert sum(len(row) for row in sheet.iter_rows(values_only=True)) == 2_000_000


def deck(_, path):
    from pptx import Presentation

    made = Presentation()
    for number in range(300):
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text = "\n".join(f"Point {point} of slide {number}" for point in range(8))
    made.save(path)


tasks = {"python-calamine": python_calamine, "fastexcel": fastexcel, "openpyxl read": openpyxl, "make deck": deck}
begun = time.perf_counter()
tasks[sys.argv[1]](*sys.argv[2:])
print(time.perf_counter() - begun)
