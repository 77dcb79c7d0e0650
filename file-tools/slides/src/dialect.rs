//! The two dialects of Office Open XML (ECMA-376 part 1: strict, part 4: transitional): namespaces and relationship
//! types. What is added to a deck is written in the dialect that the deck is in. Percentages are
//! written as plain numbers in both, as Office itself does.

/// Which namespaces a deck uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `http://schemas.openxmlformats.org/…`: what PowerPoint writes by default.
    Transitional,
    /// `http://purl.oclc.org/ooxml/…`: "Strict Open XML Presentation".
    Strict,
}

impl Dialect {
    /// PresentationML, by habit `p`.
    pub(crate) fn presentation(self) -> &'static str {
        match self {
            Self::Transitional => "http://schemas.openxmlformats.org/presentationml/2006/main",
            Self::Strict => "http://purl.oclc.org/ooxml/presentationml/main",
        }
    }

    /// DrawingML, by habit `a`.
    pub(crate) fn drawing(self) -> &'static str {
        match self {
            Self::Transitional => "http://schemas.openxmlformats.org/drawingml/2006/main",
            Self::Strict => "http://purl.oclc.org/ooxml/drawingml/main",
        }
    }

    /// DrawingML charts, by habit `c`; also the `uri` of a graphic frame that holds a chart.
    pub(crate) fn chart(self) -> &'static str {
        match self {
            Self::Transitional => "http://schemas.openxmlformats.org/drawingml/2006/chart",
            Self::Strict => "http://purl.oclc.org/ooxml/drawingml/chart",
        }
    }

    /// The `uri` of a graphic frame that holds a table.
    pub(crate) fn table(self) -> &'static str {
        match self {
            Self::Transitional => "http://schemas.openxmlformats.org/drawingml/2006/table",
            Self::Strict => "http://purl.oclc.org/ooxml/drawingml/table",
        }
    }

    /// References to relationships, by habit `r`.
    pub(crate) fn references(self) -> &'static str {
        match self {
            Self::Transitional => "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            Self::Strict => "http://purl.oclc.org/ooxml/officeDocument/relationships",
        }
    }

    /// The whole type of a relationship, `slide` for instance.
    pub(crate) fn relationship(self, kind: &str) -> String {
        format!("{}/{kind}", self.references())
    }
}
