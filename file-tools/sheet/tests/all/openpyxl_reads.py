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
    answer = {"sheets": book.sheetnames, "cells": cells, "charts": charts, "tables": tables}
    if question.get("layout"):
        answer["layout"] = {sheet.title: layout(sheet) for sheet in book.worksheets}
        answer["names"] = {name: held.attr_text for name, held in book.defined_names.items()}
    return answer


def more(column):
    """Groups of dates, the largest, what changes by itself, and colours, where there are any."""
    groups = column.filters.dateGroupItem if column.filters else []
    levels = ("year", "month", "day", "hour", "minute", "second")
    whole = lambda field: None if field is None else int(field)
    found = [[[one.dateTimeGrouping, *(whole(getattr(one, level)) for level in levels)] for one in groups]] if groups else []
    if column.top10:
        found.append(["top", column.top10.top is not False, bool(column.top10.percent), column.top10.val, column.top10.filterVal])
    if column.dynamicFilter:
        found.append([column.dynamicFilter.type, column.dynamicFilter.val, column.dynamicFilter.maxVal])
    if column.colorFilter:
        found.append(["color", column.colorFilter.dxfId, column.colorFilter.cellColor is not False])
    return found


def layout(sheet):
    """What a sheet has beside its cells."""
    rules = [
        [str(held.sqref), [[rule.type, rule.operator, rule.priority, rule.formula, rule.stopIfTrue] for rule in held.rules]]
        for held in sheet.conditional_formatting
    ]
    checks = sheet.data_validations.dataValidation if sheet.data_validations else []
    filter_ = sheet.auto_filter
    return {
        "merged": sorted(str(area) for area in sheet.merged_cells.ranges),
        "state": sheet.sheet_state,
        "formats": rules,
        "validations": [
            [str(check.sqref), check.type, check.operator, check.formula1, check.formula2, bool(check.allow_blank)]
            for check in checks
        ],
        "hidden_rows": sorted(row for row, held in sheet.row_dimensions.items() if held.hidden),
        "heights": {str(row): held.height for row, held in sheet.row_dimensions.items() if held.height},
        "columns": {
            letters: [held.min, held.max, round(held.width, 2), bool(held.hidden)]
            for letters, held in sheet.column_dimensions.items()
        },
        "freeze": sheet.freeze_panes,
        "filter": filter_.ref,
        "filtered": [
            [
                column.colId,
                list(column.filters.filter) if column.filters else None,
                bool(column.filters.blank) if column.filters else None,
                [[one.operator, one.val] for one in column.customFilters.customFilter] if column.customFilters else None,
                *more(column),
            ]
            for column in filter_.filterColumn
        ],
        "print": {
            "area": sheet.print_area,
            "rows": sheet.print_title_rows,
            "columns": sheet.print_title_cols,
            "orientation": sheet.page_setup.orientation,
            "paper": sheet.page_setup.paperSize,
            "scale": sheet.page_setup.scale,
            "fit": [sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight, bool(sheet.sheet_properties.pageSetUpPr and sheet.sheet_properties.pageSetUpPr.fitToPage)],
            "margins": [round(getattr(sheet.page_margins, side), 4) for side in ("left", "right", "top", "bottom", "header", "footer")],
            "header": sheet.oddHeader.center.text,
            "gridlines": bool(sheet.print_options.gridLines),
        },
        "notes": {
            cell.coordinate: [cell.comment.author, cell.comment.text]
            for row in sheet.iter_rows() for cell in row if cell.comment
        },
        "links": {
            cell.coordinate: cell.hyperlink.target or cell.hyperlink.location
            for row in sheet.iter_rows() for cell in row if cell.hyperlink
        },
    }


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
