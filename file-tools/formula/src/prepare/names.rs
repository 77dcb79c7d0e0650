//! Sheets, names and tables: what a formula means by them, and a formula without them.

use std::collections::HashMap;

use deskhand_operations::{Address, Area};

use crate::calculate::{CellAt, Problem, Table};
use crate::classes::{Takes, may_answer_many, takes};
use crate::engine::trust::{self, Facts};
use crate::functions::plain_name;
use crate::reference::{is_external, references, sheet_name};
use crate::structured::{self, NoCells};
use crate::token::{Kind, Token, tokens};

/// How deep names are followed.
pub(super) const DEPTH: usize = 8;
/// How long a formula may become when its names are replaced.
const MAX_LENGTH: usize = 65_536;

/// Sheets, names and tables by their names, case aside.
pub(crate) struct Names<'a> {
    pub(crate) sheets: Vec<&'a str>,
    index: HashMap<String, usize>,
    defined: HashMap<(Option<usize>, String), &'a str>,
    tables: HashMap<String, (usize, &'a Table)>,
    by_sheet: HashMap<usize, Vec<&'a Table>>,
    /// Functions by their names as written: their place in `known`.
    functions: HashMap<String, usize>,
    known: Vec<Known>,
    /// The last row and column of any sheet that hold anything.
    pub(super) extent: (u32, u32),
    date_1904: bool,
    /// True to let every engine try every function that it has.
    try_all: bool,
}

impl<'a> Names<'a> {
    pub(crate) fn new(problem: &'a Problem, try_all: bool) -> Self {
        let index: HashMap<String, usize> = (0..)
            .zip(&problem.sheets)
            .map(|(index, name)| (name.to_lowercase(), index))
            .collect();
        let mut tables = HashMap::new();
        let mut by_sheet: HashMap<usize, Vec<&Table>> = HashMap::new();
        for table in &problem.tables {
            if let Some(sheet) = index.get(&table.sheet.to_lowercase()) {
                tables.insert(table.name.to_lowercase(), (*sheet, table));
                by_sheet.entry(*sheet).or_default().push(table);
            }
        }
        let names = problem
            .names
            .iter()
            .map(|(name, local, refers_to)| ((*local, name.to_lowercase()), refers_to.as_str()));
        Self {
            sheets: problem.sheets.iter().map(String::as_str).collect(),
            defined: names.collect(),
            index,
            tables,
            by_sheet,
            functions: HashMap::new(),
            known: Vec::new(),
            extent: extent(problem),
            date_1904: problem.date_1904,
            try_all,
        }
    }

    pub(super) fn sheet(&self, name: &str) -> Option<usize> {
        self.index.get(&name.to_lowercase()).copied()
    }

    fn name(&self, name: &str, sheet: usize) -> Option<&'a str> {
        let name = name.to_lowercase();
        let local = self.defined.get(&(Some(sheet), name.clone()));
        local.or_else(|| self.defined.get(&(None, name))).copied()
    }

    /// A function's number by its name as written.
    pub(super) fn function(&mut self, written: &str) -> usize {
        if let Some(number) = self.functions.get(written) {
            return *number;
        }
        let plain = plain_name(written);
        self.known.push(Known {
            facts: trust::facts(&plain, self.date_1904, self.try_all),
            takes: std::array::from_fn(|index| takes(&plain, index)),
            many: may_answer_many(&plain),
            criteria: plain.ends_with("IF") || plain.ends_with("IFS"),
            makes: matches!(plain.as_str(), "SEQUENCE" | "MUNIT"),
            copies: matches!(
                plain.as_str(),
                "FILTER"
                    | "FREQUENCY"
                    | "GROWTH"
                    | "HSTACK"
                    | "LINEST"
                    | "MMULT"
                    | "SORT"
                    | "TRANSPOSE"
                    | "TREND"
                    | "UNIQUE"
                    | "VSTACK"
            ),
            branches: matches!(plain.as_str(), "IF" | "IFERROR" | "IFNA" | "CHOOSE"),
            plain,
        });
        self.functions.insert(written.to_owned(), self.known.len() - 1);
        self.known.len() - 1
    }

    /// A function by its number.
    pub(super) fn known(&self, number: usize) -> &Known {
        &self.known[number]
    }
}

fn extent(problem: &Problem) -> (u32, u32) {
    let constants = problem.constants.iter().map(|(cell, _)| cell);
    let formulas = problem.formulas.iter().map(|formula| &formula.cell);
    constants.chain(formulas).fold((0, 0), |(rows, columns), cell| {
        (rows.max(cell.row), columns.max(cell.column))
    })
}

