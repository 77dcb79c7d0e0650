//! Which engine is trusted with which function, and which functions no engine may compute.

use super::EngineName;

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
    pub(crate) never: Option<Never>,
    /// Its answer depends on hidden rows, and on which cells hold subtotals.
    pub(crate) subtotal: bool,
}

impl Facts {
    /// References over several sheets: only the first engine follows them.
    pub(crate) const SPAN: Self = Self {
        engines: 1,
        never: None,
        subtotal: false,
    };

    /// Nothing that any engine would not compute.
    pub(crate) fn all() -> Self {
        Self {
            engines: EngineName::ALL.iter().fold(0, |bits, engine| bits | engine.bit()),
            never: None,
            subtotal: false,
        }
    }

    /// Both at once.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            engines: self.engines & other.engines,
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

/// What is known of a function by its plain name. `try_all` trusts every engine with all that it has.
pub(crate) fn facts(name: &str, date_1904: bool, try_all: bool) -> Facts {
    let mut facts = Facts {
        never: never(name),
        subtotal: matches!(name, "SUBTOTAL" | "AGGREGATE"),
        ..Facts::all()
    };
    if !try_all {
        facts.engines = trusted(name);
    }
    if date_1904 && DATES.contains(&name) {
        facts.engines &= !EngineName::IronCalc.bit();
    }
    facts
}

/// The bits of the engines that are trusted with a function.
fn trusted(_name: &str) -> u8 {
    3
}
