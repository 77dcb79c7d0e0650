"""Tells what openpyxl reads of the charts of workbooks: kinds, references, caches, axes."""

import json
import sys
import warnings

import openpyxl

warnings.simplefilter("ignore")


def words(title):
    if title is None or title.tx is None or title.tx.rich is None:
        return None
    return "\n".join("".join(run.t for run in paragraph.r or []) for paragraph in title.tx.rich.p)


def plain(value):
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def cache(source):
    if source is None:
        return None
    many = getattr(source, "multiLvlStrRef", None)
    held = source.numRef or getattr(source, "strRef", None)
    if many is not None:
        levels = many.multiLvlStrCache.lvl
        return {"f": many.f, "levels": [[point.v for point in level.pt] for level in levels]}
    held_cache = held.numCache if source.numRef is not None else held.strCache
    return {"f": held.f, "points": [plain(point.v) for point in held_cache.pt], "count": held_cache.ptCount}


def series(one):
    values = one.val if one.val is not None else one.yVal
    categories = one.cat if one.cat is not None else one.xVal
    return {
        "name": one.tx.strRef.strCache.pt[0].v if one.tx and one.tx.strRef else None,
        "values": cache(values),
        "categories": cache(categories),
    }


def axis(held):
    return {
        "kind": type(held).__name__,
        "title": words(held.title),
        "minimum": held.scaling.min,
        "maximum": held.scaling.max,
        "format": held.numFmt.formatCode if held.numFmt else None,
        "orientation": held.scaling.orientation,
        "crosses": held.crosses,
    }


def group(chart):
    return {
        "kind": type(chart).__name__,
        "grouping": getattr(chart, "grouping", None),
        "direction": getattr(chart, "barDir", None),
        "series": [series(one) for one in chart.series],
        "axes": [chart.x_axis.axId, chart.y_axis.axId] if hasattr(chart, "x_axis") else [],
    }


def told(chart):
    both = [held for one in chart._charts if hasattr(one, "x_axis") for held in (one.x_axis, one.y_axis)]
    axes = {str(held.axId): axis(held) for held in both}
    anchor = chart.anchor
    return {
        "title": words(chart.title),
        "groups": [group(one) for one in chart._charts],
        "axes": axes,
        "legend": chart.legend.position if chart.legend else None,
        "from": [anchor._from.col, anchor._from.row],
    }


def answer(file):
    book = openpyxl.load_workbook(file)
    return {sheet.title: [told(chart) for chart in sheet._charts] for sheet in book.worksheets}


json.dump([answer(file) for file in json.load(sys.stdin)], sys.stdout, default=str)
