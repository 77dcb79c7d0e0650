//! Parameters of conditional formats and data validation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::cell::CellValue;

/// How a rule compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum Comparison {
    /// From the first to the second.
    Between,
    /// Outside.
    NotBetween,
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Greater.
    GreaterThan,
    /// Less.
    LessThan,
    /// Greater or equal.
    GreaterThanOrEqual,
    /// Less or equal.
    LessThanOrEqual,
}

/// A period that moves with today. Weeks begin on Sunday, as in Excel's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum DatePeriod {
    /// Yesterday.
    Yesterday,
    /// Today.
    Today,
    /// Tomorrow.
    Tomorrow,
    /// Today and the six days before.
    Last7Days,
    /// The week before this one.
    LastWeek,
    /// This week.
    ThisWeek,
    /// The week after this one.
    NextWeek,
    /// The month before this one.
    LastMonth,
    /// This month.
    ThisMonth,
    /// The month after this one.
    NextMonth,
}

/// What a conditional format looks for. Formulas begin with `=` and are relative to the top left cell of the range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(
    tag = "when",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Condition {
    /// The value compares so.
    Value {
        /// How.
        operator: Comparison,
        /// With what: a number, a text, or a formula with `=`.
        first: CellValue,
        /// The upper end of `between` and `notBetween`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        second: Option<CellValue>,
    },
    /// The formula answers TRUE.
    Formula {
        /// The formula with `=`.
        formula: String,
    },
    /// The text holds these words.
    Contains {
        /// The words.
        text: String,
    },
    /// The text does not hold these words.
    NotContains {
        /// The words.
        text: String,
    },
    /// The text begins with these words.
    BeginsWith {
        /// The words.
        text: String,
    },
    /// The text ends with these words.
    EndsWith {
        /// The words.
        text: String,
    },
    /// The date lies in a period that moves with today.
    Date {
        /// The period.
        period: DatePeriod,
    },
    /// The value is there more than once.
    Duplicate {},
    /// The value is there once.
    Unique {},
    /// The cell is blank.
    Blank {},
    /// The cell is not blank.
    NotBlank {},
    /// The cell shows an error.
    Error {},
    /// The cell shows no error.
    NotError {},
    /// Among the largest or smallest.
    Top {
        /// How many, 1 to 1,000, or percent.
        rank: u32,
        /// The rank is percent.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        percent: bool,
        /// The smallest instead.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        bottom: bool,
    },
    /// Above the average.
    AboveAverage {
        /// Below it instead.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        below: bool,
        /// The average itself too.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        equal: bool,
        /// That many standard deviations away from it, 1 to 3; not together with `equal`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        deviations: Option<u32>,
    },
    /// A scale of two or three colours, `#RRGGBB`, from the smallest to the largest value.
    ColorScale {
        /// The colours.
        colors: Vec<String>,
    },
    /// Bars in the cells.
    DataBar {
        /// The colour, `#RRGGBB`.
        color: String,
    },
    /// Icons in the cells.
    IconSet {
        /// The set as Excel names it: `3TrafficLights1`, `3Arrows`, `5Rating`.
        set: String,
        /// Show icons without values.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        icons_only: bool,
    },
}

/// One rule. Scales, bars and icons have no format of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionalRule {
    /// What it looks for.
    pub condition: Condition,
    /// The look where it is met: bold, italic, font colour, fill colour, number format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub format: Option<super::CellFormat>,
    /// Later rules do not apply where this one is met.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub stop: bool,
}

/// `conditionalFormat.set`: the rules of a range, the first one before the others. Rules of other ranges stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionalFormatSet {
    /// A1 with sheet.
    pub range: String,
    /// The rules; none takes all rules of the range away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<ConditionalRule>>")]
    pub rules: Vec<ConditionalRule>,
    /// Add to the rules that the range has, before them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub keep: bool,
}

/// What happens to an entry that is not valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ErrorStyle {
    /// It is refused.
    #[default]
    Stop,
    /// The person may keep it.
    Warning,
    /// The person is told.
    Information,
}

/// What may be entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(
    tag = "allow",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Allowed {
    /// Anything.
    Any {},
    /// One of these texts: at most 255 characters together, no commas inside.
    List {
        /// The texts.
        values: Vec<String>,
    },
    /// One of the values of a range or a name.
    ListFrom {
        /// The range with sheet, a name, or a formula with `=`.
        source: String,
    },
    /// A number, date, time or length that compares so.
    Number {
        /// What it is.
        of: NumberKind,
        /// How it compares.
        operator: Comparison,
        /// With what: a number, a date as ISO text, or a formula with `=`.
        first: CellValue,
        /// The upper end of `between` and `notBetween`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        second: Option<CellValue>,
    },
    /// What makes the formula answer TRUE.
    Formula {
        /// The formula with `=`.
        formula: String,
    },
}

/// What a validated number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum NumberKind {
    /// A whole number.
    Whole,
    /// A number.
    Decimal,
    /// A date.
    Date,
    /// A time.
    Time,
    /// The length of the text.
    TextLength,
}

/// A message box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(rename = "ValidationMessage")]
pub struct Message {
    /// Its title, at most 32 characters.
    pub title: String,
    /// Its text, at most 255 characters.
    pub text: String,
}

/// `dataValidation.set`: what may be entered into a range; replaces what stood there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataValidationSet {
    /// A1 with sheet.
    pub range: String,
    /// What may be entered.
    pub allowed: Allowed,
    /// Blank is not valid.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub refuse_blank: bool,
    /// What happens otherwise; refused when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub style: Option<ErrorStyle>,
    /// The message then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<Message>,
    /// The message when the cell is selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub prompt: Option<Message>,
}
