//! The objects of a workbook that a page can hold.

use deskhand_operations::Area;

/// A sheet, by the id it keeps for as long as the workbook is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SheetId(pub(crate) u32);

impl SheetId {
    /// The id as Excel writes one.
    pub(crate) fn excel_id(self) -> String {
        format!("{{00000000-0001-0000-0000-{:012X}}}", self.0)
    }
}

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// The root.
    Workbook,
    /// Excel itself.
    Application,
    /// The add-in service, which answers nothing.
    Service,
    /// All sheets.
    Worksheets,
    /// One sheet.
    Sheet(SheetId),
    /// An area of a sheet.
    Range(SheetId, Area),
    /// The format of an area.
    Format(SheetId, Area),
    /// The fill of an area.
    Fill(SheetId, Area),
    /// The font of an area.
    Font(SheetId, Area),
    /// The tables of the workbook, or of one sheet.
    Tables(Option<SheetId>),
    /// One table.
    Table(u32),
    /// A table's columns.
    Columns(u32),
    /// One column of a table.
    Column(u32, u32),
    /// A table's rows.
    Rows(u32),
    /// A sheet's charts.
    Charts(SheetId),
    /// One chart.
    Chart(u32),
    /// A chart's title.
    ChartTitle(u32),
    /// Defined names.
    Names,
    /// One defined name.
    Name(String),
    /// The pivot tables of the workbook, or of one sheet.
    Pivots(Option<SheetId>),
    /// One pivot table.
    Pivot(SheetId, String),
}

impl Node {
    /// What Excel calls such an object.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Workbook => "Workbook",
            Self::Application => "Application",
            Self::Service => "AddinInternalService",
            Self::Worksheets => "WorksheetCollection",
            Self::Sheet(_) => "Worksheet",
            Self::Range(..) => "Range",
            Self::Format(..) => "RangeFormat",
            Self::Fill(..) => "RangeFill",
            Self::Font(..) => "RangeFont",
            Self::Tables(_) => "TableCollection",
            Self::Table(_) => "Table",
            Self::Columns(_) => "TableColumnCollection",
            Self::Column(..) => "TableColumn",
            Self::Rows(_) => "TableRowCollection",
            Self::Charts(_) => "ChartCollection",
            Self::Chart(_) => "Chart",
            Self::ChartTitle(_) => "ChartTitle",
            Self::Names => "NamedItemCollection",
            Self::Name(_) => "NamedItem",
            Self::Pivots(_) => "PivotTableCollection",
            Self::Pivot(..) => "PivotTable",
        }
    }

    /// What a load without names answers.
    pub(super) fn scalars(&self) -> &'static [&'static str] {
        match self {
            Self::Workbook => &["name", "isDirty", "readOnly"],
            Self::Application => &["calculationMode", "calculationState"],
            Self::Sheet(_) => &["id", "name", "position", "visibility"],
            Self::Range(..) => &[
                "address",
                "values",
                "formulas",
                "text",
                "numberFormat",
                "valueTypes",
                "rowIndex",
                "columnIndex",
                "rowCount",
                "columnCount",
                "cellCount",
            ],
            Self::Format(..) => &["horizontalAlignment", "wrapText", "columnWidth"],
            Self::Fill(..) => &["color", "pattern"],
            Self::Font(..) => &["bold", "italic", "color", "size", "name"],
            Self::Table(_) => &["id", "name", "showHeaders", "style"],
            Self::Columns(_) | Self::Rows(_) => &["count"],
            Self::Column(..) => &["id", "index", "name"],
            Self::Chart(_) => &["id", "name", "chartType", "left", "top", "width", "height"],
            Self::ChartTitle(_) => &["text", "visible"],
            Self::Name(_) => &["name", "formula", "visible", "type"],
            Self::Pivot(..) => &["id", "name"],
            Self::Service
            | Self::Worksheets
            | Self::Tables(_)
            | Self::Charts(_)
            | Self::Names
            | Self::Pivots(_) => &[],
        }
    }
}
