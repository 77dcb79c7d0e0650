//! Tables on slides: the `a:tbl` of a new graphic frame (ECMA-376 part 1, 21.1.3).
//!
//! Knows texts and sizes, nothing of slides or packages.

use crate::dialect::Dialect;
use crate::geometry::EmuFrame;
use crate::markup::Markup;

/// Most rows that a table takes.
pub(crate) const MAX_ROWS: usize = 75;

/// Most columns that a table takes.
pub(crate) const MAX_COLUMNS: usize = 25;

/// "Medium Style 2 – Accent 1": what PowerPoint takes where a deck names no style of its own. It is built in.
pub(crate) const DEFAULT_STYLE: &str = "{5C22544A-7EE6-4342-B048-85BDC9FD1C3A}";

/// Height of a row with one line of text at 18 points, as PowerPoint makes it, in EMU.
const ROW_HEIGHT: i64 = 370_840;

/// Inner margins of a cell above and below together, in EMU.
const CELL_MARGINS: i64 = 91_440;

/// Height of a line of text at 1 point, in EMU.
const LINE_AT_ONE_POINT: i64 = 15_240;

/// Sizes of text, in points: the normal one and the smallest that is still read from a screen.
const TEXT_SIZES: (i64, i64) = (18, 8);

/// A table that is about to be written.
#[derive(Clone, Debug)]
pub(crate) struct TablePlan<'a> {
    rows: &'a [Vec<String>],
    columns: usize,
    /// Where it stands; its height is that of its rows.
    pub(crate) frame: EmuFrame,
    row_height: i64,
    text_size: i64,
    style: &'a str,
}

impl<'a> TablePlan<'a> {
    /// Lays the rows out in `space`. With `fill` they share its height; without they keep their usual height and
    /// shrink only where they would not fit.
    pub(crate) fn new(rows: &'a [Vec<String>], space: EmuFrame, fill: bool, style: &'a str) -> Self {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let share = space.height / (rows.len().max(1) as i64);
        let text_size = ((share - CELL_MARGINS) / LINE_AT_ONE_POINT).clamp(TEXT_SIZES.1, TEXT_SIZES.0);
        let needed = if text_size == TEXT_SIZES.0 {
            ROW_HEIGHT
        } else {
            text_size * LINE_AT_ONE_POINT + CELL_MARGINS
        };
        let row_height = if fill { share.max(needed) } else { needed };
        let frame = EmuFrame {
            height: row_height * rows.len() as i64,
            ..space
        };
        Self {
            rows,
            columns,
            frame,
            row_height,
            text_size,
            style,
        }
    }

    /// Writes the `a:tbl`.
    pub(crate) fn write(&self, xml: &mut Markup) {
        xml.element("a:tbl", &[], |xml| {
            xml.element("a:tblPr", &[("firstRow", "1"), ("bandRow", "1")], |xml| {
                xml.text("a:tableStyleId", self.style);
            });
            xml.element("a:tblGrid", &[], |xml| {
                for column in 0..self.columns as i64 {
                    // Cut so that the widths sum up to the width of the frame.
                    let edge = |column: i64| self.frame.width * column / self.columns as i64;
                    xml.empty(
                        "a:gridCol",
                        &[("w", &(edge(column + 1) - edge(column)).to_string())],
                    );
                }
            });
            let right: Vec<bool> = (0..self.columns).map(|column| self.is_numeric(column)).collect();
            for row in self.rows {
                xml.element("a:tr", &[("h", &self.row_height.to_string())], |xml| {
                    for (column, right) in right.iter().enumerate() {
                        self.cell(xml, row.get(column).map_or("", String::as_str), *right);
                    }
                });
            }
        });
    }

