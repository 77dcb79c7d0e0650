//! formualizer: values go into its column store sheet by sheet, formulas into its graph, results are read back.
//!
//! It runs on at most as many threads as the machine has cores, stops when told to, sums in Excel's order whatever the
//! number of threads, and sees no clock and no chance: formulas that ask for them are not given to it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use deskhand_operations::CellValue;
use formualizer_common::{DateSystem, ExcelError, ExcelErrorKind, LiteralValue};
use formualizer_eval::arrow_store::{ArrowSheet, CellIngest, IngestBuilder, OverlayValue, map_error_code};
use formualizer_eval::engine::{
    CancelToken, CycleConfig, CycleDetection, CyclePolicy, Engine as Graph, EvalConfig, FormulaFamilyGrouper,
    FormulaIngestBatch, FormulaIngestRecord, SheetIndexMode, SpillConfig, TemporalEgress,
};
use formualizer_eval::function::Function;
use formualizer_eval::traits::{
    EvaluationContext, FunctionProvider, NamedRangeResolver, Range, RangeResolver, ReferenceResolver,
    Resolver, SourceResolver, Table, TableResolver,
};
use formualizer_parse::parser::{TableReference, parse};

use super::{Answer, Constant, Engine, Task, by_sheet};

/// The first engine.
pub(crate) struct Formualizer;

/// Cells of the rectangle around a sheet's values that are stored densely.
const DENSE: u64 = 40_000_000;
/// Rows stored together, dense and sparse.
const CHUNK: usize = 32 * 1024;
const SPARSE_CHUNK: usize = 1024;
/// Bytes that scattered cells may cost: each takes a chunk of its column.
const MAX_SPARSE: usize = 512 << 20;
/// Formulas above which it works on several threads.
const PARALLEL: usize = 2_000;
/// Cells that all formulas of a task may look at.
const MAX_VISITS: u64 = 20_000_000_000;

impl Engine for Formualizer {
    fn takes(&self, _formulas: usize, visits: u64) -> bool {
        visits <= MAX_VISITS
    }

    fn calculate(&self, task: &Task<'_>) -> Result<Vec<Answer>, String> {
        let mut graph = Graph::new(Nothing, config(task));
        let load = |error: ExcelError| format!("the engine could not load the workbook: {error}");
        graph
            .adopt_file_sheets(task.sheets.iter().map(String::as_str))
            .map_err(load)?;
        values(&mut graph, task)?;
        let failed = formulas(&mut graph, task).map_err(load)?;
        let token = CancelToken::from_flag(Arc::clone(task.cancelled));
        graph
            .evaluate_all_cancellable(token)
            .map_err(|error| match error.kind {
                ExcelErrorKind::Cancelled => "it took too long".to_owned(),
                _ => "the engine failed".to_owned(),
            })?;
        if task.cancelled.load(Ordering::Relaxed) {
            return Err("it took too long".to_owned());
        }
        let answers = task.formulas.iter().zip(failed).map(|((cell, _), failed)| {
            if failed {
                return Answer::Failed("the engine cannot read it");
            }
            let value = graph.get_cell_value(&task.sheets[cell.sheet], cell.row + 1, cell.column + 1);
            answer(value, task.date_1904)
        });
        Ok(answers.collect())
    }
}

fn config(task: &Task<'_>) -> EvalConfig {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    EvalConfig {
        enable_parallel: cores > 1 && task.formulas.len() > PARALLEL,
        max_threads: Some(cores),
        date_system: if task.date_1904 {
            DateSystem::Excel1904
        } else {
            DateSystem::Excel1900
        },
        temporal_egress: TemporalEgress::Serial,
        sheet_index_mode: SheetIndexMode::Lazy,
        range_expansion_limit: 0,
        // What only looks like a circle (`IF(A1, B1, C1)` and back) is computed, a circle is named.
        cycle: CycleConfig {
            detection: CycleDetection::Runtime,
            policy: CyclePolicy::Error,
        },
        // An answer of several cells is not spread over its neighbours: it is named.
        spill: SpillConfig {
            max_spill_cells: 1,
            ..SpillConfig::default()
        },
        ..EvalConfig::default()
    }
}

