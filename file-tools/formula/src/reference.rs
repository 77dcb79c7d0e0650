//! What a formula refers to, and moving its relative references.

use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS};

use crate::functions::plain_name;
use crate::token::{Kind, Token, tokens};

/// A range that a formula reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The sheet without quotes; absent for the formula's own sheet.
    pub sheet: Option<String>,
    /// The last sheet of a span, `Jan:Mar!A1`.
    pub last_sheet: Option<String>,
    /// The cells.
    pub area: Area,
}

/// All that a formula refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Cells and ranges in this workbook.
    pub ranges: Vec<Reference>,
    /// Defined names and tables.
    pub names: Vec<String>,
    /// Names of functions in upper case, without the prefixes of files.
    pub functions: Vec<String>,
    /// True where another workbook is referred to.
    pub external: bool,
}

/// A sheet prefix without its `!` and quotes.
pub(crate) fn sheet_name(token: &str) -> String {
    let prefix = token.strip_suffix('!').unwrap_or(token);
    match prefix.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(quoted) => quoted.replace("''", "'"),
        None => prefix.to_owned(),
    }
}

/// True when a sheet prefix names another workbook: a sheet's name can hold none of `[ ] / \`.
pub(crate) fn is_external(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let book = [".xls", ".xlsx", ".xlsm", ".xlsb", ".csv", ".ods"]
        .iter()
        .any(|ending| lower.ends_with(ending));
    name.contains(['[', ']', '/', '\\']) || book
}

/// What a formula refers to.
pub fn references(formula: &str) -> References {
    let mut found = References::default();
    let all = tokens(formula);
    let mut sheet: Option<String> = None;
    for token in &all {
        match token.kind {
            Kind::Sheet => {
                sheet = Some(sheet_name(token.text));
                continue;
            }
            Kind::Reference | Kind::Name if sheet.as_deref().is_some_and(is_external) => {
                found.external = true;
            }
            Kind::Reference => {
                if let Ok(area) = Area::parse(token.text) {
                    let (first, last) = match sheet.take() {
                        Some(name) => match name.split_once(':') {
                            Some((first, last)) => (Some(first.to_owned()), Some(last.to_owned())),
                            None => (Some(name), None),
                        },
                        None => (None, None),
                    };
                    found.ranges.push(Reference {
                        sheet: first,
                        last_sheet: last,
                        area,
                    });
                }
            }
            Kind::Name => found.names.push(token.text.to_owned()),
            Kind::Function => found.functions.push(plain_name(token.text)),
            _ => {}
        }
        sheet = None;
    }
    found
}

/// True when parentheses, quotes and brackets are closed.
pub fn balanced(formula: &str) -> bool {
    let mut depth = 0i32;
    for token in tokens(formula) {
        let text = token.text;
        let closed = match token.kind {
            Kind::Open => {
                depth += 1;
                true
            }
            Kind::Close => {
                depth -= 1;
                depth >= 0
            }
            Kind::Text => text.len() > 1 && text.ends_with('"') && text.matches('"').count() % 2 == 0,
            Kind::Structured => text.ends_with(']'),
            Kind::Operator => !text.starts_with('\''),
            _ => true,
        };
        if !closed {
            return false;
        }
    }
    depth == 0
}

/// The formula as it reads when moved by rows and columns: relative references follow, absolute ones stay. What leaves
/// the sheet becomes `#REF!`. Used to expand shared formulas.
pub fn translate(formula: &str, rows: i64, columns: i64) -> String {
    let mut moved = String::with_capacity(formula.len() + 8);
    for token in tokens(formula) {
        match moved_reference(&token, rows, columns) {
            Some(reference) => moved.push_str(&reference),
            None => moved.push_str(token.text),
        }
    }
    moved
}

