"""Prints what python-docx reads in a document: every paragraph in order, and whether it holds plain runs and links only."""

import json
import sys

from docx import Document
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

document = Document(sys.argv[1])
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
PLAIN = {qn("w:pPr"), qn("w:r"), qn("w:hyperlink"), qn("w:bookmarkStart"), qn("w:bookmarkEnd"), qn("w:proofErr")}
RUN = {qn(f"w:{name}") for name in ("rPr", "t", "tab", "br", "lastRenderedPageBreak", "drawing", "footnoteReference")}


def is_plain(paragraph):
    runs = paragraph.iter(qn("w:r"))
    return all(child.tag in PLAIN for child in paragraph) and all(item.tag in RUN for run in runs for item in run)


paragraphs = []
for node in document.element.body.iter(qn("w:p")):
    if any(parent.tag == FALLBACK for parent in node.iterancestors()):
        continue
    paragraph = Paragraph(node, document)
    style = paragraph.style.name if paragraph.style is not None else None
    paragraphs.append({"text": paragraph.text, "plain": is_plain(node), "style": style})

tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
section = document.sections[0] if len(document.sections) else None
print(json.dumps({
    "paragraphs": paragraphs,
    "tables": tables,
    "pictures": len(document.inline_shapes),
    "title": document.core_properties.title,
    "author": document.core_properties.author,
    "width": section.page_width.pt if section is not None and section.page_width else None,
    "links": [link.address for paragraph in document.paragraphs for link in paragraph.hyperlinks],
}))
