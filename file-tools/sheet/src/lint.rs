//! The check after every change: what Excel repairs or refuses and no schema validator sees.

mod relationships;
mod tables;

use std::collections::{HashMap, HashSet};

pub use deskhand_opc::integrity::Finding;
use deskhand_opc::xml::Tree;
use deskhand_operations::{Area, Refusal};

use crate::cells::Keep;
use crate::error::Outcome;
use crate::outline::WORKSHEET;
use crate::sheet::Worksheet;
use crate::stream::{SharedTexts, SheetPart, is_large};
use crate::styles::Styles;
use crate::workbook::{SheetEntry, SheetKind, Workbook};

/// Checks a whole workbook.
pub fn lint(workbook: &Workbook) -> Result<Vec<Finding>, Refusal> {
    Ok(findings(workbook, None)?)
}

/// Findings of some parts (in lower case), or of all.
pub(crate) fn findings(workbook: &Workbook, only: Option<&HashSet<String>>) -> Outcome<Vec<Finding>> {
    let mut found = Findings {
        list: Vec::new(),
        only,
    };
    found.sheets(workbook);
    found.names(workbook);
    let mut large = Vec::new();
    for sheet in workbook
        .sheets
        .iter()
        .filter(|sheet| sheet.kind == SheetKind::Worksheet)
    {
        if is_large(&workbook.package, &sheet.part)? {
            large.push(sheet.part.as_str());
        }
    }
    found.relationships(&workbook.package, &large)?;
    let known = Known {
        texts: SharedTexts::read(workbook)?,
        styles: Styles::read(workbook)?.len(),
    };
    let mut formulas = HashMap::new();
    let worksheets = workbook
        .sheets
        .iter()
        .filter(|sheet| sheet.kind == SheetKind::Worksheet);
    for sheet in worksheets {
        if !found.looks_at(&sheet.part) {
            continue;
        }
        let with_formula = found.sheet(workbook, sheet, &known)?;
        formulas.insert(sheet.id.to_string(), with_formula);
    }
    found.calculation_chain(workbook, &formulas)?;
    Ok(found.list)
}

/// Array formulas of a sheet that are looked through for an entry of the calculation chain; with more, none is stale.
const MAX_ARRAYS: usize = 1_000;

/// Where the formulas of a sheet are.
struct Formulas {
    cells: HashSet<(u32, u32)>,
    /// The areas of several cells that array formulas fill: the chain may name each cell of them.
    arrays: Vec<Area>,
}

impl Formulas {
    /// True where a formula gives the cell its value.
    fn give(&self, row: u32, column: u32) -> bool {
        self.cells.contains(&(row, column))
            || self.arrays.len() > MAX_ARRAYS
            || self.arrays.iter().any(|array| array.contains(row, column))
    }
}

/// What cells may name.
struct Known {
    texts: SharedTexts,
    /// How many formats there are.
    styles: usize,
}

/// What of a cell is looked at.
struct CellFacts<'c> {
    row: u32,
    column: u32,
    style: u32,
    /// Of a cell with a shared text its index.
    shared_text: Option<&'c str>,
    formula: Option<&'c str>,
}

struct Findings<'o> {
    list: Vec<Finding>,
    only: Option<&'o HashSet<String>>,
}

