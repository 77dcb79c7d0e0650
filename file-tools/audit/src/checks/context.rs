//! What the checks look at, and where they put what they find.

use std::collections::HashMap;

use deskhand_formula::from_file;
use deskhand_operations::Area;

use crate::finding::{Code, ModelFinding, Severity};
use crate::grid::Grid;
use crate::labels;
use crate::model::{Cell, FormatClass, Model};
use crate::parsed::Parsed;
use crate::runs;
use crate::trace::around;

/// Findings that are kept, notes apart.
const MAX_FINDINGS: usize = 5_000;

/// A direction in a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// Along a column.
    Down,
    /// Along a row.
    Across,
}

impl Axis {
    pub(crate) const BOTH: [Self; 2] = [Self::Down, Self::Across];

    /// Line and position of a cell.
    pub(crate) fn split(self, row: u32, column: u32) -> (u32, u32) {
        match self {
            Self::Down => (column, row),
            Self::Across => (row, column),
        }
    }

    /// Line, first and last position of an area that is one wide.
    pub(crate) fn along(self, area: Area) -> Option<(u32, u32, u32)> {
        match self {
            Self::Down => (area.left == area.right).then_some((area.left, area.top, area.bottom)),
            Self::Across => (area.top == area.bottom).then_some((area.top, area.left, area.right)),
        }
    }

    /// The area of a stretch of a line.
    pub(crate) fn area(self, line: u32, from: u32, to: u32) -> Area {
        match self {
            Self::Down => Area {
                top: from,
                left: line,
                bottom: to,
                right: line,
            },
            Self::Across => Area {
                top: line,
                left: from,
                bottom: line,
                right: to,
            },
        }
    }
}

/// A formula that adds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Total {
    /// What it adds.
    pub(crate) parts: Vec<(usize, Area)>,
    /// True for SUBTOTAL and AGGREGATE, which leave out their like.
    pub(crate) skips: bool,
    /// True when it does nothing else.
    pub(crate) pure: bool,
}

/// What is known of a formula.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    /// The number of its form; cells that compute alike have the same.
    pub(crate) form: u32,
    pub(crate) total: Option<Total>,
}

/// The model, made ready for the checks.
pub(crate) struct Context<'a> {
    pub(crate) model: &'a Model,
    pub(crate) grids: Vec<Grid<'a>>,
    /// Facts by sheet and index of the cell.
    facts: HashMap<(usize, usize), Fact>,
    /// How many cells hold each form.
    forms: Vec<u32>,
    /// Formulas in order.
    pub(crate) formulas: Vec<(usize, usize)>,
    /// Sheets that are looked at.
    pub(crate) wanted: Vec<bool>,
    pub(crate) findings: Vec<ModelFinding>,
    /// The last finding of a code and form: what lies beside it is joined with it.
    last: HashMap<(Code, u32), usize>,
    pub(crate) dropped: usize,
}

impl<'a> Context<'a> {
    pub(crate) fn new(model: &'a Model, wanted: Vec<bool>) -> Self {
        let formulas = model.formulas();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut forms = Vec::new();
        let mut facts = HashMap::with_capacity(formulas.len());
        for (sheet, index) in &formulas {
            let cell = &model.sheets[*sheet].cells[*index];
            let next = numbers.len() as u32;
            let form = *numbers.entry(runs::form(cell)).or_insert(next);
            if form == next {
                forms.push(0);
            }
            forms[form as usize] += 1;
            let parsed = Parsed::new(model, *sheet, cell.formula.as_deref().unwrap_or_default());
            let total = total(&parsed);
            facts.insert((*sheet, *index), Fact { form, total });
        }
        Self {
            model,
            grids: model.sheets.iter().map(Grid::new).collect(),
            facts,
            forms,
            formulas,
            wanted,
            findings: Vec::new(),
            last: HashMap::new(),
            dropped: 0,
        }
    }

