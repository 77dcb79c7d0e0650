//! Operations on a workbook.

mod audit;
mod create;
mod drawing;
mod mark;
mod range;
mod rule;
mod sheet;
mod table;

pub use audit::*;
pub use create::*;
pub use drawing::*;
pub use mark::*;
pub use range::*;
pub use rule::*;
pub use sheet::*;
pub use table::*;

use crate::address::Address;
use crate::answer::{
    Applied, CheckContent, CommentThreads, FoundCells, PivotContent, RangeContent, Recalculation,
    SheetContent, TieOutContent, TraceContent, WorkbookContent,
};
use crate::definition::Support::{NotLive, OfficeJs};
use crate::definition::operations;

/// Why an operation is one for closed files.
const FILE_ONLY: &str = "it works on the file; close the workbook in Excel first";

/// Why an operation is none for an open workbook: it makes another one.
const NEW_FILE: &str = "it makes a new file";

operations! {
    Workbook, WorkbookOperation, WorkbookAnswer;
    /// Lists sheets with their used range, tables, charts and names.
    "workbook.info" Info(WorkbookInfo) -> WorkbookContent, Read, OfficeJs("ExcelApi", "1.4"), "Looking at the workbook", "Looked at", |_| String::new();
    /// Makes a new workbook with sheets, cells, formulas, formats and column widths.
    "workbook.create" Create(WorkbookCreate) -> Applied, Add, NotLive(NEW_FILE), "Making a workbook", "Workbook made", |_| String::new();
    /// Reads a range: values, and on request formulas, number formats, formats, texts and notes.
    "range.read" RangeRead(RangeRead) -> RangeContent, Read, OfficeJs("ExcelApi", "1.4"), "Reading", "Read {}", |read| read.range.clone();
    /// Finds cells whose text or value contains the given words.
    "range.find" RangeFind(RangeFind) -> FoundCells, Read, OfficeJs("ExcelApi", "1.4"), "Searching", "Searched", |find| find.range.clone().unwrap_or_default();
    /// Writes values, dates and formulas into a range.
    "range.write" RangeWrite(RangeWrite) -> Applied, Change, OfficeJs("ExcelApi", "1.1"), "Writing to", "Values in {}", RangeWrite::target;
    /// Sets number format, font, fill and alignment of a range.
    "range.format" RangeFormatting(RangeFormatting) -> Applied, Change, OfficeJs("ExcelApi", "1.1"), "Formatting", "Format of {}", |format| format.range.clone();
    /// Empties a range; formats stay.
    "range.clear" RangeClear(RangeClear) -> Applied, Remove, OfficeJs("ExcelApi", "1.1"), "Clearing", "{} cleared", |clear| clear.range.clone();
    /// Copies a range, hidden rows too; relative references follow, and notes, comments and hyperlinks come along.
    "range.copy" RangeCopy(RangeCopy) -> Applied, Change, NotLive(FILE_ONLY), "Copying to", "Copied to {}", |copy| copy.to.clone();
    /// Fills a range from its first cells: formulas, values or series go on.
    "range.fill" RangeFill(RangeFill) -> Applied, Change, NotLive(FILE_ONLY), "Filling", "{} filled", |fill| fill.to.clone();
    /// Merges cells.
    "range.merge" RangeMerge(RangeMerge) -> Applied, Change, NotLive(FILE_ONLY), "Merging", "{} merged", |merge| merge.range.clone();
    /// Takes merged cells apart.
    "range.unmerge" RangeUnmerge(RangeUnmerge) -> Applied, Change, NotLive(FILE_ONLY), "Taking apart", "{} taken apart", |merge| merge.range.clone();
    /// Sorts the rows of a range.
    "range.sort" RangeSort(RangeSort) -> Applied, Change, NotLive(FILE_ONLY), "Sorting", "{} sorted", |sort| sort.range.clone();
    /// Puts a range back as it was read: formulas, values and formats. Used by undo.
    "range.restore" RangeRestore(RangeRestore) -> Applied, Change, OfficeJs("ExcelApi", "1.1"), "Restoring", "{} restored", |restore| restore.image.address.clone();
    /// Inserts empty rows; every reference in formulas, names, tables and charts follows.
    "rows.insert" RowsInsert(RowsInsert) -> Applied, Change, NotLive(FILE_ONLY), "Inserting rows", "Rows {} inserted", |rows| rows.range.clone();
    /// Deletes rows; every reference follows.
    "rows.delete" RowsDelete(RowsDelete) -> Applied, Remove, NotLive(FILE_ONLY), "Deleting rows", "Rows {} deleted", |rows| rows.range.clone();
    /// Inserts empty columns; every reference in formulas, names, tables and charts follows.
    "columns.insert" ColumnsInsert(ColumnsInsert) -> Applied, Change, NotLive(FILE_ONLY), "Inserting columns", "Columns {} inserted", |columns| columns.range.clone();
    /// Deletes columns; every reference follows.
    "columns.delete" ColumnsDelete(ColumnsDelete) -> Applied, Remove, NotLive(FILE_ONLY), "Deleting columns", "Columns {} deleted", |columns| columns.range.clone();
    /// Sets the width of columns, hides or shows them.
    "columnWidth" ColumnWidth(ColumnWidth) -> Applied, Change, NotLive(FILE_ONLY), "Setting column widths", "Width of {}", |columns| columns.range.clone();
    /// Sets the height of rows, hides or shows them.
    "rowHeight" RowHeight(RowHeight) -> Applied, Change, NotLive(FILE_ONLY), "Setting row heights", "Height of {}", |rows| rows.range.clone();
    /// Keeps the first rows and columns in view.
    "freeze" Freeze(Freeze) -> Applied, Change, NotLive(FILE_ONLY), "Freezing", "{} frozen", |freeze| sheet(&freeze.sheet);
    /// Sets up how a sheet is printed.
    "pageSetup" PageSetup(PageSetup) -> Applied, Change, NotLive(FILE_ONLY), "Setting up the page of", "Page of {} set up", |page| sheet(&page.sheet);
    /// Adds an empty sheet.
    "sheet.add" SheetAdd(SheetAdd) -> SheetContent, Add, OfficeJs("ExcelApi", "1.1"), "Adding sheet", "Sheet {} added", |add| sheet(&add.name);
    /// Renames a sheet; every formula follows.
    "sheet.rename" SheetRename(SheetRename) -> Applied, Change, NotLive(FILE_ONLY), "Renaming", "Sheet {} renamed", |rename| sheet(&rename.name);
    /// Moves a sheet among the tabs.
    "sheet.move" SheetMove(SheetMove) -> Applied, Change, NotLive(FILE_ONLY), "Moving", "Sheet {} moved", |moved| sheet(&moved.name);
    /// Copies a sheet with all that is on it.
    "sheet.copy" SheetCopy(SheetCopy) -> SheetContent, Add, NotLive(FILE_ONLY), "Copying", "Sheet {} added", |copy| sheet(&copy.to);
    /// Deletes a sheet.
    "sheet.delete" SheetDelete(SheetDelete) -> Applied, Remove, OfficeJs("ExcelApi", "1.1"), "Deleting sheet", "Sheet {} deleted", |delete| sheet(&delete.name);
    /// Hides a sheet or shows it again.
    "sheet.hide" SheetHide(SheetHide) -> Applied, Change, NotLive(FILE_ONLY), "Hiding or showing", "Visibility of {}", |hide| sheet(&hide.name);
    /// Makes a table of a range that has a header row.
    "table.add" TableAdd(TableAdd) -> Applied, Add, OfficeJs("ExcelApi", "1.1"), "Making a table of", "Table in {}", |add| add.range.clone();
    /// Gives a table another range.
    "table.resize" TableResize(TableResize) -> Applied, Change, NotLive(FILE_ONLY), "Resizing table", "Table {} resized", |resize| resize.name.clone();
    /// Turns a table back into a plain range; the cells stay.
    "table.delete" TableDelete(TableDelete) -> Applied, Remove, OfficeJs("ExcelApi", "1.2"), "Removing table", "Table {} removed", |delete| delete.name.clone();
    /// Adds a defined name, or changes what it stands for.
    "name.set" NameSet(NameSet) -> Applied, Change, NotLive(FILE_ONLY), "Defining", "Name {} set", |name| name.name.clone();
    /// Deletes a defined name that no formula uses.
    "name.delete" NameDelete(NameDelete) -> Applied, Remove, NotLive(FILE_ONLY), "Deleting name", "Name {} deleted", |name| name.name.clone();
    /// Sets, changes or removes the filter of a range or table.
    "filter.set" FilterSet(FilterSet) -> Applied, Change, NotLive(FILE_ONLY), "Filtering", "{} filtered", |filter| filter.range.clone().or_else(|| filter.table.clone()).unwrap_or_default();
    /// Sets the conditional formats of a range.
    "conditionalFormat.set" ConditionalFormatSet(ConditionalFormatSet) -> Applied, Change, NotLive(FILE_ONLY), "Setting conditional formats of", "Conditional formats of {}", |set| set.range.clone();
    /// Sets what may be entered into a range.
    "dataValidation.set" DataValidationSet(DataValidationSet) -> Applied, Change, NotLive(FILE_ONLY), "Setting data validation of", "Data validation of {}", |set| set.range.clone();
    /// Adds a note to a cell, or replaces its text.
    "note.set" NoteSet(NoteSet) -> Applied, Change, NotLive(FILE_ONLY), "Writing a note at", "Note at {}", |note| note.cell.clone();
    /// Deletes the note of a cell.
    "note.delete" NoteDelete(NoteDelete) -> Applied, Remove, NotLive(FILE_ONLY), "Deleting the note at", "Note at {} deleted", |note| note.cell.clone();
    /// Reads threads of comments.
    "comment.read" CommentRead(CommentRead) -> CommentThreads, Read, NotLive(FILE_ONLY), "Reading comments", "Comments read", |read| read.range.clone().unwrap_or_default();
    /// Answers a thread of comments.
    "comment.reply" CommentReply(CommentReply) -> Applied, Add, NotLive(FILE_ONLY), "Answering the comment at", "Comment at {} answered", |reply| reply.cell.clone();
    /// Adds a chart drawn from a range or a table; single series may be of another kind or on a secondary axis.
    "chart.add" ChartAdd(ChartAdd) -> Applied, Add, OfficeJs("ExcelApi", "1.1"), "Drawing a chart of", "Chart of {}", |add| add.place.clone().unwrap_or_else(|| add.range.clone());
    /// Changes data, kind, title, axes or place of a chart.
    "chart.update" ChartUpdate(ChartUpdate) -> Applied, Change, NotLive(FILE_ONLY), "Changing chart", "Chart on {} changed", |update| sheet(&update.sheet);
    /// Deletes a chart by name.
    "chart.delete" ChartDelete(ChartDelete) -> Applied, Remove, OfficeJs("ExcelApi", "1.1"), "Deleting chart", "Chart on {} deleted", |delete| sheet(&delete.sheet);
    /// Adds a picture to a sheet.
    "picture.add" PictureAdd(PictureAdd) -> Applied, Add, NotLive(FILE_ONLY), "Adding a picture at", "Picture at {}", |add| add.place.clone();
    /// Lists pivot tables with their fields and where their data come from.
    "pivot.info" PivotInfo(PivotInfo) -> PivotContent, Read, NotLive(FILE_ONLY), "Looking at pivot tables", "Looked at", |_| String::new();
    /// Marks pivot tables for refresh when Excel opens the workbook.
    "pivot.refresh" PivotRefresh(PivotRefresh) -> Applied, Change, NotLive(FILE_ONLY), "Refreshing", "Pivot tables refreshed", |refresh| refresh.name.clone().unwrap_or_default();
    /// Computes every formula anew and writes the values that differ.
    "workbook.recalculate" Recalculate(Recalculate) -> Recalculation, Change, NotLive(FILE_ONLY), "Recalculating", "Recalculated", |_| String::new();
    /// Follows formulas from a cell to all that it is computed from, or to all that is computed from it.
    "workbook.trace" Trace(Trace) -> TraceContent, Read, NotLive(FILE_ONLY), "Tracing", "Traced {}", |trace| trace.cell.clone();
    /// Checks the file for damage, and for formulas that answer errors, lost their references or read their own value.
    "workbook.check" Check(Check) -> CheckContent, Read, NotLive(FILE_ONLY), "Checking", "Checked", |_| String::new();
    /// Recomputes the workbook with a second engine and looks for errors of modelling.
    "workbook.tieOut" TieOut(TieOut) -> TieOutContent, Read, NotLive(FILE_ONLY), "Tying out", "Tied out", |_| String::new();
    /// Writes the findings of a tie-out to a new sheet.
    "workbook.tieOutReport" TieOutReport(TieOutReport) -> SheetContent, Add, NotLive(FILE_ONLY), "Writing the report", "Sheet {} added", |report| sheet(&report.sheet);
}

/// A sheet's name as an address has it.
fn sheet(name: &str) -> String {
    Address {
        sheet: Some(name.to_owned()),
        area: None,
    }
    .to_string()
}