/// Fills the store with the values that formulas read.
fn values(graph: &mut Graph<Nothing>, task: &Task<'_>) -> Result<(), String> {
    let mut held = by_sheet(task);
    let dates = graph.config.date_system;
    let mut sparse_bytes = 0;
    for (index, name) in task.sheets.iter().enumerate() {
        let cells = held.remove(&index).unwrap_or_default();
        let of_formulas = task.formulas.iter().filter(|(cell, _)| cell.sheet == index);
        let (mut rows, mut columns) = (0, 0);
        let places = cells.iter().map(|cell| (cell.0, cell.1));
        for (row, column) in places.chain(of_formulas.map(|(cell, _)| (cell.row, cell.column))) {
            rows = rows.max(row + 1);
            columns = columns.max(column + 1);
        }
        let around = u64::from(rows) * u64::from(columns);
        let dense = around <= DENSE && around <= 4 * cells.len() as u64 + 1_000_000;
        let sheet = if dense {
            dense_sheet(name, rows, columns, &cells, dates).map_err(|error| error.to_string())?
        } else {
            sparse_bytes += cells.len().saturating_mul(SPARSE_CHUNK);
            if sparse_bytes > MAX_SPARSE {
                return Err("its cells are too scattered".to_owned());
            }
            sparse_sheet(name, rows, columns, &cells, dates)
        };
        let store = graph.sheet_store_mut();
        match store.sheets.iter().position(|held| held.name.as_ref() == name) {
            Some(place) => store.sheets[place] = sheet,
            None => store.sheets.push(sheet),
        }
    }
    Ok(())
}

fn dense_sheet(
    name: &str,
    rows: u32,
    columns: u32,
    cells: &[(u32, u32, &Constant)],
    dates: DateSystem,
) -> Result<ArrowSheet, ExcelError> {
    let mut builder = IngestBuilder::new(name, columns as usize, CHUNK, dates);
    let mut line: Vec<CellIngest<'_>> = (0..columns).map(|_| CellIngest::Empty).collect();
    let mut next = 0;
    for row in 0..rows {
        let from = next;
        while let Some((_, column, value)) = cells.get(next).filter(|cell| cell.0 == row) {
            line[*column as usize] = match value {
                Constant::Value(CellValue::Empty) => CellIngest::Empty,
                Constant::Value(CellValue::Number(number)) => CellIngest::Number(*number),
                Constant::Value(CellValue::Boolean(boolean)) => CellIngest::Boolean(*boolean),
                Constant::Value(CellValue::Text(text)) => CellIngest::Text(text),
                Constant::Error(error) => CellIngest::ErrorCode(map_error_code(error_kind(error))),
            };
            next += 1;
        }
        builder.append_row_cells(&line)?;
        for (_, column, _) in &cells[from..next] {
            line[*column as usize] = CellIngest::Empty;
        }
    }
    Ok(builder.finish())
}

fn sparse_sheet(
    name: &str,
    rows: u32,
    columns: u32,
    cells: &[(u32, u32, &Constant)],
    dates: DateSystem,
) -> ArrowSheet {
    let mut sheet =
        ArrowSheet::new_sparse_with_date_system(name, columns as usize, rows as usize, SPARSE_CHUNK, dates);
    for (row, column, value) in cells {
        let value = match value {
            Constant::Value(CellValue::Empty) => continue,
            Constant::Value(CellValue::Number(number)) => OverlayValue::Number(*number),
            Constant::Value(CellValue::Boolean(boolean)) => OverlayValue::Boolean(*boolean),
            Constant::Value(CellValue::Text(text)) => OverlayValue::Text(Arc::from(text.as_str())),
            Constant::Error(error) => OverlayValue::Error(map_error_code(error_kind(error))),
        };
        sheet.set_sparse_overlay_value(*row as usize, *column as usize, value);
    }
    sheet
}

/// Errors that the engine does not have read as `#N/A`.
fn error_kind(error: &str) -> ExcelErrorKind {
    ExcelErrorKind::try_parse(error).unwrap_or(ExcelErrorKind::Na)
}

