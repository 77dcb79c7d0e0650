//! The namespaces of Office documents, transitional (ECMA-376) and strict (ISO/IEC 29500) as one.

/// A namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ns {
    /// No namespace.
    None,
    /// `sml`: workbooks and sheets.
    Spreadsheet,
    /// `pml`: presentations.
    Presentation,
    /// `w`: word documents.
    Word,
    /// `a`: DrawingML.
    Drawing,
    /// `xdr`: drawings on sheets.
    SheetDrawing,
    /// `c`: charts.
    Chart,
    /// `r`: ids of relationships, on attributes.
    Relationship,
    /// `mc`: markup compatibility.
    Markup,
    /// Any other.
    Other,
}

impl Ns {
    /// The namespace of a URI.
    pub fn of(uri: &str) -> Self {
        match uri {
            "" => Self::None,
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
            | "http://purl.oclc.org/ooxml/spreadsheetml/main" => Self::Spreadsheet,
            "http://schemas.openxmlformats.org/presentationml/2006/main"
            | "http://purl.oclc.org/ooxml/presentationml/main" => Self::Presentation,
            "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
            | "http://purl.oclc.org/ooxml/wordprocessingml/main" => Self::Word,
            "http://schemas.openxmlformats.org/drawingml/2006/main"
            | "http://purl.oclc.org/ooxml/drawingml/main" => Self::Drawing,
            "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
            | "http://purl.oclc.org/ooxml/drawingml/spreadsheetDrawing" => Self::SheetDrawing,
            "http://schemas.openxmlformats.org/drawingml/2006/chart"
            | "http://purl.oclc.org/ooxml/drawingml/chart" => Self::Chart,
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
            | "http://purl.oclc.org/ooxml/officeDocument/relationships" => Self::Relationship,
            "http://schemas.openxmlformats.org/markup-compatibility/2006" => Self::Markup,
            _ => Self::Other,
        }
    }

    /// True for a URI of the strict standard.
    pub fn is_strict(uri: &str) -> bool {
        uri.starts_with("http://purl.oclc.org/ooxml/")
    }
}
