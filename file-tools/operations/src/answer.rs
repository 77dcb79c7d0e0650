//! What operations answer.

mod audit;
mod deck;
mod difference;
mod drawing;
mod mark;

pub use audit::{
    CheckContent, Disagreement, EngineShare, Finding, ModelFinding, NotComputed, Recalculation, Severity,
    TieOutContent, TraceContent, TracedCell,
};
pub use deck::{
    DeckContent, DeckSection, Placeholder, ReplacedText, Replacements, SlideContent, SlideLayout,
    SlideMaster, SlidePackage, SlideParagraph, SlideRun, SlideShape, ThemeColor,
};
pub use difference::Difference;
pub use drawing::{ChartContent, ChartRange, PictureContent};
pub use mark::{CellNote, Comment, CommentThread, CommentThreads, PivotContent, PivotField, PivotTable};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::cell::{Cell, CellValue};
use crate::source::KeptSource;
use crate::workbook::CellFormat;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What a changing operation did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// Where: an address with sheet, or a slide id and shape name.
    pub target: String,
    /// How many cells or shapes changed.
    pub changed: u32,
    /// What stands there now, where cells were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub read_back: Option<ReadBack>,
    /// What a person should know: formulas that answer an error, values that were adapted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub warnings: Vec<String>,
}

/// What was read back after a write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadBack {
    /// The written formulas with the values that they answer, at most 50.
    pub formulas: Vec<Cell>,
    /// The addresses of all written formulas that answer an error.
    pub errors: Vec<String>,
    /// How many formulas were written.
    pub formula_count: u32,
    /// The fingerprint of the range after the write.
    pub fingerprint: String,
}

/// `workbook.info`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct WorkbookContent {
    /// Always `workbook`.
    pub kind: String,
    /// Sheets in the order of their tabs.
    pub sheets: Vec<SheetContent>,
    /// Defined names with what they refer to.
    pub names: Vec<DefinedName>,
    /// The selected range with its sheet, where the workbook is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub selection: Option<String>,
    /// The sensitivity label, where the file carries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub label: Option<String>,
    /// How Excel calculates it, where not automatically: `manual` or `automaticExceptTables`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub calculation: Option<String>,
    /// Other workbooks that formulas refer to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub external_links: Vec<String>,
    /// Names of connections to data outside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub connections: Vec<String>,
    /// What else is to be known of the file: `macros`, `signed`, `structureProtected`, `dates1904`, `iterates`,
    /// `precisionAsShown`, `strict`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub features: Vec<String>,
    /// How many sources of written figures the file keeps; `range.read` tells them.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<u32>")]
    pub sources: u32,
}

/// One sheet in `workbook.info`, and the answer to `sheet.add`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SheetContent {
    /// The name on the tab.
    pub name: String,
    /// False where the sheet is hidden.
    pub visible: bool,
    /// The used range without sheet, `A1:H1841`; absent where the sheet is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub used_range: Option<String>,
    /// Tables on the sheet.
    pub tables: Vec<NamedArea>,
    /// Charts on the sheet.
    pub charts: Vec<String>,
    /// Names of the pivot tables on the sheet.
    pub pivots: Vec<String>,
    /// What the tab is where it has no cells: `chart`, `dialog`, `macro`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub kind: Option<String>,
    /// True where the sheet is hidden so that Excel does not offer to show it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub very_hidden: bool,
    /// True where locked cells cannot be changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub protected: bool,
    /// The charts with kind, title, place and where their data stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<ChartContent>>")]
    pub chart_details: Vec<ChartContent>,
    /// The pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<PictureContent>>")]
    pub pictures: Vec<PictureContent>,
}

/// A name for an area.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct NamedArea {
    /// The name.
    pub name: String,
    /// The range without sheet.
    pub range: String,
    /// The column headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub columns: Vec<String>,
}

/// A defined name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DefinedName {
    /// The name.
    pub name: String,
    /// What it refers to, a formula without `=`.
    pub refers_to: String,
    /// True where Excel does not list it; formulas reach through it all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub hidden: bool,
}

/// `range.read`. Grids have one row a row of `address`; a grid that was not asked for is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct RangeContent {
    /// The range that was read, with sheet.
    pub address: String,
    /// Values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub values: Option<Vec<Vec<CellValue>>>,
    /// Formulas with `=` where cells hold them, otherwise the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub formulas: Option<Vec<Vec<CellValue>>>,
    /// Number formats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub number_formats: Option<Vec<Vec<String>>>,
    /// Formats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub formats: Option<Vec<Vec<CellFormat>>>,
    /// Texts as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub texts: Option<Vec<Vec<String>>>,
    /// Notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub notes: Option<Vec<CellNote>>,
    /// The range as one text table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub table: Option<String>,
    /// Where written figures came from, by the cells that show them: a cell may have several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sources: Option<Vec<KeptSource>>,
    /// The range of the rows that were left out, with sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rest: Option<String>,
    /// A mark of formulas and values of the range: two reads with the same mark saw the same cells. It is made and
    /// compared by one back end only and means nothing elsewhere.
    pub fingerprint: String,
}

/// `range.find`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundCells {
    /// The cells found, at most 200, in the order of sheets and rows.
    pub cells: Vec<Cell>,
    /// True when there are more.
    pub more: bool,
}
