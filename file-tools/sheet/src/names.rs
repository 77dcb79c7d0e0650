//! Defined names (ECMA-376 part 1, 18.2.5): which texts can be one, what they lead to, and writing them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use deskhand_formula::{CellAt, Kind, tokens};
use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_operations::{Address, Area, MAX_COLUMNS, MAX_ROWS};

use crate::cells::Keep;
use crate::error::Outcome;
use crate::outline::insert_into_workbook;
use crate::sheet::Worksheet;
use crate::workbook::{SheetKind, Workbook};

/// True for a text that can be a name of cells or of a table: letters, digits and a few signs, and nothing that reads as a
/// cell in either notation.
pub(crate) fn is_valid(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '\\');
    let rest = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '\\' | '?'));
    let is_cell = Area::parse(name).is_ok() || is_row_column(name);
    let is_logical = name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case("false");
    starts && rest && !is_cell && !is_logical && name.chars().count() <= 255
}

/// True for `R1C1`, `R2`, `C`, `RC` and the like, which Excel reads as cells.
fn is_row_column(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let after_digits = |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
    let row = upper.strip_prefix('R').map(after_digits);
    let column = row
        .as_deref()
        .unwrap_or(&upper)
        .strip_prefix('C')
        .map(after_digits);
    match (row, column) {
        (_, Some(rest)) | (Some(rest), None) => rest.is_empty(),
        (None, None) => false,
    }
}

/// An area as names and rules write it, every reference absolute: `'Q1 2026'!$B$2:$D$9`.
pub(crate) fn absolute(sheet: &str, area: Area) -> String {
    let prefix = Address {
        sheet: Some(sheet.to_owned()),
        area: None,
    };
    format!("{prefix}!{}", fixed(area))
}

/// An area without its sheet, every reference absolute.
pub(crate) fn fixed(area: Area) -> String {
    let column = |column: u32| {
        let cell = Area::cell(0, column).to_string();
        format!("${}", cell.trim_end_matches('1'))
    };
    let (top, bottom) = (area.top + 1, area.bottom + 1);
    let (left, right) = (column(area.left), column(area.right));
    if area.top == 0 && area.bottom == MAX_ROWS - 1 {
        format!("{left}:{right}")
    } else if area.left == 0 && area.right == MAX_COLUMNS - 1 {
        format!("${top}:${bottom}")
    } else if area.cells() == 1 {
        format!("{left}${top}")
    } else {
        format!("{left}${top}:{right}${bottom}")
    }
}

/// A name to write.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewName<'n> {
    pub(crate) name: &'n str,
    /// The index of the sheet that it is local to.
    pub(crate) local: Option<usize>,
    /// A formula as files hold it.
    pub(crate) refers_to: &'n str,
    pub(crate) comment: Option<&'n str>,
    pub(crate) hidden: bool,
}

/// The element of a name in its scope.
fn element<'t, 'a>(root: Node<'t, 'a>, name: &str, local: Option<usize>) -> Option<Node<'t, 'a>> {
    let name = name.to_lowercase();
    root.child("definedNames")?.children().find(|node| {
        let scope = node
            .attribute("localSheetId")
            .and_then(|index| index.parse::<usize>().ok());
        let held = node.attribute("name").unwrap_or_default();
        scope == local && held.to_lowercase() == name
    })
}