fn moved_reference(token: &Token<'_>, rows: i64, columns: i64) -> Option<String> {
    if token.kind != Kind::Reference {
        return None;
    }
    let mut corners = token
        .text
        .split(':')
        .map(|corner| moved_corner(corner, rows, columns));
    let moved = match (corners.next()?, corners.next()) {
        (Some(only), None) => Some(only.concat()),
        (Some([left, top]), Some(Some([right, bottom]))) => {
            let (left, right) = in_order(left, right);
            let (top, bottom) = in_order(top, bottom);
            Some(format!("{left}{top}:{right}{bottom}"))
        }
        _ => None,
    };
    Some(moved.unwrap_or_else(|| "#REF!".to_owned()))
}

/// Two rows or two columns of a range, the first one first: where one is absolute, a copy may have passed it. Each keeps its
/// `$`, as in Excel.
fn in_order(one: String, other: String) -> (String, String) {
    let place = |text: &str| {
        let plain = text.trim_start_matches('$').to_ascii_uppercase();
        (plain.len(), plain)
    };
    if place(&one) > place(&other) {
        (other, one)
    } else {
        (one, other)
    }
}

/// Column and row of a corner after the move; nothing where it left the sheet.
fn moved_corner(corner: &str, rows: i64, columns: i64) -> Option<[String; 2]> {
    let letters_at = usize::from(corner.starts_with('$'));
    let letters = corner[letters_at..]
        .bytes()
        .take_while(u8::is_ascii_alphabetic)
        .count();
    let (column, row) = corner.split_at(if letters > 0 { letters_at + letters } else { 0 });
    let (mut moved_column, mut moved_row) = (column.to_owned(), row.to_owned());
    if !column.is_empty() && !column.starts_with('$') {
        let index = i64::from(Area::parse(&format!("{column}1")).ok()?.left) + columns;
        let index = u32::try_from(index).ok().filter(|index| *index < MAX_COLUMNS)?;
        let cell = Area::cell(0, index).to_string();
        cell.trim_end_matches('1').clone_into(&mut moved_column);
    }
    if !row.is_empty() && !row.starts_with('$') {
        let number = row.parse::<i64>().ok()? + rows;
        if !(1..=i64::from(MAX_ROWS)).contains(&number) {
            return None;
        }
        moved_row = number.to_string();
    }
    Some([moved_column, moved_row])
}

#[cfg(test)]
mod tests {
    use super::{balanced, references, translate};

    #[test]
    fn relative_references_follow_a_move() {
        let cases = [
            ("A1+$B$2*C$3-$D4", 2, 1, "B3+$B$2*D$3-$D6"),
            ("SUM(A1:B2,'x y'!C3)", 1, 1, "SUM(B2:C3,'x y'!D4)"),
            ("\"A1\"&A1", 1, 0, "\"A1\"&A2"),
            ("A:A+3:3", 1, 1, "B:B+4:4"),
            ("LOG10(A1)", 0, 1, "LOG10(B1)"),
            ("A1", -1, 0, "#REF!"),
            ("Z9+AZ1", 0, 1, "AA9+BA1"),
            ("Table1[A1]+Q1Total", 5, 5, "Table1[A1]+Q1Total"),
        ];
        for (formula, rows, columns, expected) in cases {
            assert_eq!(translate(formula, rows, columns), expected);
        }
    }

    #[test]
    fn references_name_their_sheets() {
        let found = references("SUM(A1:B2)+'Q 1'!C3+_xlfn.XLOOKUP(Rate,Jan:Mar!D4,[1]Other!E5)");
        let sheets: Vec<_> = found.ranges.iter().map(|range| range.sheet.as_deref()).collect();
        assert_eq!(sheets, [None, Some("Q 1"), Some("Jan")]);
        assert_eq!(found.functions, ["SUM", "XLOOKUP"]);
        assert_eq!(found.names, ["Rate"]);
        assert!(found.external);
    }

    #[test]
    fn unbalanced_formulas_are_seen() {
        for (formula, expected) in [
            ("SUM(A1)", true),
            ("SUM(A1", false),
            ("A1)", false),
            ("\"x", false),
            ("\"(\"", true),
            ("T[a", false),
            ("\"\"\"\"", true),
        ] {
            assert_eq!(balanced(formula), expected, "{formula}");
        }
    }
}