/// What is known of a function.
pub(super) struct Known {
    /// Its name in upper case, without prefix.
    pub(super) plain: String,
    pub(super) facts: Facts,
    takes: [Takes; PARAMETERS],
    /// It may answer several cells.
    pub(super) many: bool,
    /// It compares with criteria, which may be several where arrays are computed.
    pub(super) criteria: bool,
    /// It makes an array of a size that its arguments say.
    pub(super) makes: bool,
    /// It makes an array of all that it is given.
    pub(super) copies: bool,
    /// It answers one of its arguments.
    pub(super) branches: bool,
}

/// Parameters after which only odd and even ones are told apart.
const PARAMETERS: usize = 10;

impl Known {
    pub(super) fn takes(&self, argument: usize) -> Takes {
        let beyond = argument.saturating_sub(PARAMETERS - 1).next_multiple_of(2);
        self.takes[argument - beyond]
    }
}

/// True for a name or a table column, which is to be replaced.
pub(super) fn is_name(token: &Token<'_>) -> bool {
    token.kind == Kind::Structured || (token.kind == Kind::Name && !is_constant(token.text))
}

pub(super) fn is_constant(name: &str) -> bool {
    name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case("false")
}

/// A reference with its sheet, as formulas write it.
fn written(sheet: &str, area: Area) -> String {
    Address {
        sheet: Some(sheet.to_owned()),
        area: Some(area),
    }
    .to_string()
}

/// Replaces names and table columns. `sheet` is the one whose names and cells the text means.
pub(super) fn expand(
    formula: &str,
    at: CellAt,
    sheet: usize,
    names: &Names<'_>,
    depth: usize,
    out: &mut String,
) -> Result<(), String> {
    let all = tokens(formula);
    let mut position = 0;
    while let Some(token) = all.get(position) {
        position += 1;
        let prefix = position.checked_sub(2).and_then(|before| all.get(before));
        let prefix = prefix.filter(|before| before.kind == Kind::Sheet);
        match token.kind {
            Kind::Sheet if all.get(position).is_some_and(|next| next.kind == Kind::Name) => {}
            Kind::Structured => out.push_str(&table_cells(None, token.text, at, names)?),
            Kind::Name if is_constant(token.text) => out.push_str(token.text),
            Kind::Name => {
                let specifier = all.get(position).filter(|next| next.kind == Kind::Structured);
                let table = names.tables.get(&token.text.to_lowercase());
                if let Some(table) = table {
                    position += usize::from(specifier.is_some());
                    let specifier = specifier.map_or("[]", |specifier| specifier.text);
                    out.push_str(&table_cells(Some(*table), specifier, at, names)?);
                } else if specifier.is_some() {
                    return Err(format!("there is no table `{}`", token.text));
                } else {
                    expand_name(
                        token.text,
                        prefix.map(|prefix| prefix.text),
                        at,
                        sheet,
                        names,
                        depth,
                        out,
                    )?;
                }
            }
            _ => out.push_str(token.text),
        }
        if out.len() > MAX_LENGTH {
            return Err("it is too long with its names replaced".to_owned());
        }
    }
    Ok(())
}

/// Replaces one name by what it refers to.
fn expand_name(
    name: &str,
    prefix: Option<&str>,
    at: CellAt,
    sheet: usize,
    names: &Names<'_>,
    depth: usize,
    out: &mut String,
) -> Result<(), String> {
    let sheet = match prefix.map(sheet_name) {
        None => sheet,
        Some(name) if is_external(&name) => return Err("it reads another workbook".to_owned()),
        Some(name) => names
            .sheet(&name)
            .ok_or_else(|| format!("there is no sheet `{name}`"))?,
    };
    let Some(refers_to) = names.name(name, sheet) else {
        out.push_str("#NAME?");
        return Ok(());
    };
    let Some(depth) = depth.checked_sub(1) else {
        return Err(format!("the name `{name}` goes in circles"));
    };
    let inner = tokens(refers_to);
    let mut sheeted = false;
    for token in &inner {
        let relative = token.kind == Kind::Reference && !(sheeted && is_absolute(token.text));
        if relative {
            return Err(format!("the name `{name}` means other cells in other places"));
        }
        sheeted = token.kind == Kind::Sheet;
    }
    let plain = matches!(
        inner.iter().map(|token| token.kind).collect::<Vec<_>>()[..],
        [Kind::Sheet, Kind::Reference] | [Kind::Number | Kind::Text | Kind::Error]
    );
    if !plain {
        out.push('(');
    }
    expand(refers_to, at, sheet, names, depth, out)?;
    if !plain {
        out.push(')');
    }
    Ok(())
}