impl Findings<'_> {
    fn looks_at(&self, part: &str) -> bool {
        self.only.is_none_or(|only| only.contains(&part.to_lowercase()))
    }

    fn add(&mut self, code: &'static str, part: &str, location: &dyn std::fmt::Display, sentence: String) {
        self.list.push(Finding {
            code,
            part: part.to_owned(),
            location: location.to_string(),
            sentence,
        });
    }

    /// Names and ids of sheets.
    fn sheets(&mut self, workbook: &Workbook) {
        let (mut names, mut ids) = (HashSet::new(), HashSet::new());
        for sheet in &workbook.sheets {
            let (part, name) = (&workbook.part, &sheet.name);
            if !names.insert(name.to_lowercase()) {
                self.add(
                    "sheetNameTwice",
                    part,
                    name,
                    format!("two sheets are called `{name}`"),
                );
            }
            if !ids.insert(sheet.id) {
                self.add(
                    "sheetIdTwice",
                    part,
                    name,
                    format!("the sheet `{name}` has the id of another"),
                );
            }
            if name.is_empty() || name.encode_utf16().count() > 31 {
                self.add(
                    "sheetName",
                    part,
                    name,
                    format!("the sheet name `{name}` is empty or longer than 31 characters"),
                );
            }
            // A module sheet of Excel 5 has an empty relationship, and no part.
            if sheet.part.is_empty() && !sheet.relationship.is_empty() {
                self.add("sheetPart", part, name, format!("the sheet `{name}` has no part"));
            }
        }
        if workbook.sheets.is_empty() {
            self.add(
                "noSheet",
                &workbook.part,
                &"",
                "the workbook has no sheet".to_owned(),
            );
        }
    }

    /// Defined names: each once in its scope, scopes in range.
    fn names(&mut self, workbook: &Workbook) {
        let mut seen = HashSet::new();
        for name in &workbook.names {
            if !seen.insert((name.name.to_lowercase(), name.local)) {
                self.add(
                    "nameTwice",
                    &workbook.part,
                    &name.name,
                    format!("the name `{}` is defined twice", name.name),
                );
            }
            if name.local.is_some_and(|local| local >= workbook.sheets.len()) {
                self.add(
                    "nameScope",
                    &workbook.part,
                    &name.name,
                    format!("the name `{}` is local to no sheet", name.name),
                );
            }
        }
    }

    /// A sheet and its cells. Answers where formulas are.
    fn sheet(&mut self, workbook: &Workbook, sheet: &SheetEntry, known: &Known) -> Outcome<Formulas> {
        let headers = crate::tables::of_sheet(&workbook.package, sheet)?.into_iter();
        let rows: Vec<u32> = headers.map(|table| table.area.top).collect();
        let places: Vec<(u32, u32)> = rows.iter().map(|row| (*row, *row)).collect();
        let before = self.list.len();
        let mut formulas = HashSet::new();
        let part = SheetPart::watched(&workbook.package, &sheet.part, &places, &mut |cell| {
            let Ok(formula) = cell.own_formula() else {
                return false;
            };
            if formula.is_some() {
                formulas.insert((cell.row, cell.column));
            }
            let shared_text = cell.shared_text();
            let facts = CellFacts {
                row: cell.row,
                column: cell.column,
                style: cell.style,
                shared_text: shared_text.as_deref(),
                formula: formula.as_deref(),
            };
            self.cell(sheet, &facts, known);
            true
        })?;
        let scanned = part.read(workbook, &Keep::All)?;
        if !part.is_cut() {
            self.list.truncate(before);
            formulas = self.cells(sheet, &scanned, known);
        }
        if is_large(&workbook.package, &sheet.part)? {
            let ids = workbook.package.relationships(&sheet.part)?.into_iter();
            let ids = ids.map(|relationship| relationship.id).collect();
            self.ids(&workbook.package, &sheet.part, part.content(), &ids)?;
        }
        self.structure(sheet, &scanned);
        self.tables(workbook, sheet, &scanned, &known.texts)?;
        let arrays = scanned.data.arrays.iter().filter(|array| array.cells() > 1);
        Ok(Formulas {
            cells: formulas,
            arrays: arrays.copied().collect(),
        })
    }

    /// The cells of a sheet that was read as a whole.
    fn cells(&mut self, sheet: &SheetEntry, scanned: &Worksheet<'_>, known: &Known) -> HashSet<(u32, u32)> {
        if !scanned.data.ordered {
            let area = scanned.data.misplaced.unwrap_or(Area::cell(0, 0));
            let cell = crate::addresses::on(sheet, area);
            self.add(
                "cellOrder",
                &sheet.part,
                &cell,
                format!("{cell} is out of order or there twice"),
            );
        }
        let mut formulas = HashSet::new();
        for cell in &scanned.data.cells {
            let index = cell.value.as_ref().filter(|_| cell.kind == "s");
            let formula = cell.formula.as_ref().map(|formula| formula.text.as_str());
            if formula.is_some() {
                formulas.insert((cell.row, cell.column));
            }
            let facts = CellFacts {
                row: cell.row,
                column: cell.column,
                style: cell.style,
                shared_text: index.map(String::as_str),
                formula,
            };
            self.cell(sheet, &facts, known);
        }
        formulas
    }

    /// Indices and formula of a cell.
    fn cell(&mut self, sheet: &SheetEntry, cell: &CellFacts<'_>, known: &Known) {
        let lacks_style = cell.style as usize >= known.styles.max(1);
        // Without an index the cell is empty; some programs write it so.
        let index = cell.shared_text.map(str::trim).filter(|index| !index.is_empty());
        let lacks_text = index.is_some_and(|index| {
            let index = index.parse::<usize>();
            index.map_or(true, |index| index >= known.texts.len())
        });
        let is_open = cell
            .formula
            .is_some_and(|formula| !deskhand_formula::balanced(formula));
        let problems = [
            (lacks_style, "styleIndex", "has a format that is not there"),
            (lacks_text, "stringIndex", "has a text that is not there"),
            (is_open, "formula", "has a formula with open brackets or quotes"),
        ];
        for (_, code, what) in problems.into_iter().filter(|(there, ..)| *there) {
            let at = Area::cell(cell.row, cell.column);
            self.add(code, &sheet.part, &at, format!("{at} on `{}` {what}", sheet.name));
        }
    }

    /// Order of elements, merged areas.
    fn structure(&mut self, sheet: &SheetEntry, scanned: &Worksheet<'_>) {
        let ranks = scanned.elements.iter().filter_map(|element| {
            let local = element.tag.local();
            // Wrapped controls stand in several places.
            WORKSHEET
                .iter()
                .position(|known| *known == local && local != "AlternateContent")
                .map(|rank| (rank, local))
        });
        let mut last = 0;
        for (rank, local) in ranks {
            if rank < last {
                self.add(
                    "elementOrder",
                    &sheet.part,
                    &local,
                    format!("`{local}` on `{}` is out of order", sheet.name),
                );
            }
            last = rank.max(last);
        }
        // Sorted by their first row, only neighbours in rows can overlap.
        let mut merged = scanned.merged.clone();
        merged.sort();
        for (index, one) in merged.iter().enumerate() {
            let near = merged[index + 1..]
                .iter()
                .take_while(|other| other.top <= one.bottom);
            if let Some(other) = near.clone().find(|other| other.intersection(one).is_some()) {
                self.add(
                    "mergeOverlap",
                    &sheet.part,
                    one,
                    format!("merged cells {one} and {other} on `{}` overlap", sheet.name),
                );
            }
        }
    }

    /// Entries of the calculation chain are cells with formulas.
    fn calculation_chain(
        &mut self,
        workbook: &Workbook,
        formulas: &HashMap<String, Formulas>,
    ) -> Outcome<()> {
        for part in workbook.package.related(&workbook.part, "calcChain")? {
            let content = workbook.package.part(&part)?;
            let tree = Tree::parse(&part, &content, workbook.package.limits())?;
            let known: HashSet<String> = workbook.sheets.iter().map(|sheet| sheet.id.to_string()).collect();
            let mut sheet = String::new();
            for node in tree.root().children() {
                if let Some(own) = node.attribute("i") {
                    sheet = own.into_owned();
                }
                let text = node.attribute("r").unwrap_or_default();
                let Ok(area) = Area::parse(&text) else { continue };
                let stale = formulas
                    .get(&sheet)
                    .is_some_and(|formulas| !formulas.give(area.top, area.left));
                if stale || !known.contains(&sheet) {
                    self.add(
                        "calculationChain",
                        &part,
                        &text,
                        format!("the calculation chain names {text}, which holds no formula"),
                    );
                }
            }
        }
        Ok(())
    }
}
