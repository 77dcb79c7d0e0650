"""Prints what other readers find in a file: the words of a PDF by page (pdfplumber), the cells of an .xlsb (pyxlsb)."""

import json
import sys

kind, file = sys.argv[1:]


def pdf():
    # Its own tolerance of three points joins the words of small print; a share of the letters' size does not.
    import pdfplumber

    with pdfplumber.open(file) as pages:
        return [[word["text"] for word in page.extract_words(x_tolerance_ratio=0.15)] for page in pages.pages]


def xlsb():
    import pyxlsb

    sheets = {}
    with pyxlsb.open_workbook(file) as book:
        for name in book.sheets:
            try:
                with book.get_sheet(name) as sheet:
                    cells = [[cell.r, cell.c, cell.v] for row in sheet.rows() for cell in row if cell.v not in (None, "")]
            except Exception:  # A chart or dialog sheet has no cells.
                continue
            sheets[name] = cells
    return sheets


print(json.dumps({"pdf": pdf, "xlsb": xlsb}[kind]()))
