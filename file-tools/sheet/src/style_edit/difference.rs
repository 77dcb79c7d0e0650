//! Formats of rules (ECMA-376 part 1, 18.8.14): only what differs from the cell's own.

use std::fmt::Write as _;
use std::ops::Range;

use deskhand_opc::Blob;
use deskhand_opc::xml::{Node, escape};
use deskhand_operations::workbook::CellFormat;

use super::StyleEdit;

impl StyleEdit {
    /// The index of the format of a rule (18.8.14): only what differs from the cell's own.
    pub(crate) fn difference(&mut self, format: &CellFormat) -> usize {
        let p = self.prefix.clone();
        let mut font = String::new();
        for (name, on) in [("b", format.bold), ("i", format.italic)] {
            match on {
                Some(true) => {
                    let _ = write!(font, "<{p}{name}/>");
                }
                Some(false) => {
                    let _ = write!(font, r#"<{p}{name} val="0"/>"#);
                }
                None => {}
            }
        }
        let hex = |color: &Option<String>| {
            let hex = color.as_deref().unwrap_or_default().trim_start_matches('#');
            (!hex.is_empty()).then(|| hex.to_ascii_uppercase())
        };
        if let Some(hex) = hex(&format.font_color) {
            let _ = write!(font, r#"<{p}color rgb="FF{hex}"/>"#);
        }
        let mut inner = String::new();
        if !font.is_empty() {
            let _ = write!(inner, "<{p}font>{font}</{p}font>");
        }
        if let Some(code) = &format.number_format {
            let id = self.number_format(code);
            let _ = write!(
                inner,
                r#"<{p}numFmt numFmtId="{id}" formatCode="{}"/>"#,
                escape(code)
            );
        }
        if let Some(hex) = hex(&format.fill_color) {
            let _ = write!(
                inner,
                r#"<{p}fill><{p}patternFill><{p}bgColor rgb="FF{hex}"/></{p}patternFill></{p}fill>"#
            );
        }
        self.differences.index_of(format!("<{p}dxf>{inner}</{p}dxf>"))
    }

    /// The index of the format by which a filter names a colour (18.3.2.1) of fills or of fonts; empty for none.
    pub(crate) fn color(&mut self, fill: bool, color: &str) -> usize {
        let p = &self.prefix;
        let hex = color.trim_start_matches('#');
        let inner = match (fill, hex) {
            (true, "") => format!(
                r#"<{p}fill><{p}patternFill patternType="none"><{p}fgColor indexed="64"/><{p}bgColor indexed="65"/></{p}patternFill></{p}fill>"#
            ),
            (true, hex) => format!(
                r#"<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="FF{hex}"/><{p}bgColor rgb="FF{hex}"/></{p}patternFill></{p}fill>"#
            ),
            (false, "") => format!(r#"<{p}font><{p}color auto="1"/></{p}font>"#),
            (false, hex) => format!(r#"<{p}font><{p}color rgb="FF{hex}"/></{p}font>"#),
        };
        self.differences.index_of(format!("<{p}dxf>{inner}</{p}dxf>"))
    }

    /// The edit that adds formats of rules; their list may be missing, or empty.
    pub(super) fn new_differences(&self, root: Node<'_, '_>) -> Vec<(Range<usize>, Blob)> {
        let added = self.differences.added.concat();
        let count = self.differences.existing.len() + self.differences.added.len();
        if added.is_empty() {
            return Vec::new();
        }
        let p = &self.prefix;
        let list = format!(r#"<{p}dxfs count="{count}">{added}</{p}dxfs>"#);
        match root.child("dxfs") {
            Some(held) if held.self_closing() => vec![held.replace(&list)],
            Some(held) => vec![
                held.append(&added),
                held.tag().set_attribute("count", &count.to_string()),
            ],
            None => {
                let before = ["cellStyles", "cellXfs"].iter().find_map(|name| root.child(name));
                vec![before.map_or_else(|| root.append(&list), |node| node.after(&list))]
            }
        }
    }
}
