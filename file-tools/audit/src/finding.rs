//! What the checks find.

use deskhand_operations::Area;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A figure is wrong.
    Error,
    /// A figure is likely wrong.
    Warning,
    /// Worth a look.
    Note,
}

/// What was found. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A formula answers an error that it does not inherit.
    ErrorValue,
    /// A formula names cells that are gone.
    BrokenReference,
    /// A cell that should be zero is not.
    CheckNotZero,
    /// A total is not the sum of its parts.
    TotalDiffers,
    /// A total is typed in.
    TotalTyped,
    /// A sum leaves out the cell next to its range.
    SumMisses,
    /// A sum leaves out cells in its midst.
    SumGap,
    /// A sum counts parts and their total.
    SumCountsTwice,
    /// A number stands among formulas.
    ConstantAmongFormulas,
    /// A formula differs from the ones around it.
    Inconsistent,
    /// A number is added to what a formula computes.
    Plug,
    /// A number stands in formulas that are alike.
    NumberInFormulas,
    /// A reference moves along where its cells do not.
    MissingAnchor,
    /// A formula reads a text as a number.
    ReadsText,
    /// A formula that reads its own value, through others or by itself.
    Circular,
    /// A lookup asks for a column beyond its table.
    LookupBeyond,
    /// A lookup for the nearest value in a list that is not sorted.
    LookupUnsorted,
    /// A lookup's table ends before its data.
    LookupMisses,
    /// A number is held as text.
    NumberAsText,
    /// A date is held as text.
    DateAsText,
    /// One number's sign differs from all others.
    SignBreak,
    /// One number's magnitude differs from all others.
    UnitBreak,
    /// Hidden cells are part of a sum.
    HiddenInSum,
    /// A hidden sheet is read.
    HiddenSheet,
    /// Another workbook is read.
    External,
    /// Values change with every calculation.
    Volatile,
}

impl Code {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ErrorValue => "value.error",
            Self::BrokenReference => "reference.broken",
            Self::CheckNotZero => "check.notZero",
            Self::TotalDiffers => "total.differs",
            Self::TotalTyped => "total.typed",
            Self::SumMisses => "sum.missesCells",
            Self::SumGap => "sum.gap",
            Self::SumCountsTwice => "sum.countsTwice",
            Self::ConstantAmongFormulas => "formula.constantAmongFormulas",
            Self::Inconsistent => "formula.inconsistent",
            Self::Plug => "formula.plug",
            Self::NumberInFormulas => "formula.numberInside",
            Self::MissingAnchor => "formula.missingAnchor",
            Self::ReadsText => "reference.text",
            Self::Circular => "formula.circular",
            Self::LookupBeyond => "lookup.beyondTable",
            Self::LookupUnsorted => "lookup.unsorted",
            Self::LookupMisses => "lookup.missesRows",
            Self::NumberAsText => "value.numberAsText",
            Self::DateAsText => "value.dateAsText",
            Self::SignBreak => "value.sign",
            Self::UnitBreak => "value.unit",
            Self::HiddenInSum => "hidden.inSum",
            Self::HiddenSheet => "hidden.sheet",
            Self::External => "reference.external",
            Self::Volatile => "formula.volatile",
        }
    }
}

/// A finding, with what shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFinding {
    /// What it is.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// The sheet's place.
    pub sheet: usize,
    /// The cells.
    pub area: Area,
    /// What the first cell is about, from the texts around it.
    pub label: Option<String>,
    /// One sentence, as an auditor would write it.
    pub sentence: String,
    /// The formula or value that was expected.
    pub expected: Option<String>,
    /// The formula or value that was found.
    pub actual: Option<String>,
    /// The cells that show it: sheet and area.
    pub evidence: Vec<(usize, Area)>,
}

/// A number for a sentence: at most 10 significant digits, thousands separated.
pub(crate) fn shown(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 {
            "0".to_owned()
        } else {
            number.to_string()
        };
    }
    let size = number.abs().log10().floor();
    if !(-6.0..15.0).contains(&size) {
        return format!("{number:e}");
    }
    let decimals = (9.0 - size).clamp(0.0, 10.0) as usize;
    let text = format!("{:.decimals$}", number.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let rest = rest.trim_end_matches('0');
    let sign = if number < 0.0 { "-" } else { "" };
    if rest.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn numbers_read_as_people_write_them() {
        let cases = [
            (1_234_567.5, "1,234,567.5"),
            (-0.25, "-0.25"),
            (0.1 + 0.2, "0.3"),
            (999.0, "999"),
            (1e20, "1e20"),
            (0.0, "0"),
        ];
        for (number, expected) in cases {
            assert_eq!(shown(number), expected);
        }
    }
}