    fn cell(&self, xml: &mut Markup, text: &str, right: bool) {
        let size = (self.text_size * 100).to_string();
        let size: &[(&str, &str)] = if self.text_size == TEXT_SIZES.0 {
            &[]
        } else {
            &[("sz", &size)]
        };
        xml.element("a:tc", &[], |xml| {
            xml.element("a:txBody", &[], |xml| {
                xml.empty("a:bodyPr", &[]);
                xml.empty("a:lstStyle", &[]);
                for line in crate::text::lines(text) {
                    xml.element("a:p", &[], |xml| {
                        if right {
                            xml.empty("a:pPr", &[("algn", "r")]);
                        }
                        if line.is_empty() {
                            xml.empty("a:endParaRPr", size);
                        } else {
                            xml.element("a:r", &[], |xml| {
                                xml.empty("a:rPr", size);
                                xml.text("a:t", line);
                            });
                        }
                    });
                }
            });
            xml.empty("a:tcPr", &[]);
        });
    }

    /// Whether a column below its header holds numbers only: those stand right.
    fn is_numeric(&self, column: usize) -> bool {
        let mut texts = self
            .rows
            .iter()
            .skip(1)
            .filter_map(|row| row.get(column))
            .filter(|text| !text.trim().is_empty());
        texts.clone().next().is_some() && texts.all(|text| is_number(text))
    }
}

/// Writes the frame around the table.
pub(crate) fn graphic_data(xml: &mut Markup, table: &TablePlan<'_>, dialect: Dialect) {
    xml.element("a:graphicData", &[("uri", dialect.table())], |xml| {
        table.write(xml);
    });
}

/// Whether a text reads as a number: `1,248.5`, `(3.2%)`, `€ -4`, `n/a` and dashes where there is none.
fn is_number(text: &str) -> bool {
    let text = text.trim();
    if ["-", "–", "—", "n/a", "n.a.", "n.m."]
        .iter()
        .any(|none| text.eq_ignore_ascii_case(none))
    {
        return true;
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    let known = |character: char| {
        character.is_ascii_digit()
            || character.is_alphabetic()
            || " \u{a0}\u{202f}.,'()+-−–%‰$€£¥/".contains(character)
    };
    // Up to three letters for a currency or a unit: `USD`, `m`, `bps`, `x`.
    digits > 0 && letters <= 3 && letters <= digits.max(1) * 3 && text.chars().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: EmuFrame = EmuFrame {
        left: 0,
        top: 0,
        width: 1_000_001,
        height: 3_708_400,
    };

    fn rows(count: usize) -> Vec<Vec<String>> {
        vec![vec!["a".into(), "1".into(), String::new()]; count]
    }

    #[test]
    fn rows_keep_their_height_until_the_space_is_short() {
        let ten = rows(10);
        assert_eq!(
            TablePlan::new(&ten, SPACE, false, DEFAULT_STYLE).frame.height,
            3_708_400
        );
        let two = rows(2);
        assert_eq!(
            TablePlan::new(&two, SPACE, false, DEFAULT_STYLE).frame.height,
            741_680
        );
        assert_eq!(
            TablePlan::new(&two, SPACE, true, DEFAULT_STYLE).frame.height,
            3_708_400
        );
        let thirty = rows(17);
        let dense = TablePlan::new(&thirty, SPACE, false, DEFAULT_STYLE);
        assert_eq!(dense.text_size, 8);
        assert!(
            dense.frame.height <= SPACE.height + 17 * ROW_HEIGHT / 10,
            "{dense:?}"
        );
    }

    #[test]
    fn column_widths_sum_up_to_the_frame() {
        let rows = rows(2);
        let mut xml = Markup::default();
        TablePlan::new(&rows, SPACE, false, DEFAULT_STYLE).write(&mut xml);
        let xml = xml.finish();
        let widths = xml
            .split("gridCol w=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next()?.parse::<i64>().ok());
        assert_eq!(widths.sum::<i64>(), 1_000_001);
    }

    #[test]
    fn tells_numbers_from_words() {
        for text in [
            "1,248,300",
            "(3.2%)",
            "€ -4.5",
            "USD 12",
            "12.5x",
            "25 bps",
            "–",
            "n/a",
            "2024/25",
        ] {
            assert!(is_number(text), "{text}");
        }
        for text in ["Region", "Q1 total", "see note 3", "", "EMEA", "12 of them"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
