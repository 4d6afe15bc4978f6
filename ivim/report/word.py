"""A table as a Word document: three rules, caption above, footnotes below, and the same bytes for
the same table."""

import io
import zipfile
from datetime import datetime

from ivim.report.cells import alignments, plain, spans, split_caption
from ivim.report.content import Content

# Stands in every document instead of the time, so that a repeated run changes nothing.
_EPOCH = datetime(2000, 1, 1)
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def to_docx(table: Content) -> bytes:
    """A table as the bytes of a .docx file.

    Parameters
    ----------
    table : ivim.report.content.Content

    Returns
    -------
    bytes
    """
    import docx
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm, Pt

    document = docx.Document()
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(10)
    section = document.sections[0]
    if len(table.layout.columns) > 5:  # a wide table lies across the page
        section.page_width, section.page_height = section.page_height, section.page_width
        section.orientation = WD_ORIENT.LANDSCAPE
    section.left_margin = section.right_margin = Cm(2)
    label, text = split_caption(table.caption)
    caption = document.add_paragraph()
    caption.paragraph_format.keep_with_next = True
    caption.add_run(f"{label} " if label else "").bold = True
    _add_spans(caption, text)
    _add_cells(document, table.layout)
    for note in table.footnotes:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
        _add_spans(paragraph, note, size=Pt(8.5))
    _fix_properties(document.core_properties, plain(table.caption))
    buffer = io.BytesIO()
    document.save(buffer)
    return _same_bytes(buffer)


def _add_cells(document, layout):
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    places = {
        "l": WD_ALIGN_PARAGRAPH.LEFT,
        "r": WD_ALIGN_PARAGRAPH.RIGHT,
        "c": WD_ALIGN_PARAGRAPH.CENTER,
    }
    grid = document.add_table(rows=len(layout) + 1, cols=len(layout.columns))
    letters = alignments(layout)
    for row, texts in enumerate([list(layout.columns), *layout.values.tolist()]):
        for text, letter, cell in zip(texts, letters, grid.rows[row].cells, strict=True):
            paragraph = cell.paragraphs[0]
            paragraph.alignment = places["c" if row == 0 and letter == "r" else letter]
            paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
            _add_spans(paragraph, text, bold=row == 0)
            _rule(cell, top=12 * (row == 0), bottom=12 if row == len(layout) else 6 * (row == 0))


def _add_spans(paragraph, text, bold=None, size=None):
    for style, piece in spans(text):
        run = paragraph.add_run(piece)
        run.bold, run.font.size = bold, size
        if style == "_":
            run.font.subscript = True
        elif style == "^":
            run.font.superscript = True
        elif style == "/":
            run.italic = True


def _rule(cell, top, bottom):
    """Rules above and below a cell, in eighths of a point; python-docx has no call for them."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tcBorders")
    for side, width in (("top", top), ("bottom", bottom)):
        if width:
            edge = OxmlElement(f"w:{side}")
            for key, value in (
                ("val", "single"),
                ("sz", str(width)),
                ("space", "0"),
                ("color", "auto"),
            ):
                edge.set(qn(f"w:{key}"), value)
            borders.append(edge)
    cell._tc.get_or_add_tcPr().append(borders)


def _fix_properties(properties, title):
    properties.author = properties.last_modified_by = "ivim"
    properties.title, properties.comments, properties.revision = title, "", 1
    properties.created = properties.modified = _EPOCH


def _same_bytes(buffer):
    """Pack the parts again with a fixed date, as the zip format stores one per part."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(buffer) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            info = zipfile.ZipInfo(name, _ZIP_EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            info.create_system = 3  # the same on Windows
            target.writestr(info, source.read(name))
    return packed.getvalue()