/// Gives the formulas to the graph; true for each that cannot be read.
fn formulas(graph: &mut Graph<Nothing>, task: &Task<'_>) -> Result<Vec<bool>, ExcelError> {
    let mut failed = vec![false; task.formulas.len()];
    let mut places: Vec<Vec<usize>> = vec![Vec::new(); task.sheets.len()];
    for (place, (cell, _)) in task.formulas.iter().enumerate() {
        places[cell.sheet].push(place);
    }
    let mut batches = Vec::new();
    let mut text = String::new();
    for (sheet, mut places) in places.into_iter().enumerate() {
        // Neighbours below each other share their parsed form.
        places.sort_by_key(|place| (task.formulas[*place].0.row, task.formulas[*place].0.column));
        let mut grouper = FormulaFamilyGrouper::new();
        let mut records = Vec::with_capacity(places.len());
        for place in places {
            let (cell, formula) = task.formulas[place];
            text.clear();
            text.push('=');
            text.push_str(formula);
            match record(graph, &mut grouper, (cell.row + 1, cell.column + 1), &text) {
                Some(record) => records.push(record),
                None => failed[place] = true,
            }
        }
        graph.finish_family_grouper(&mut grouper);
        if !records.is_empty() {
            batches.push(FormulaIngestBatch::new(task.sheets[sheet].clone(), records));
        }
    }
    graph.set_first_load_assume_new(true);
    graph.reset_ensure_touched();
    graph.ingest_formula_batches(batches)?;
    graph.set_first_load_assume_new(false);
    graph.reset_ensure_touched();
    graph.finalize_all_sheet_indexes(task.sheets.iter().map(String::as_str));
    Ok(failed)
}

fn record(
    graph: &mut Graph<Nothing>,
    grouper: &mut FormulaFamilyGrouper,
    (row, column): (u32, u32),
    text: &str,
) -> Option<FormulaIngestRecord> {
    if let Some(record) = graph.stage_relocated_text(grouper, row, column, text, None) {
        return Some(record);
    }
    let parsed = parse(text).ok()?;
    let record = graph.stage_formula_ast(grouper, row, column, &parsed, None);
    graph.note_parsed_text(grouper, row, column, text, &parsed, &record, None);
    Some(record)
}

fn answer(value: Option<LiteralValue>, date_1904: bool) -> Answer {
    let dates = if date_1904 {
        DateSystem::Excel1904
    } else {
        DateSystem::Excel1900
    };
    match value {
        // A formula that reads an empty cell shows 0.
        None | Some(LiteralValue::Empty) => Answer::Value(CellValue::Number(0.0)),
        Some(LiteralValue::Boolean(value)) => Answer::Value(CellValue::Boolean(value)),
        Some(LiteralValue::Text(text)) => super::text(text),
        Some(LiteralValue::Error(error)) => match error.kind {
            ExcelErrorKind::Circ => Answer::Failed("it refers to itself"),
            ExcelErrorKind::Spill => Answer::Failed("its answer fills several cells"),
            ExcelErrorKind::Error | ExcelErrorKind::NImpl | ExcelErrorKind::Cancelled => {
                Answer::Failed("the engine cannot compute it")
            }
            kind => Answer::Error(kind.to_string()),
        },
        Some(LiteralValue::Array(_)) => Answer::Failed("its answer fills several cells"),
        Some(LiteralValue::Pending) => Answer::Failed("the engine cannot compute it"),
        Some(value) => value
            .as_serial_number_for(dates)
            .map_or(Answer::Failed("the engine cannot compute it"), super::number),
    }
}

/// What lies outside the given cells: nothing. Functions are the engine's own.
#[derive(Debug)]
struct Nothing;

fn absent<T>() -> Result<T, ExcelError> {
    Err(ExcelError::new(ExcelErrorKind::NImpl))
}

impl ReferenceResolver for Nothing {
    fn resolve_cell_reference(&self, _: Option<&str>, _: u32, _: u32) -> Result<LiteralValue, ExcelError> {
        absent()
    }
}

impl RangeResolver for Nothing {
    fn resolve_range_reference(
        &self,
        _: Option<&str>,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
    ) -> Result<Box<dyn Range>, ExcelError> {
        absent()
    }
}

impl NamedRangeResolver for Nothing {
    fn resolve_named_range_reference(&self, _: &str) -> Result<Vec<Vec<LiteralValue>>, ExcelError> {
        Err(ExcelError::new(ExcelErrorKind::Name))
    }
}

impl TableResolver for Nothing {
    fn resolve_table_reference(&self, _: &TableReference) -> Result<Box<dyn Table>, ExcelError> {
        absent()
    }
}

impl SourceResolver for Nothing {}

impl FunctionProvider for Nothing {
    fn get_function(&self, namespace: &str, name: &str) -> Option<Arc<dyn Function>> {
        formualizer_eval::function_registry::get(namespace, name)
    }

    fn get_function_for_planning(&self, namespace: &str, name: &str) -> Option<Arc<dyn Function>> {
        formualizer_eval::function_registry::get_for_planning(namespace, name)
    }

    fn planning_semantic_revision(&self) -> Option<u64> {
        // The functions never change while it runs.
        Some(0)
    }
}

impl Resolver for Nothing {}
impl EvaluationContext for Nothing {}