/// Adds a name, or gives it another meaning.
pub(crate) fn set(workbook: &Workbook, draft: &mut Draft, new: &NewName<'_>) -> Outcome<()> {
    let content = draft.package().part(&workbook.part)?;
    let tree = Tree::parse(&workbook.part, &content, draft.package().limits())?;
    let root = tree.root();
    let p = root.prefix_colon();
    let text = escape(new.refers_to);
    let edits = if let Some(node) = element(root, new.name, new.local) {
        let mut edits = Vec::new();
        if let Some(comment) = new.comment {
            edits.push(node.tag().set_attribute("comment", comment));
        }
        if node.self_closing() {
            edits.push(node.append(&text));
        } else {
            edits.push((node.inner(), text.as_ref().into()));
        }
        edits
    } else {
        let mut xml = format!(r#"<{p}definedName name="{}""#, escape(new.name));
        if let Some(comment) = new.comment {
            let _ = write!(xml, r#" comment="{}""#, escape(comment));
        }
        if let Some(local) = new.local {
            let _ = write!(xml, r#" localSheetId="{local}""#);
        }
        if new.hidden {
            xml.push_str(r#" hidden="1""#);
        }
        let _ = write!(xml, ">{text}</{p}definedName>");
        vec![if let Some(list) = root.child("definedNames") {
            list.append(&xml)
        } else {
            let list = format!("<{p}definedNames>{xml}</{p}definedNames>");
            insert_into_workbook(root, "definedNames", &list)
        }]
    };
    draft.edit(&workbook.part, edits)?;
    Ok(())
}

/// Takes a name out; the list too when it is the last one.
pub(crate) fn remove(
    workbook: &Workbook,
    draft: &mut Draft,
    name: &str,
    local: Option<usize>,
) -> Outcome<()> {
    let content = draft.package().part(&workbook.part)?;
    let tree = Tree::parse(&workbook.part, &content, draft.package().limits())?;
    let root = tree.root();
    let Some(node) = element(root, name, local) else {
        return Ok(());
    };
    let list = root
        .child("definedNames")
        .filter(|list| list.children().count() == 1);
    draft.edit(&workbook.part, [list.unwrap_or(node).replace("")])?;
    Ok(())
}

/// True when a formula of a sheet names this name: the one local to the sheet that it means, otherwise the workbook's.
pub(crate) fn uses(
    workbook: &Workbook,
    formula: &str,
    sheet: Option<usize>,
    name: &str,
    local: Option<usize>,
) -> bool {
    let mut prefix: Option<usize> = None;
    for token in tokens(formula) {
        match token.kind {
            Kind::Sheet => {
                let text = token
                    .text
                    .trim_end_matches('!')
                    .trim_matches('\'')
                    .replace("''", "'");
                prefix = workbook.sheet_index(&text);
                continue;
            }
            Kind::Name if token.text.to_lowercase() == name.to_lowercase() => {
                let scope = prefix.or(sheet);
                let same = |entry: &&crate::workbook::NameEntry| entry.name.eq_ignore_ascii_case(name);
                let has_local = workbook
                    .names
                    .iter()
                    .filter(same)
                    .any(|entry| entry.local.is_some() && entry.local == scope);
                if (if has_local { scope } else { None }) == local {
                    return true;
                }
            }
            _ => {}
        }
        prefix = None;
    }
    false
}

/// The cells whose formulas name one of these names or tables, themselves or through other names.
pub(crate) fn readers(workbook: &Workbook, names: &[&str]) -> Outcome<Vec<CellAt>> {
    let mut wanted: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let mentions = |formula: &str, wanted: &BTreeSet<String>| {
        tokens(formula)
            .iter()
            .any(|token| token.kind == Kind::Name && wanted.contains(&token.text.to_lowercase()))
    };
    loop {
        let found = workbook
            .names
            .iter()
            .filter(|entry| !wanted.contains(&entry.name.to_lowercase()))
            .find(|entry| mentions(&entry.refers_to, &wanted));
        match found {
            Some(entry) => wanted.insert(entry.name.to_lowercase()),
            None => break,
        };
    }
    let mut cells = Vec::new();
    let worksheets = workbook.sheets.iter().enumerate();
    for (index, sheet) in worksheets.filter(|(_, sheet)| sheet.kind == SheetKind::Worksheet) {
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        for cell in &scanned.data.cells {
            if cell
                .formula
                .as_ref()
                .is_some_and(|held| mentions(&held.text, &wanted))
            {
                cells.push(CellAt {
                    sheet: index,
                    row: cell.row,
                    column: cell.column,
                });
            }
        }
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use deskhand_operations::Area;

    use super::{fixed, is_valid};

    #[test]
    fn texts_that_read_as_cells_are_no_names() {
        for name in [
            "Rate", "_x", "\\a", "Tax.2026", "XFE1", "A1048577", "Größe", "RCA", "R1C1x", "a?",
        ] {
            assert!(is_valid(name), "{name}");
        }
        for name in [
            "",
            "A1",
            "xfd1048576",
            "R",
            "c",
            "R1C1",
            "r2",
            "C3",
            "RC",
            "1a",
            "a b",
            "a-b",
            "TRUE",
            ".a",
            "a!b",
        ] {
            assert!(!is_valid(name), "{name}");
        }
    }

    #[test]
    fn areas_are_written_absolute() {
        for (area, expected) in [
            ("B2", "$B$2"),
            ("B2:C9", "$B$2:$C$9"),
            ("A:C", "$A:$C"),
            ("2:3", "$2:$3"),
        ] {
            assert_eq!(fixed(Area::parse(area).unwrap()), expected);
        }
    }
}
