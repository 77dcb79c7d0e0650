"""Writes PDFs with known contents into the folder named by the first argument."""

import pathlib
import sys

from reportlab.lib import colors, pdfencrypt
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas
from reportlab.platypus import SimpleDocTemplate, Paragraph, Table, TableStyle, PageBreak
from reportlab.lib.styles import getSampleStyleSheet
from PIL import Image

folder = pathlib.Path(sys.argv[1])
styles = getSampleStyleSheet()
data = [["Region", "Revenue", "Change"], ["North", "1,248.50", "4.0%"], ["South", "980.00", "-1.5%"], ["Total", "2,228.50", ""]]


def ruled():
    table = Table(data)
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("ALIGN", (1, 0), (-1, -1), "RIGHT")]))
    story = [Paragraph("Quarterly report", styles["Title"]), Paragraph("Revenue rose in all regions.", styles["Normal"]), table]
    plain = Table(data)
    plain.setStyle(TableStyle([("ALIGN", (1, 0), (-1, -1), "RIGHT")]))
    story += [PageBreak(), Paragraph("Second page", styles["Heading1"]), plain, Paragraph("After the table.", styles["Normal"])]
    SimpleDocTemplate(str(folder / "tables.pdf"), pagesize=A4, title="Quarterly <report>").build(story)


def encrypted(name, user):
    page = canvas.Canvas(str(folder / name), encrypt=pdfencrypt.StandardEncryption(user, ownerPassword="owner", strength=128))
    page.drawString(72, 700, "Secret figures")
    page.save()


def scanned():
    image = Image.new("RGB", (60, 80), "white")
    page = canvas.Canvas(str(folder / "scanned.pdf"), pagesize=A4)
    for _ in range(2):
        page.drawImage(ImageReader(image), 0, 0, width=595, height=842)
        page.showPage()
    page.save()


ruled()
encrypted("restricted.pdf", "")
encrypted("locked.pdf", "user")
scanned()
