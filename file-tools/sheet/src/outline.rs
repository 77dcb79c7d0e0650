//! The order of elements in worksheet and workbook parts, and inserting where the schema wants it.

use std::ops::Range;

use deskhand_opc::Blob;
use deskhand_opc::xml::Node;

use crate::sheet::Element;

/// Children of `worksheet` in order (ECMA-376 part 1, A.2, CT_Worksheet). `AlternateContent` wraps old controls.
pub(crate) const WORKSHEET: &[&str] = &[
    "sheetPr",
    "dimension",
    "sheetViews",
    "sheetFormatPr",
    "cols",
    "sheetData",
    "sheetCalcPr",
    "sheetProtection",
    "protectedRanges",
    "scenarios",
    "autoFilter",
    "sortState",
    "dataConsolidate",
    "customSheetViews",
    "mergeCells",
    "phoneticPr",
    "conditionalFormatting",
    "dataValidations",
    "hyperlinks",
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "rowBreaks",
    "colBreaks",
    "customProperties",
    "cellWatches",
    "ignoredErrors",
    "smartTags",
    "drawing",
    "drawingHF",
    "legacyDrawing",
    "legacyDrawingHF",
    "picture",
    "oleObjects",
    "AlternateContent",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
];

/// Children of `workbook` in order (CT_Workbook).
const WORKBOOK: &[&str] = &[
    "fileVersion",
    "fileSharing",
    "workbookPr",
    "AlternateContent",
    "workbookProtection",
    "bookViews",
    "sheets",
    "functionGroups",
    "externalReferences",
    "definedNames",
    "calcPr",
    "oleSize",
    "customWorkbookViews",
    "pivotCaches",
    "smartTagPr",
    "smartTagTypes",
    "webPublishing",
    "fileRecoveryPr",
    "webPublishObjects",
    "extLst",
];

fn rank(order: &[&str], local: &str) -> usize {
    order
        .iter()
        .position(|known| *known == local)
        .unwrap_or(order.len())
}

/// The edit that inserts an element into a worksheet, given its children and where its end tag stands.
pub(crate) fn insert(elements: &[Element<'_>], end: usize, local: &str, xml: &str) -> (Range<usize>, Blob) {
    let own = rank(WORKSHEET, local);
    // After the last one that comes before: later elements of unknown kind are not jumped over.
    let before = elements
        .iter()
        .filter(|element| rank(WORKSHEET, element.tag.local()) < own);
    let at = before.map(|element| element.span.end).max();
    let at = at.unwrap_or_else(|| elements.first().map_or(end, |element| element.span.start));
    (at..at, xml.into())
}

/// The edit that inserts an element into the workbook part.
pub(crate) fn insert_into_workbook(root: Node<'_, '_>, local: &str, xml: &str) -> (Range<usize>, Blob) {
    let own = rank(WORKBOOK, local);
    let before = root
        .children()
        .filter(|node| rank(WORKBOOK, node.local()) < own)
        .last();
    before.map_or_else(|| root.prepend(xml), |node| node.after(xml))
}
