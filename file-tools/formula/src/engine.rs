//! The calculation engines behind one trait. Each is given formulas with plain references and the values that they read,
//! and answers values; which functions it is trusted with is [`trust`]'s.

pub(crate) mod formualizer;
pub(crate) mod ironcalc;
pub(crate) mod trust;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use deskhand_operations::CellValue;

use crate::calculate::CellAt;

/// An engine by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EngineName {
    /// The first: formualizer.
    Formualizer,
    /// The second opinion and fallback: IronCalc.
    IronCalc,
}

impl EngineName {
    /// Both, in the order in which they are asked.
    pub const ALL: [Self; 2] = [Self::Formualizer, Self::IronCalc];

    /// As reports name it, with its version.
    pub fn version(self) -> &'static str {
        match self {
            Self::Formualizer => "formualizer 0.13",
            Self::IronCalc => "IronCalc 0.9",
        }
    }

    pub(crate) fn bit(self) -> u8 {
        match self {
            Self::Formualizer => 1,
            Self::IronCalc => 2,
        }
    }

    pub(crate) fn engine(self) -> &'static dyn Engine {
        match self {
            Self::Formualizer => &formualizer::Formualizer,
            Self::IronCalc => &ironcalc::IronCalc,
        }
    }
}

/// A value that formulas read.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// A number, a text, TRUE or FALSE, or nothing.
    Value(CellValue),
    /// An error such as `#N/A`.
    Error(String),
}

/// What an engine is asked.
pub(crate) struct Task<'a> {
    pub(crate) sheets: &'a [String],
    /// Values of the file.
    pub(crate) constants: &'a [(CellAt, Constant)],
    /// Values that were computed before.
    pub(crate) computed: &'a [(CellAt, Constant)],
    /// Formulas without `=`, with plain references only, and whether they are array formulas.
    pub(crate) formulas: &'a [(CellAt, &'a str)],
    pub(crate) date_1904: bool,
    /// Set when nobody waits for the answer any more.
    pub(crate) cancelled: &'a Arc<AtomicBool>,
}

/// What an engine answers for one formula.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Value(CellValue),
    /// An error that Excel would show too.
    Error(String),
    /// It did not compute the formula.
    Failed(&'static str),
}

/// A calculation engine.
pub(crate) trait Engine: Sync {
    /// True when it takes a task with so many formulas that look at so many cells.
    fn takes(&self, formulas: usize, visits: u64) -> bool;

    /// One answer a formula, in order; an error when it could not work at all.
    fn calculate(&self, task: &Task<'_>) -> Result<Vec<Answer>, String>;
}

/// The error's name as Excel spells it, when a text is one that Excel has for formulas.
pub(crate) fn is_error(text: &str) -> bool {
    matches!(
        text,
        "#NULL!" | "#DIV/0!" | "#VALUE!" | "#REF!" | "#NAME?" | "#NUM!" | "#N/A" | "#CALC!"
    )
}

/// Values by sheet, sorted by row and column, each place once: later ones win.
pub(crate) fn by_sheet<'a>(task: &Task<'a>) -> HashMap<usize, Vec<(u32, u32, &'a Constant)>> {
    let mut sheets: HashMap<usize, Vec<(u32, u32, &Constant)>> = HashMap::new();
    for (cell, value) in task.constants.iter().chain(task.computed) {
        sheets
            .entry(cell.sheet)
            .or_default()
            .push((cell.row, cell.column, value));
    }
    for cells in sheets.values_mut() {
        let place = |cell: &(u32, u32, &Constant)| (cell.0, cell.1);
        if !cells.is_sorted_by_key(place) {
            cells.sort_by_key(place);
        }
        cells.dedup_by(|later, earlier| {
            let same = place(later) == place(earlier);
            if same {
                *earlier = *later;
            }
            same
        });
    }
    sheets
}

/// A number as an answer: Excel has no infinity, no minus zero, and nothing that is not a number.
pub(crate) fn number(value: f64) -> Answer {
    if value.is_finite() {
        Answer::Value(CellValue::Number(if value == 0.0 { 0.0 } else { value }))
    } else {
        Answer::Error("#NUM!".to_owned())
    }
}

/// The longest text of a cell, in UTF-16 units.
const MAX_TEXT: usize = 32_767;

/// A text as an answer.
pub(crate) fn text(text: String) -> Answer {
    if text.len() > MAX_TEXT && text.encode_utf16().count() > MAX_TEXT {
        Answer::Error("#VALUE!".to_owned())
    } else {
        Answer::Value(CellValue::Text(text))
    }
}
