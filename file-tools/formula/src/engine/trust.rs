//! Which engine is trusted with which function, and which functions no engine may compute.
//!
//! What the lists hold in spite of a difference, and why:
//! - `NPV`, `IRR`, `SIN`, `COS`, `TAN`, `COT`, `SEC`, `CSC`, `GAMMALN`: near zero and near poles the last digits differ, by less
//!   than 1e-12 or than the rounding of the argument itself.
//! - `IRR`, `XIRR`, `RATE`, `YIELD`: found by iteration, which Excel ends within 0.00001 percent; so do the engines.
//! - `AND`, `OR`, `XOR`, `AVERAGE`, `SMALL`, `PRODUCT`: the first engine reads a text that is an argument itself
//!   (`AND("TRUE")`) otherwise than Excel; such formulas are not given to it.
//!
//! Not trusted although an engine has it: `CELL`-like functions, `TEXT`, `COUNTIF`, `CONVERT`, `ACCRINT` and `XLOOKUP` of the first
//! engine; `SUMIF`, `INDEX` and dates before March 1900 of the second; `VALUE`, `BESSELJ`, `BESSELY`, `CUMPRINC`, `CONFIDENCE.T`,
//! `ERROR.TYPE`, `DROP`, `TAKE` of either.

mod functions;

use super::EngineName;
use functions::{BOTH, FIRST, FIRST_DELICATE, FIRST_DELICATE_ALONE, SECOND};

/// Why a function is never computed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Never {
    /// Time or chance.
    Volatile,
    /// It asks what only Excel knows: the window, the file, hidden rows, a pivot table.
    Excel,
    /// What it reads is only known when it is computed.
    Indirect,
    /// It reaches outside the workbook, or is an add-in's or a data vendor's.
    Outside,
}

impl Never {
    pub(crate) fn sentence(self, function: &str) -> String {
        match self {
            Self::Volatile => format!("{function} depends on time or chance and is not computed here"),
            Self::Excel => format!("{function} asks what only Excel knows and is not computed here"),
            Self::Indirect => {
                format!("what {function} reads is only known in Excel; it is not computed here")
            }
            Self::Outside => format!("{function} is not a function of Excel alone and is not computed here"),
        }
    }
}

/// What is known of one function, or of all functions of a formula together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The bits of the engines that are trusted.
    pub(crate) engines: u8,
    /// The bits of the engines that are trusted only as long as no error goes in or comes out.
    pub(crate) delicate: u8,
    /// A text that is an argument itself is not for the first engine.
    pub(crate) texts: bool,
    pub(crate) never: Option<Never>,
    /// Its answer depends on hidden rows, and on which cells hold subtotals.
    pub(crate) subtotal: bool,
}

impl Facts {
    /// References over several sheets: only the first engine follows them.
    pub(crate) const SPAN: Self = Self {
        engines: 1,
        ..Self::NONE
    };

    const NONE: Self = Self {
        engines: 0,
        delicate: 0,
        texts: false,
        never: None,
        subtotal: false,
    };

    /// Nothing that any engine would not compute.
    pub(crate) fn all() -> Self {
        Self {
            engines: EngineName::ALL.iter().fold(0, |bits, engine| bits | engine.bit()),
            ..Self::NONE
        }
    }

    /// Both at once.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            engines: self.engines & other.engines,
            delicate: self.delicate | other.delicate,
            texts: self.texts || other.texts,
            never: self.never.or(other.never),
            subtotal: self.subtotal || other.subtotal,
        }
    }
}

/// Functions that count days from the workbook's day 0, or show such counts. The second engine knows only 1900.
const DATES: &[&str] = &[
    "DATE",
    "DATEDIF",
    "DATEVALUE",
    "DAY",
    "DAYS",
    "DAYS360",
    "EDATE",
    "EOMONTH",
    "HOUR",
    "ISOWEEKNUM",
    "MINUTE",
    "MONTH",
    "NETWORKDAYS",
    "NETWORKDAYS.INTL",
    "SECOND",
    "TEXT",
    "WEEKDAY",
    "WEEKNUM",
    "WORKDAY",
    "WORKDAY.INTL",
    "XIRR",
    "XNPV",
    "YEAR",
    "YEARFRAC",
];

fn never(name: &str) -> Option<Never> {
    match name {
        "NOW" | "TODAY" | "RAND" | "RANDARRAY" | "RANDBETWEEN" => Some(Never::Volatile),
        "CELL" | "INFO" | "GETPIVOTDATA" | "HYPERLINK" | "FORMULATEXT" | "ISFORMULA" | "PHONETIC" => {
            Some(Never::Excel)
        }
        "INDIRECT" | "OFFSET" => Some(Never::Indirect),
        _ if crate::risk::outside_reach(&format!("{name}(1)")).is_some() => Some(Never::Outside),
        _ => None,
    }
}

/// True for a function whose answer is that of a moment, of a computer or of Excel alone; by its plain name.
pub(crate) fn is_excels_own(name: &str) -> bool {
    never(name).is_some_and(|never| never != Never::Indirect)
}

/// What is known of a function by its plain name. `try_all` trusts every engine with all that it has.
pub(crate) fn facts(name: &str, date_1904: bool, try_all: bool) -> Facts {
    let mut facts = Facts {
        never: never(name),
        subtotal: matches!(name, "SUBTOTAL" | "AGGREGATE"),
        ..Facts::all()
    };
    if !try_all {
        (facts.engines, facts.delicate) = trusted(name);
        facts.texts = matches!(name, "AND" | "OR" | "XOR" | "AVERAGE" | "SMALL" | "PRODUCT");
    }
    if date_1904 && DATES.contains(&name) {
        facts.engines &= !EngineName::IronCalc.bit();
    }
    facts
}

/// The bits of the engines that are trusted with a function, and of those that are only without errors.
fn trusted(name: &str) -> (u8, u8) {
    let (first, second) = (EngineName::Formualizer.bit(), EngineName::IronCalc.bit());
    let held = |list: &[&str]| list.binary_search(&name).is_ok();
    if held(BOTH) {
        (first | second, 0)
    } else if held(FIRST_DELICATE) {
        (first | second, first)
    } else if held(SECOND) {
        (second, 0)
    } else if held(FIRST) {
        (first, 0)
    } else if held(FIRST_DELICATE_ALONE) {
        (first, first)
    } else {
        (0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::functions::{BOTH, FIRST, FIRST_DELICATE, FIRST_DELICATE_ALONE, SECOND};
    use super::{facts, never};

    #[test]
    fn every_function_stands_in_one_list_in_order() {
        let lists = [BOTH, FIRST, FIRST_DELICATE, FIRST_DELICATE_ALONE, SECOND];
        for list in lists {
            assert!(list.is_sorted(), "{list:?}");
        }
        let mut all = lists.concat();
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "{all:?}");
        assert!(all.iter().all(|name| never(name).is_none()));
    }

    #[test]
    fn what_was_never_measured_is_trusted_to_nobody() {
        assert_eq!(facts("VALUE", false, false).engines, 0);
        assert_eq!(facts("AGGREGATE", false, false).engines, 0);
        assert_eq!(
            facts("TEXT", true, false).engines,
            0,
            "the second engine knows 1900 only"
        );
        assert_eq!(facts("TEXT", false, false).engines, 2);
    }
}