/// True when every part of a reference is fixed: `$A$1:$B$9`, `$A:$B`.
fn is_absolute(reference: &str) -> bool {
    reference.split(':').all(|corner| {
        let letters = corner.contains(|c: char| c.is_ascii_alphabetic());
        let digits = corner.contains(|c: char| c.is_ascii_digit());
        corner.matches('$').count() == usize::from(letters) + usize::from(digits)
    })
}

/// The cells of a table, as a plain reference.
fn table_cells(
    table: Option<(usize, &Table)>,
    specifier: &str,
    at: CellAt,
    names: &Names<'_>,
) -> Result<String, String> {
    let around = || {
        let here = names.by_sheet.get(&at.sheet).into_iter().flatten();
        let table = here.copied().find(|table| table.area.contains(at.row, at.column));
        table.map(|table| (at.sheet, table))
    };
    let (sheet, table) = table
        .or_else(around)
        .ok_or("it names a column and stands in no table")?;
    // `[@Price]` means the formula's row, wherever the formula stands; only in the table's rows it means a cell.
    match structured::cells(table, specifier, at.row) {
        Ok(area) => Ok(written(names.sheets[sheet], area)),
        Err(NoCells::OtherRow) => Ok("#VALUE!".to_owned()),
        Err(NoCells::Unknown) => Err(format!("`{}{specifier}` cannot be read", table.name)),
    }
}

/// The cells that a formula names, directly, by table or by name, whether it can be computed or not.
pub(crate) fn named(formula: &str, at: CellAt, names: &Names<'_>) -> Vec<(usize, Area)> {
    let mut reads = Vec::new();
    gather(formula, at, names, DEPTH, &mut reads);
    reads
}

fn gather(formula: &str, at: CellAt, names: &Names<'_>, depth: usize, reads: &mut Vec<(usize, Area)>) {
    let sheet = at.sheet;
    let found = references(formula);
    for range in &found.ranges {
        let index = |name: &Option<String>| name.as_ref().map_or(Some(sheet), |name| names.sheet(name));
        if let Some(first) = index(&range.sheet) {
            let last = range
                .last_sheet
                .as_ref()
                .and_then(|name| names.sheet(name))
                .unwrap_or(first);
            reads.extend((first.min(last)..=first.max(last)).map(|sheet| (sheet, range.area)));
        }
    }
    for name in &found.names {
        let is_table = names.tables.contains_key(&name.to_lowercase());
        if let (false, Some(refers_to), Some(depth)) =
            (is_table, names.name(name, sheet), depth.checked_sub(1))
        {
            gather(refers_to, at, names, depth, reads);
        }
    }
    let tokens = tokens(formula);
    for (index, token) in tokens.iter().enumerate() {
        let specifier = tokens.get(index + 1).filter(|next| next.kind == Kind::Structured);
        let table = |token: &Token<'_>| names.tables.get(&token.text.to_lowercase());
        match token.kind {
            Kind::Name => reads.extend(table(token).and_then(|(sheet, table)| {
                let cells = rows_of(table, specifier.map_or("", |specifier| specifier.text), at);
                cells.map(|cells| (*sheet, cells))
            })),
            Kind::Structured if index == 0 || table(&tokens[index - 1]).is_none() => {
                let here = || names.by_sheet.get(&sheet).into_iter().flatten();
                let around = here().any(|table| table.area.contains(at.row, at.column));
                let meant = here().filter(|table| !around || table.area.contains(at.row, at.column));
                reads.extend(meant.filter_map(|table| Some((sheet, rows_of(table, token.text, at)?))));
            }
            _ => {}
        }
    }
}

/// The cells of a table that a specifier means; all where it is not understood, none where it means no row.
fn rows_of(table: &Table, specifier: &str, at: CellAt) -> Option<Area> {
    match structured::cells(table, specifier, at.row) {
        Ok(area) if !specifier.is_empty() => Some(area),
        Err(NoCells::OtherRow) => None,
        Ok(_) | Err(NoCells::Unknown) => Some(table.area),
    }
}

/// True where a formula, or a name that it uses, reads cells that are only known when it is computed.
pub(crate) fn roams(formula: &str, at: CellAt, names: &Names<'_>) -> bool {
    roams_within(formula, at.sheet, names, DEPTH)
}

fn roams_within(formula: &str, sheet: usize, names: &Names<'_>, depth: usize) -> bool {
    tokens(formula).iter().any(|token| match token.kind {
        Kind::Function => matches!(plain_name(token.text).as_str(), "INDIRECT" | "OFFSET"),
        Kind::Operator => matches!(token.text, ":" | "#"),
        Kind::Name => names
            .name(token.text, sheet)
            .zip(depth.checked_sub(1))
            .is_some_and(|(refers_to, depth)| roams_within(refers_to, sheet, names, depth)),
        _ => false,
    })
}
