//! The workbook part: sheets, names, dates, and where everything else is.

use std::collections::BTreeSet;
use std::sync::Arc;

use deskhand_opc::xml::{Node, Ns, Tree};
use deskhand_opc::{Package, PatchSet};
use deskhand_operations::{Refusal, RefusalCode, WorkbookAnswer, WorkbookOperation};

use crate::error::{Outcome, refuse};
use crate::ops;
use crate::recalculation::third::Third;
use crate::stream::{self, SharedTexts, Streamed, StreamedCell};

/// What a tab is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SheetKind {
    /// Cells.
    Worksheet,
    /// A chart, dialog or macro sheet, or one whose part is missing.
    Other,
}

/// One tab.
#[derive(Clone, Debug)]
pub(crate) struct SheetEntry {
    pub(crate) name: String,
    /// `sheetId`, which the calculation chain uses.
    pub(crate) id: u32,
    /// The relationship from the workbook part.
    pub(crate) relationship: String,
    /// The part; empty where the relationship leads nowhere.
    pub(crate) part: String,
    pub(crate) kind: SheetKind,
    pub(crate) visible: bool,
}

/// One defined name.
#[derive(Clone, Debug)]
pub(crate) struct NameEntry {
    pub(crate) name: String,
    /// The index of the sheet it is local to.
    pub(crate) local: Option<usize>,
    pub(crate) refers_to: String,
    pub(crate) hidden: bool,
}

/// A workbook for reading and planning.
#[derive(Clone, Debug)]
pub struct Workbook {
    pub(crate) package: Package,
    /// The workbook part.
    pub(crate) part: String,
    pub(crate) sheets: Vec<SheetEntry>,
    pub(crate) names: Vec<NameEntry>,
    pub(crate) date_1904: bool,
    /// Why nothing is computed in this workbook: circular calculation, precision as shown.
    pub(crate) no_calculation: Option<String>,
    /// True where Excel computes circles step by step.
    pub(crate) iterates: bool,
    /// What another program computed, for a tie-out.
    pub(crate) third: Option<Arc<Third>>,
}

/// A changing operation that was planned and not yet made.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What it will have done.
    pub answer: WorkbookAnswer,
    /// The change. Applied to the package it was planned on, and inverted to take it back.
    pub patches: PatchSet,
}

impl Workbook {
    /// Reads a package's workbook part.
    pub fn open(package: Package) -> Result<Self, Refusal> {
        Ok(Self::read(package)?)
    }

    /// The same with what another program computed, which a tie-out that asks for it looks at.
    #[must_use]
    pub fn with_third(self, third: Third) -> Self {
        Self {
            third: Some(Arc::new(third)),
            ..self
        }
    }

    pub(crate) fn read(package: Package) -> Outcome<Self> {
        let part = package.main_part()?;
        let content = package.part(&part)?;
        let tree = Tree::parse(&part, &content, package.limits())?;
        let root = tree.root();
        if !root.is(Ns::Spreadsheet, "workbook") {
            return refuse(
                RefusalCode::Corrupt,
                "The file is not a workbook; nothing was changed.",
            );
        }
        let sheets = sheets(&package, &part, root)?;
        let names = names(root);
        let setting =
            |element: &str, attribute: &str| root.child(element).and_then(|node| node.attribute(attribute));
        let date_1904 = setting("workbookPr", "date1904").is_some_and(|value| is_true(&value));
        let iterates = setting("calcPr", "iterate").is_some_and(|value| is_true(&value));
        let as_shown = setting("calcPr", "fullPrecision").is_some_and(|value| !is_true(&value));
        let no_calculation = if iterates {
            Some("the workbook calculates in circles".to_owned())
        } else {
            as_shown.then(|| "the workbook calculates with values as shown".to_owned())
        };
        Ok(Self {
            package,
            part,
            sheets,
            names,
            date_1904,
            no_calculation,
            iterates,
            third: None,
        })
    }

    /// The package as it stands.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// Answers an operation that only looks. One that changes is refused with `BadInput`: it is to be planned.
    pub fn answer(&self, operation: &WorkbookOperation) -> Result<WorkbookAnswer, Refusal> {
        Ok(ops::answer(self, operation)?)
    }

    /// Plans an operation that changes: the patches and the answer. Nothing is changed yet. The result is checked, so
    /// that no patch leaves a file which Excel would have to repair.
    pub fn plan(&self, operation: &WorkbookOperation) -> Result<Planned, Refusal> {
        Ok(ops::plan(self, operation)?)
    }

    /// Applies patches and reads the workbook part anew.
    pub fn apply(&mut self, patches: &PatchSet) -> Result<(), Refusal> {
        let mut package = self.package.clone();
        package.apply(patches).map_err(crate::error::Stop::from)?;
        *self = Self::open(package)?;
        Ok(())
    }

    /// Takes a change back, also when later ones stay. Refused with `Changed` when somebody changed the same bytes since,
    /// or when a later change rests on this one.
    pub fn undo(&mut self, patches: &PatchSet) -> Result<(), Refusal> {
        let mut before = self.clone();
        before.apply(&patches.invert())?;
        // Later changes to other parts may rest on this one, a format on another sheet for instance: all are looked at.
        if let Some(finding) = ops::new_finding(self, before.package.clone(), None, false)? {
            let message = format!(
                "A later change rests on this one: {}; nothing was changed.",
                finding.sentence
            );
            return Err(Refusal::new(RefusalCode::Changed, message));
        }
        *self = before;
        Ok(())
    }

