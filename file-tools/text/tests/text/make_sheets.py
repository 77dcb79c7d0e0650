"""Writes a workbook into the file named by the first argument, for LibreOffice to turn into old formats."""

import datetime
import sys

from openpyxl import Workbook

book = Workbook()
sheet = book.active
sheet.title = "Q1 2026"
for row in [["Region", "Revenue", "Day"], ["Nörd", 1248.5, datetime.date(2026, 1, 5)], ["South", 2, datetime.datetime(2026, 1, 6, 9, 30)]]:
    sheet.append(row)
sheet["B4"] = "=SUM(B2:B3)"
sheet["A6"] = "merged"
sheet.merge_cells("A6:B6")
sheet["C4"] = True
hidden = book.create_sheet("Hidden")
hidden.sheet_state = "hidden"
hidden["A1"] = "x"
book.save(sys.argv[1])
