//! `name.set`.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{NameSet, PageSetup};
use deskhand_operations::{Address, Area, MAX_COLUMNS, RefusalCode};

use crate::addresses;
use crate::error::{Outcome, refuse};
use crate::names::{self, NewName};
use crate::ops::page_setup;
use crate::recalculation;
use crate::tables;
use crate::workbook::Workbook;

/// Characters of a formula, and of a comment, that Excel takes.
const MAX_FORMULA: usize = 8_192;
const MAX_COMMENT: usize = 255;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, set: &NameSet) -> Outcome<Applied> {
    let bad = |why: String| refuse(RefusalCode::BadInput, format!("{why}; nothing was changed."));
    if let Some(printed) = Printed::of(&set.name) {
        return printed.plan(workbook, draft, set);
    }
    if !names::is_valid(&set.name) {
        return bad(format!(
            "`{}` cannot be a name: letters, digits, `_`, `.` and `\\`, and nothing that reads as a cell",
            set.name
        ));
    }
    if set
        .comment
        .as_ref()
        .is_some_and(|comment| comment.encode_utf16().count() > MAX_COMMENT)
    {
        return bad(format!("A comment has at most {MAX_COMMENT} characters"));
    }
    let tables = tables::all(workbook)?;
    if tables
        .iter()
        .any(|(_, table)| table.name.eq_ignore_ascii_case(&set.name))
    {
        return refuse(
            RefusalCode::NameTaken,
            format!("A table is called `{}`; nothing was changed.", set.name),
        );
    }
    let local = local(workbook, set.sheet.as_deref())?;
    let refers_to = refers_to(workbook, &set.refers_to)?;
    if names::uses(workbook, &refers_to, local, &set.name, local) {
        return bad(format!("`{}` would refer to itself", set.name));
    }
    let new = NewName {
        name: &set.name,
        local,
        refers_to: &refers_to,
        comment: set.comment.as_deref(),
        hidden: false,
    };
    names::set(workbook, draft, &new)?;
    let after = Workbook::read(draft.package().clone())?;
    let readers = names::readers(&after, &[&set.name])?;
    let recalculated = recalculation::recalculate(workbook, draft, &readers)?;
    Ok(Applied {
        target: set.name.clone(),
        changed: 1,
        warnings: recalculated.warnings,
        ..Applied::default()
    })
}

/// The names by which Excel knows what of a sheet is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Printed {
    Area,
    Titles,
}

impl Printed {
    /// The one of a name as people write it, or as files do.
    pub(super) fn of(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        match lower.strip_prefix("_xlnm.").unwrap_or(&lower) {
            "print_area" => Some(Self::Area),
            "print_titles" => Some(Self::Titles),
            _ => None,
        }
    }

    /// The name as files write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Area => "_xlnm.Print_Area",
            Self::Titles => "_xlnm.Print_Titles",
        }
    }

    /// What `pageSetup` takes for some areas.
    fn page(self, areas: &[Area]) -> PageSetup {
        let texts = |fits: &dyn Fn(&Area) -> bool| {
            let texts = areas.iter().filter(|area| fits(area)).map(Area::to_string);
            Some(texts.collect::<Vec<_>>().join(","))
        };
        let is_rows = |area: &Area| area.left == 0 && area.right == MAX_COLUMNS - 1;
        match self {
            Self::Area => PageSetup {
                print_area: texts(&|_| true),
                ..PageSetup::default()
            },
            Self::Titles => PageSetup {
                title_rows: texts(&is_rows),
                title_columns: texts(&|area| !is_rows(area)),
                ..PageSetup::default()
            },
        }
    }

    /// Sets it: ranges as `pageSetup` does, a formula as it stands.
    fn plan(self, workbook: &Workbook, draft: &mut Draft, set: &NameSet) -> Outcome<Applied> {
        let bad = |why: &str| refuse(RefusalCode::BadInput, format!("{why}; nothing was changed."));
        let Some(sheet) = &set.sheet else {
            return bad(&format!(
                "`{}` belongs to a sheet, which is to be named",
                set.name
            ));
        };
        let Some(index) = workbook.sheet_index(sheet) else {
            return addresses::no_sheet(workbook, sheet);
        };
        let text = set.refers_to.trim();
        let text = text.strip_prefix('=').unwrap_or(text);
        let listed = deskhand_formula::references(text).ranges.len();
        let areas = areas_of(workbook, index, text);
        let applied = Applied {
            target: set.name.clone(),
            changed: 1,
            ..Applied::default()
        };
        match (self, areas) {
            (_, Some(areas)) if areas.is_empty() => return bad("It has to name cells of its sheet"),
            (_, Some(areas)) => page_setup::print_names(workbook, draft, index, &self.page(&areas))?,
            (_, None) if set.refers_to.trim().starts_with('=') && listed > 0 => {
                let refers_to = refers_to(workbook, &set.refers_to)?;
                let new = NewName {
                    name: self.name(),
                    local: Some(index),
                    refers_to: &refers_to,
                    comment: None,
                    hidden: false,
                };
                names::set(workbook, draft, &new)?;
            }
            _ => return bad(&format!("`{}` names no cells of `{sheet}`", set.refers_to)),
        }
        Ok(applied)
    }
}

/// Areas of one sheet, parted by commas; none where the text is something else.
fn areas_of(workbook: &Workbook, index: usize, text: &str) -> Option<Vec<Area>> {
    let own = |sheet: &str| workbook.sheet_index(sheet) == Some(index);
    // A comma inside of a quoted name parts nothing.
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for letter in text.chars() {
        quoted ^= letter == '\'';
        match letter {
            ',' if !quoted => parts.push(String::new()),
            letter => parts.last_mut()?.push(letter),
        }
    }
    let areas = parts.iter().map(|part| {
        let address = Address::parse(part.trim()).ok()?;
        address.sheet.as_deref().is_none_or(own).then_some(address.area?)
    });
    areas.collect()
}

/// The index of the sheet that a name is local to.
pub(super) fn local(workbook: &Workbook, sheet: Option<&str>) -> Outcome<Option<usize>> {
    match sheet {
        None => Ok(None),
        Some(sheet) => match workbook.sheet_index(sheet) {
            Some(index) => Ok(Some(index)),
            None => addresses::no_sheet(workbook, sheet),
        },
    }
}

/// What the name stands for, as files hold it.
fn refers_to(workbook: &Workbook, text: &str) -> Outcome<String> {
    let Some(formula) = text.trim().strip_prefix('=') else {
        let (index, area) = addresses::area(workbook, text.trim())?;
        return Ok(names::absolute(&workbook.sheets[index].name, area));
    };
    let formula = formula.trim();
    let bad = |why: &str| {
        refuse(
            RefusalCode::BadInput,
            format!("`{text}` {why}; nothing was changed."),
        )
    };
    if formula.is_empty() || !deskhand_formula::balanced(formula) {
        return bad("has brackets or quotes that are not closed");
    }
    if formula.encode_utf16().count() > MAX_FORMULA {
        return bad("is longer than Excel allows");
    }
    // Names may stand for several cells, so functions that spill are welcome here.
    Ok(deskhand_formula::to_file(formula).unwrap_or_else(|_| formula.to_owned()))
}
