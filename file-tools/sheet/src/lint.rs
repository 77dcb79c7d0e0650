//! The check after every change: what Excel repairs or refuses and no schema validator sees.

use std::collections::{HashMap, HashSet};

use deskhand_opc::Package;
use deskhand_opc::xml::Tree;
use deskhand_operations::{Area, CellValue, Refusal};

use crate::cells::Keep;
use crate::error::Outcome;
use crate::ops::values::value;
use crate::outline::WORKSHEET;
use crate::sheet::Worksheet;
use crate::strings;
use crate::styles::Styles;
use crate::tables::{self, TableEntry};
use crate::workbook::{SheetEntry, SheetKind, Workbook};

/// Something wrong in a workbook.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// A stable code: `cellOrder`, `tableHeader`.
    pub code: &'static str,
    /// The part.
    pub part: String,
    /// Where in it: a cell, a name, an id.
    pub location: String,
    /// One sentence without its full stop.
    pub sentence: String,
}

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
    found.relationships(&workbook.package)?;
    let strings = strings::shared(workbook)?;
    let styles = Styles::read(workbook)?.len();
    let mut formulas = HashMap::new();
    let worksheets = workbook
        .sheets
        .iter()
        .filter(|sheet| sheet.kind == SheetKind::Worksheet);
    for sheet in worksheets {
        if !found.looks_at(&sheet.part) {
            continue;
        }
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::All)?;
        found.cells(sheet, &scanned, &strings, styles);
        found.structure(sheet, &scanned);
        found.tables(workbook, sheet, &scanned, &strings)?;
        let with_formula = scanned.data.cells.iter().filter(|cell| cell.formula.is_some());
        formulas.insert(
            sheet.id.to_string(),
            with_formula
                .map(|cell| (cell.row, cell.column))
                .collect::<HashSet<_>>(),
        );
    }
    found.calculation_chain(workbook, &formulas)?;
    Ok(found.list)
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
            if sheet.part.is_empty() {
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

    /// Every part has a type, every relationship leads to a part, every `r:id` is a relationship.
    fn relationships(&mut self, package: &Package) -> Outcome<()> {
        let types = package.content_types()?;
        let parts: Vec<String> = package.parts().map(str::to_owned).collect();
        for part in parts.iter().filter(|part| *part != "[Content_Types].xml") {
            if types.of(part).is_none() {
                self.add(
                    "contentType",
                    part,
                    &"",
                    format!("the part `{part}` has no content type"),
                );
            }
        }
        for source in parts.iter().map(String::as_str).chain([""]) {
            let relationships = package.relationships(source)?;
            let mut ids = HashSet::new();
            for relationship in &relationships {
                if !ids.insert(relationship.id.clone()) {
                    self.add(
                        "relationshipTwice",
                        source,
                        &relationship.id,
                        format!("`{source}` has two relationships `{}`", relationship.id),
                    );
                }
                let lost = relationship
                    .part()
                    .filter(|part| !package.contains(part) && !part.is_empty());
                if let Some(target) = lost {
                    self.add(
                        "relationshipTarget",
                        source,
                        &relationship.id,
                        format!("`{source}` leads to `{target}`, which is not there"),
                    );
                }
            }
            let is_sheet =
                source.to_lowercase().starts_with("xl/") && source.to_lowercase().ends_with(".xml");
            if is_sheet && self.looks_at(source) {
                self.ids(package, source, &ids)?;
            }
        }
        Ok(())
    }

    /// `r:id` and its kin in a part.
    fn ids(&mut self, package: &Package, source: &str, ids: &HashSet<String>) -> Outcome<()> {
        let content = package.part(source)?;
        let mut reader = deskhand_opc::xml::Reader::new(source, &content, package.limits())?;
        while let Some(event) = reader.next_event()? {
            let deskhand_opc::xml::Event::Start(tag) = event else {
                continue;
            };
            if let Some(id) = tag
                .find("r:id")
                .filter(|id| !id.raw.is_empty() && !ids.contains(id.raw))
            {
                self.add(
                    "relationshipId",
                    source,
                    &id.raw,
                    format!(
                        "`{source}` uses the relationship `{}`, which is not there",
                        id.raw
                    ),
                );
            }
        }
        Ok(())
    }

    /// Order, indices and formulas of cells.
    fn cells(&mut self, sheet: &SheetEntry, scanned: &Worksheet<'_>, strings: &[String], styles: usize) {
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
        for cell in &scanned.data.cells {
            let at = Area::cell(cell.row, cell.column);
            let here = format!("{at} on `{}`", sheet.name);
            if cell.style as usize >= styles.max(1) {
                self.add(
                    "styleIndex",
                    &sheet.part,
                    &at,
                    format!("{here} has a format that is not there"),
                );
            }
            let dangling = cell.kind == "s"
                && cell.value.as_ref().is_some_and(|text| {
                    text.trim()
                        .parse::<usize>()
                        .map_or(true, |index| index >= strings.len())
                });
            if dangling {
                self.add(
                    "stringIndex",
                    &sheet.part,
                    &at,
                    format!("{here} has a text that is not there"),
                );
            }
            if cell
                .formula
                .as_ref()
                .is_some_and(|formula| !deskhand_formula::balanced(&formula.text))
            {
                self.add(
                    "formula",
                    &sheet.part,
                    &at,
                    format!("the formula in {here} has open brackets or quotes"),
                );
            }
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

    /// Tables: columns called as their header cells, names and areas each their own.
    fn tables(
        &mut self,
        workbook: &Workbook,
        sheet: &SheetEntry,
        scanned: &Worksheet<'_>,
        strings: &[String],
    ) -> Outcome<()> {
        let own = tables::of_sheet(&workbook.package, sheet)?;
        let all = tables::all(workbook)?;
        for (index, table) in own.iter().enumerate() {
            let (part, name) = (&table.part, &table.name);
            if all
                .iter()
                .filter(|(_, other)| other.name.eq_ignore_ascii_case(name))
                .count()
                > 1
            {
                self.add(
                    "tableNameTwice",
                    part,
                    name,
                    format!("two tables are called `{name}`"),
                );
            }
            if all.iter().filter(|(_, other)| other.id == table.id).count() > 1 {
                self.add(
                    "tableIdTwice",
                    part,
                    name,
                    format!("the table `{name}` has the id of another"),
                );
            }
            if own[index + 1..]
                .iter()
                .any(|other| other.area.intersection(&table.area).is_some())
            {
                self.add(
                    "tableOverlap",
                    part,
                    name,
                    format!("the table `{name}` overlaps another"),
                );
            }
            if table.columns.len() != table.area.columns() as usize {
                self.add(
                    "tableColumns",
                    part,
                    name,
                    format!("the table `{name}` has another number of columns than its range"),
                );
            }
            if table.header_rows > 0 {
                self.headers(table, scanned, strings);
            }
        }
        Ok(())
    }

    /// A table's columns are called as its header cells.
    fn headers(&mut self, table: &TableEntry, scanned: &Worksheet<'_>, strings: &[String]) {
        let plain = |text: &str| text.replace("\r\n", "\n");
        for (column, expected) in (table.area.left..).zip(&table.columns) {
            let at = (table.area.top, column);
            let held = scanned
                .data
                .cells
                .binary_search_by_key(&at, |cell| (cell.row, cell.column));
            let held = held.map_or(CellValue::Empty, |index| {
                value(&scanned.data.cells[index], strings)
            });
            if !matches!(&held, CellValue::Text(text) if plain(text) == plain(expected)) {
                let at = Area::cell(table.area.top, column);
                let sentence = format!(
                    "the header {at} of the table `{}` does not read `{expected}`",
                    table.name
                );
                self.add("tableHeader", &table.part, &at, sentence);
            }
        }
    }

    /// Entries of the calculation chain are cells with formulas.
    fn calculation_chain(
        &mut self,
        workbook: &Workbook,
        formulas: &HashMap<String, HashSet<(u32, u32)>>,
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
                    .is_some_and(|cells| !cells.contains(&(area.top, area.left)));
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
