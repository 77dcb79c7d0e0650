"""Prints what python-pptx and openpyxl read in a deck, as JSON."""

import io
import json
import sys

import openpyxl
import pptx
from pptx.util import Emu


def points(length):
    return None if length is None else round(Emu(length).pt, 2)


def chart(frame):
    chart = frame.chart
    plot = chart.plots[0]
    sheet = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active
    return {
        "type": str(chart.chart_type).split(" ")[0].split(".")[-1],
        "title": chart.chart_title.text_frame.text if chart.has_title else None,
        "legend": chart.has_legend,
        "categories": list(plot.categories),
        "series": [[series.name, list(series.values)] for series in plot.series],
        "sheet": [list(row) for row in sheet.iter_rows(values_only=True)],
        "formats": [cell.number_format for cell in sheet[2]],
    }


def shape(item):
    found = {
        "id": item.shape_id,
        "name": item.name,
        "frame": [points(side) for side in (item.left, item.top, item.width, item.height)],
        "alt": item._element._nvXxPr.cNvPr.get("descr"),
        "placeholder": item.placeholder_format.idx if item.is_placeholder else None,
    }
    if item.has_text_frame:
        found["paragraphs"] = [paragraph.text for paragraph in item.text_frame.paragraphs]
        runs = [run for paragraph in item.text_frame.paragraphs for run in paragraph.runs]
        found["bold"] = [run.font.bold for run in runs]
        found["sizes"] = [points(run.font.size) for run in runs]
    if getattr(item, "has_table", False) and item.has_table:
        found["rows"] = [[cell.text for cell in row.cells] for row in item.table.rows]
        found["alignments"] = [str(cell.text_frame.paragraphs[0].alignment) for cell in list(item.table.rows)[-1].cells]
    if getattr(item, "has_chart", False) and item.has_chart:
        try:
            found["chart"] = chart(item)
        except (KeyError, ValueError):
            found["chart"] = "a kind of chart that python-pptx does not read"
    if item.shape_type is not None and item.shape_type.name == "PICTURE":
        found["picture"] = [item.image.content_type, *item.image.size]
    return found


deck = pptx.Presentation(sys.argv[1])
slides = [
    {
        "number": slide.slide_id,
        "layout": slide.slide_layout.name,
        "master": slide.slide_layout.slide_master.part.partname,
        "notes": slide.notes_slide.notes_text_frame.text if slide.has_notes_slide else None,
        "shapes": [shape(item) for item in slide.shapes],
    }
    for slide in deck.slides
]
size = {"width": points(deck.slide_width), "height": points(deck.slide_height)}
json.dump({**size, "slides": slides}, sys.stdout, default=str)