    /// The names of all sheets in the order of their tabs.
    pub fn sheet_names(&self) -> impl Iterator<Item = &str> {
        self.sheets.iter().map(|sheet| sheet.name.as_str())
    }

    /// The index of a sheet by name, case aside.
    pub(crate) fn sheet_index(&self, name: &str) -> Option<usize> {
        let name = name.to_lowercase();
        self.sheets
            .iter()
            .position(|sheet| sheet.name.to_lowercase() == name)
    }

    /// A sheet that has cells.
    pub(crate) fn worksheet(&self, index: usize) -> Outcome<&SheetEntry> {
        match self.sheets.get(index) {
            Some(sheet) if sheet.kind == SheetKind::Worksheet => Ok(sheet),
            Some(sheet) => refuse(
                RefusalCode::Unsupported,
                format!("The sheet `{}` has no cells; nothing was changed.", sheet.name),
            ),
            None => refuse(
                RefusalCode::NotFound,
                "There is no such sheet; nothing was changed.",
            ),
        }
    }

    /// Gives every cell of a sheet in order, in constant memory, until `visit` answers false. Where the part is unusual,
    /// that is said, and what was given does not count.
    pub fn stream(
        &self,
        sheet: &str,
        mut visit: impl FnMut(&StreamedCell<'_>) -> bool,
    ) -> Result<Streamed, Refusal> {
        let index = self.sheet_index(sheet).unwrap_or(self.sheets.len());
        let part = &self.worksheet(index)?.part;
        Ok(stream::cells(&self.package, part, &mut visit)?.0)
    }

    /// The shared strings in one run of memory.
    pub fn shared_texts(&self) -> Result<SharedTexts, Refusal> {
        Ok(SharedTexts::read(self)?)
    }

    /// What a defined name refers to, without `=`; for the look at what a formula reaches.
    pub fn refers_to(&self, name: &str) -> Option<&str> {
        let found = self
            .names
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name));
        found.map(|entry| entry.refers_to.as_str())
    }
}

/// The tabs.
fn sheets(package: &Package, part: &str, root: Node<'_, '_>) -> Outcome<Vec<SheetEntry>> {
    let relationships = package.relationships(part)?;
    let mut sheets = Vec::new();
    for node in root.child("sheets").iter().flat_map(Node::children) {
        let id = node.prefixed("id").unwrap_or_default().into_owned();
        let relationship = relationships.iter().find(|relationship| relationship.id == id);
        let target = relationship.and_then(|relationship| package.spelling(relationship.part()?));
        let is_worksheet =
            relationship.is_some_and(|relationship| relationship.is("worksheet")) && target.is_some();
        sheets.push(SheetEntry {
            name: node.attribute("name").unwrap_or_default().into_owned(),
            id: node
                .attribute("sheetId")
                .and_then(|id| id.parse().ok())
                .unwrap_or_default(),
            relationship: id,
            part: target.unwrap_or_default().to_owned(),
            kind: if is_worksheet {
                SheetKind::Worksheet
            } else {
                SheetKind::Other
            },
            visible: node.attribute("state").is_none_or(|state| state == "visible"),
        });
    }
    Ok(sheets)
}

/// The defined names.
fn names(root: Node<'_, '_>) -> Vec<NameEntry> {
    let nodes = root
        .child("definedNames")
        .into_iter()
        .flat_map(|list| list.children());
    let entry = |node: Node<'_, '_>| NameEntry {
        name: node.attribute("name").unwrap_or_default().into_owned(),
        local: node
            .attribute("localSheetId")
            .and_then(|index| index.parse().ok()),
        refers_to: node.text(),
        hidden: node.attribute("hidden").is_some_and(|hidden| is_true(&hidden)),
    };
    nodes.map(entry).collect()
}

/// Refuses a change of tabs where the workbook's structure is protected.
pub(crate) fn guard_structure(root: Node<'_, '_>) -> Outcome<()> {
    let lock = root
        .child("workbookProtection")
        .and_then(|node| node.attribute("lockStructure"));
    if lock.is_some_and(|lock| is_true(&lock)) {
        return refuse(
            RefusalCode::Protected,
            "The workbook's structure is protected; nothing was changed.",
        );
    }
    Ok(())
}

/// An XML boolean.
pub(crate) fn is_true(value: &str) -> bool {
    matches!(value, "1" | "true" | "on")
}

/// An id that none of these is: the next after the largest, as Excel counts, or the first free one where that is none.
pub(crate) fn free_id(held: impl Iterator<Item = u32>) -> u32 {
    let held: BTreeSet<u32> = held.collect();
    let next = held.last().map_or(Some(1), |last| last.checked_add(1));
    let mut free = (1..=u32::MAX).filter(|id| !held.contains(id));
    next.or_else(|| free.next()).unwrap_or(u32::MAX)
}
