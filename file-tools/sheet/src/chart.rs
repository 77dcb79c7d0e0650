//! Native charts (ECMA-376 part 1, 21.2): what the kinds are made of, their data from cells, writing and changing them.
//!
//! Must not know drawings on sheets: where a chart stands is the anchor's business ([`crate::drawings`]).

mod axes;
pub(crate) mod data;
pub(crate) mod edit;
pub(crate) mod form;
pub(crate) mod look;
pub mod order;
pub(crate) mod read;
pub(crate) mod regroup;
mod series;
pub(crate) mod write;

/// Namespaces of charts and drawings, transitional or strict.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spaces {
    pub(crate) chart: &'static str,
    pub(crate) drawing: &'static str,
    pub(crate) sheet_drawing: &'static str,
    pub(crate) relationships: &'static str,
}

pub(crate) fn spaces(strict: bool) -> Spaces {
    if strict {
        Spaces {
            chart: "http://purl.oclc.org/ooxml/drawingml/chart",
            drawing: "http://purl.oclc.org/ooxml/drawingml/main",
            sheet_drawing: "http://purl.oclc.org/ooxml/drawingml/spreadsheetDrawing",
            relationships: "http://purl.oclc.org/ooxml/officeDocument/relationships",
        }
    } else {
        Spaces {
            chart: "http://schemas.openxmlformats.org/drawingml/2006/chart",
            drawing: "http://schemas.openxmlformats.org/drawingml/2006/main",
            sheet_drawing: "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
            relationships: "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        }
    }
}

/// An element written with the prefixes `c:` and `a:`, so that it stands in any chart part: it declares them itself
/// where the root does not.
pub(crate) fn standing(root: deskhand_opc::xml::Node<'_, '_>, strict: bool, xml: &str) -> String {
    let spaces = spaces(strict);
    let declared = |name: &str, uri: &str| root.attribute(name).is_some_and(|value| value == uri);
    if xml.is_empty() || declared("xmlns:c", spaces.chart) && declared("xmlns:a", spaces.drawing) {
        return xml.to_owned();
    }
    let end = xml.find([' ', '/', '>']).unwrap_or(xml.len());
    format!(
        r#"{} xmlns:c="{}" xmlns:a="{}"{}"#,
        &xml[..end],
        spaces.chart,
        spaces.drawing,
        &xml[end..]
    )
}
