"""Compares workbooks before rows or columns came and after, and after they went again, as openpyxl reads them."""

import json
import re
import sys
import warnings

import openpyxl

warnings.simplefilter("ignore")


def texts(path, data_only):
    book = openpyxl.load_workbook(path, data_only=data_only)
    cells = {}
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                value = cell.value
                if value is None:
                    continue
                if hasattr(value, "text"):
                    value = "{" + str(value.text) + "}"
                elif hasattr(value, "ref"):
                    value = "{" + str(value.ref) + "}"
                cells[(sheet.title, cell.row, cell.column)] = value
    names = {name: item.attr_text for name, item in book.defined_names.items()}
    for sheet in book.worksheets:
        names |= {f"{sheet.title}!{name}": item.attr_text for name, item in sheet.defined_names.items()}
        names |= {f"{sheet.title}!{part}": str(getattr(sheet, part)) for part in ("print_area", "print_title_rows", "print_title_cols")}
        names[f"{sheet.title}!merged"] = str(sorted(str(area) for area in sheet.merged_cells.ranges))
        names[f"{sheet.title}!conditional"] = str(sorted(
            (str(area.sqref), [str(rule.formula) for rule in rules]) for area, rules in sheet.conditional_formatting._cf_rules.items()
        ))
        names[f"{sheet.title}!validations"] = str(sorted(
            (str(rule.sqref), str(rule.formula1), str(rule.formula2)) for rule in sheet.data_validations.dataValidation
        ))
        names[f"{sheet.title}!tables"] = str(sorted((table.name, table.ref) for table in sheet.tables.values()))
        names[f"{sheet.title}!filter"] = str(sheet.auto_filter.ref)
        names[f"{sheet.title}!links"] = str(sorted((link.ref, str(link.location)) for link in sheet._hyperlinks))
        names[f"{sheet.title}!breaks"] = str([brk.id for brk in sheet.row_breaks.brk])
        names[f"{sheet.title}!comments"] = str(sorted(cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment))
    return cells, names


def is_formula(value):
    return isinstance(value, str) and value[:1] in "={"


def same(one, other):
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) <= 1e-9 * max(abs(one), abs(other), 1)
    return one == other


def compared(question):
    try:
        before, names = texts(question["original"], False)
        values, _ = texts(question["original"], True)
    except Exception as error:  # what openpyxl could not read before it need not read now
        return {"unread": f"{type(error).__name__}: {error}"}
    after, _ = texts(question["shifted"], False)
    after_values, _ = texts(question["shifted"], True)
    back, back_names = texts(question["back"], False)
    moved = []
    recalculated = 0
    shifts = question["shifts"]
    for (sheet, row, column), value in before.items():
        place = (sheet, row, column)
        if sheet in shifts:
            axis, at, count, _ = shifts[sheet]
            if axis == "rows" and row >= at:
                place = (sheet, row + count, column)
            if axis == "columns" and column >= at:
                place = (sheet, row, column + count)
        now = after.get(place)
        if is_formula(value) != is_formula(now) or (not is_formula(value) and value != now):
            moved.append(f"{sheet}!{row},{column}: {value!r} became {now!r}")
        elif is_formula(value) and not same(values.get((sheet, row, column)), after_values.get(place)):
            recalculated += 1
    more = len(after) - len(before)
    gone = [f"{key}: {before.get(key)!r} became {back.get(key)!r}" for key in before.keys() | back.keys() if before.get(key) != back.get(key)]
    gone += [f"{key}: {names.get(key)!r} became {back_names.get(key)!r}" for key in names.keys() | back_names.keys() if names.get(key) != back_names.get(key)]
    formulas = sum(is_formula(value) for value in before.values())
    return {"moved": moved, "back": gone, "recalculated": recalculated, "more": more, "cells": len(before), "formulas": formulas}


json.dump([compared(question) for question in json.load(sys.stdin)], sys.stdout)
