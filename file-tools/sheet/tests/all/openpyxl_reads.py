"""Answers questions about workbooks with openpyxl: what another program reads in a file that was written here."""

import datetime
import json
import sys
import warnings

import openpyxl
from openpyxl.utils.datetime import to_excel

warnings.simplefilter("ignore")


def answer(question):
    try:
        book = openpyxl.load_workbook(question["file"], data_only=not question.get("formulas", False))
    except Exception as error:  # the point is to say that it could not be read
        return {"error": f"{type(error).__name__}: {error}"}
    cells = {}
    for sheet, address in question.get("cells", []):
        if sheet not in book.sheetnames:  # openpyxl passes over sheets of strict files
            continue
        cell = book[sheet][address]
        value = cell.value
        if isinstance(value, (datetime.datetime, datetime.date, datetime.time, datetime.timedelta)):
            value = to_excel(value, epoch=book.epoch)  # the number in the file, whatever the format shows
        if hasattr(value, "text"):
            value = value.text
        cells[f"{sheet}!{address}"] = {
            "value": value if isinstance(value, (int, float, str, bool, type(None))) else str(value),
            "format": cell.number_format,
            "bold": bool(cell.font.b),
            "fill": str(cell.fill.fgColor.rgb) if cell.fill.fill_type else None,
        }
    charts = {sheet.title: [type(chart).__name__ for chart in sheet._charts] for sheet in book.worksheets}
    tables = {sheet.title: dict(sheet.tables.items()) for sheet in book.worksheets}
    return {"sheets": book.sheetnames, "cells": cells, "charts": charts, "tables": tables}


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