    pub(crate) fn cell(&self, sheet: usize, index: usize) -> &'a Cell {
        &self.model.sheets[sheet].cells[index]
    }

    pub(crate) fn fact(&self, sheet: usize, index: usize) -> Option<&Fact> {
        self.facts.get(&(sheet, index))
    }

    /// What is known of the formula at a place.
    pub(crate) fn fact_at(&self, sheet: usize, row: u32, column: u32) -> Option<&Fact> {
        self.fact(sheet, self.grids.get(sheet)?.index(row, column)?)
    }

    /// The form at a place of a line.
    pub(crate) fn form_at(&self, sheet: usize, axis: Axis, line: u32, position: u32) -> Option<u32> {
        let area = axis.area(line, position, position);
        self.fact_at(sheet, area.top, area.left).map(|fact| fact.form)
    }

    /// The cell at a place of a line.
    pub(crate) fn on(&self, sheet: usize, axis: Axis, line: u32, position: u32) -> Option<&'a Cell> {
        let area = axis.area(line, position, position);
        self.grids.get(sheet)?.at(area.top, area.left)
    }

    /// How many cells compute as this form does.
    pub(crate) fn count(&self, form: u32) -> u32 {
        self.forms[form as usize]
    }

    pub(crate) fn parsed(&self, sheet: usize, index: usize) -> Parsed {
        let text = self.cell(sheet, index).formula.as_deref().unwrap_or_default();
        Parsed::new(self.model, sheet, text)
    }

    pub(crate) fn class(&self, cell: &Cell) -> FormatClass {
        self.model
            .looks
            .get(cell.look as usize)
            .map_or(FormatClass::General, |look| look.class)
    }

    pub(crate) fn bold(&self, cell: &Cell) -> bool {
        self.model
            .looks
            .get(cell.look as usize)
            .is_some_and(|look| look.bold)
    }

    /// Half of the last digit that a cell shows.
    pub(crate) fn tolerance(&self, cell: &Cell) -> f64 {
        let decimals = self
            .model
            .looks
            .get(cell.look as usize)
            .and_then(|look| look.decimals);
        let shown = decimals.map_or(0.005, |decimals| 0.5 * 10f64.powi(-(decimals.min(12) as i32)));
        shown.min(0.5)
    }

    /// The formula at a place as people write it, or its value.
    pub(crate) fn written(cell: &Cell) -> String {
        match &cell.formula {
            Some(text) => format!("={}", from_file(text)),
            None => match cell.number() {
                Some(number) => crate::finding::shown(number),
                None => cell
                    .text()
                    .or_else(|| cell.error())
                    .unwrap_or("nothing")
                    .to_owned(),
            },
        }
    }

    /// An area with its sheet.
    pub(crate) fn address(&self, sheet: usize, area: Area) -> String {
        self.model.address(sheet, area)
    }

    /// A finding without expectation and evidence.
    pub(crate) fn finding(
        &self,
        code: Code,
        severity: Severity,
        sheet: usize,
        area: Area,
        sentence: String,
    ) -> ModelFinding {
        ModelFinding {
            code,
            severity,
            sheet,
            area,
            label: labels::of(&self.grids[sheet], area.top, area.left),
            sentence,
            expected: None,
            actual: None,
            evidence: Vec::new(),
        }
    }

    /// Keeps a finding. One that lies beside the last of its code and form is joined with it.
    pub(crate) fn add(&mut self, finding: ModelFinding, form: Option<u32>) {
        if !self.wanted.get(finding.sheet).copied().unwrap_or(false) {
            return;
        }
        if let Some(last) = form.and_then(|form| self.last.get(&(finding.code, form))) {
            let held = &mut self.findings[*last];
            let (one, other) = (held.area, finding.area);
            let down = one.left == other.left && one.right == other.right && other.top <= one.bottom + 1;
            let across = one.top == other.top && one.bottom == other.bottom && other.left <= one.right + 1;
            if held.sheet == finding.sheet && (down || across) {
                held.area = around(one, other);
                return;
            }
        }
        if self.findings.len() >= MAX_FINDINGS {
            self.dropped += 1;
            return;
        }
        if let Some(form) = form {
            self.last.insert((finding.code, form), self.findings.len());
        }
        self.findings.push(finding);
    }
}

const SUMS: [&str; 3] = ["SUM", "SUBTOTAL", "AGGREGATE"];

/// What a formula adds, where it adds.
fn total(parsed: &Parsed) -> Option<Total> {
    let sums = |call: &usize| {
        let name = parsed.calls[*call].name.as_str();
        SUMS.contains(&name)
    };
    let calls: Vec<usize> = (0..parsed.calls.len()).filter(sums).collect();
    if let Some(first) = calls.first() {
        let skips = parsed.calls[*first].name != "SUM";
        let inside = |call: Option<(usize, usize)>| call.is_some_and(|(call, _)| calls.contains(&call));
        let parts = parsed
            .references
            .iter()
            .filter(|reference| inside(reference.call) && plain(reference.beside.before));
        let parts: Vec<_> = parts.filter_map(|part| Some((part.sheet?, part.area))).collect();
        // SUBTOTAL names its function by a number: 9 and 109 add.
        let adds = !skips
            || parsed
                .literals
                .iter()
                .any(|literal| literal.call == Some((*first, 0)) && [9.0, 109.0].contains(&literal.value));
        let outside = parsed.references.iter().any(|reference| !inside(reference.call))
            || parsed.literals.iter().any(|literal| !inside(literal.call));
        let pure = parsed.calls.len() == 1 && !outside && !parsed.other;
        return (adds && !parts.is_empty()).then_some(Total { parts, skips, pure });
    }
    let added = parsed.calls.is_empty()
        && !parsed.other
        && parsed.literals.is_empty()
        && parsed.references.len() >= 2;
    let plus = |reference: &crate::parsed::Ref| {
        let good = |operator: Option<char>| matches!(operator, None | Some('+'));
        reference.area.cells() == 1 && good(reference.beside.before) && good(reference.beside.after)
    };
    (added && parsed.references.iter().all(plus)).then(|| Total {
        parts: parsed
            .references
            .iter()
            .filter_map(|part| Some((part.sheet?, part.area)))
            .collect(),
        skips: false,
        pure: true,
    })
}

/// True where a part is added as it is.
fn plain(operator: Option<char>) -> bool {
    matches!(operator, None | Some('+'))
}
