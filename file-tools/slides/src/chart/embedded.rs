//! The workbook of an existing chart under change: figures are written into the cells that the chart's formulas name;
//! everything else in the workbook stays.

use deskhand_opc::Limits;
use deskhand_opc::Package;
use deskhand_operations::workbook::RangeWrite;
use deskhand_operations::{CellInput, ClearMark, Refusal, RefusalCode, WorkbookOperation};
use deskhand_sheet::Workbook;

use super::Plot;
use super::cells::{Cells, column_letters};

/// The workbook with the figures of a plot in its cells. `old` is where they stood before, and how many rows; what is
/// left over of that is emptied.
pub(crate) fn updated(
    bytes: &[u8],
    plot: &Plot<'_>,
    cells: &Cells,
    old: (&Cells, usize),
) -> Result<Vec<u8>, Refusal> {
    let package = Package::open(bytes.to_vec(), &Limits::default()).map_err(|error| failed(&error))?;
    let mut workbook = Workbook::open(package)?;
    let (old, old_rows) = old;
    let rows = plot.categories.len();
    let clear = || CellInput::Clear(ClearMark { clear: true });
    let padded = |mut inputs: Vec<CellInput>| {
        inputs.extend((rows..old_rows).map(|_| clear()));
        inputs
    };
    if let Some(columns) = cells.series.first() {
        let texts = plot.categories.iter().map(|text| plain(text)).collect();
        write(&mut workbook, cells, columns.along, 1, padded(texts))?;
    }
    for (series, columns) in plot.series.iter().zip(&cells.series) {
        let mut inputs = vec![plain(series.name)];
        inputs.extend(
            series
                .values
                .iter()
                .map(|value| value.map_or_else(clear, CellInput::Number)),
        );
        write(&mut workbook, cells, columns.values, 0, padded(inputs))?;
    }
    for columns in old.series.iter().skip(cells.series.len()) {
        let inputs = (0..=old_rows).map(|_| clear()).collect();
        write(&mut workbook, cells, columns.values, 0, inputs)?;
    }
    workbook.package().write().map_err(|error| failed(&error))
}

/// A text that is no formula.
fn plain(text: &str) -> CellInput {
    if text.is_empty() {
        return CellInput::Clear(ClearMark { clear: true });
    }
    if text.starts_with(['=', '\'']) {
        return CellInput::Text(format!("'{text}"));
    }
    CellInput::Text(text.to_owned())
}

/// Writes a column; `below` rows below the names.
fn write(
    workbook: &mut Workbook,
    cells: &Cells,
    column: usize,
    below: usize,
    inputs: Vec<CellInput>,
) -> Result<(), Refusal> {
    let first = cells.top + below + 1;
    let letters = column_letters(column);
    let operation = WorkbookOperation::RangeWrite(RangeWrite {
        range: format!("{}!{letters}{first}", cells.sheet),
        cells: inputs.into_iter().map(|input| vec![input]).collect(),
        sources: Vec::new(),
    });
    let planned = workbook.plan(&operation)?;
    workbook.apply(&planned.patches)
}

fn failed(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(
        RefusalCode::Failed,
        format!("the workbook of the chart could not be changed: {error}"),
    )
}
