//! formualizer with nothing around it, on the cells of the model: as it comes, by the quickest way in that it has.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deskhand_formula::CellAt;
use formualizer_common::{ExcelError, ExcelErrorKind, LiteralValue};
use formualizer_eval::arrow_store::{CellIngest, IngestBuilder};
use formualizer_eval::engine::{
    Engine, EvalConfig, FormulaFamilyGrouper, FormulaIngestBatch, FormulaIngestRecord,
};
use formualizer_eval::function::Function;
use formualizer_eval::traits::{
    EvaluationContext, FunctionProvider, NamedRangeResolver, Range, RangeResolver, ReferenceResolver,
    Resolver, SourceResolver, Table, TableResolver,
};
use formualizer_parse::parser::{TableReference, parse};

use crate::model::{FORMULAS, Held, SHEETS, cells};
use crate::{Done, Files};

/// The same by formualizer: cells into its store, formulas into its graph, evaluated, and every value read back.
pub(crate) fn calculate(_: &Files) -> Done<Duration> {
    let cells = cells();
    let begun = Instant::now();
    let mut engine = Engine::new(Nothing, EvalConfig::default());
    engine.adopt_file_sheets(SHEETS)?;
    for (sheet, name) in SHEETS.iter().enumerate() {
        values(&mut engine, sheet, name, &cells)?;
    }
    let mut batches = Vec::new();
    for (sheet, name) in SHEETS.iter().enumerate() {
        let mut grouper = FormulaFamilyGrouper::new();
        let mut records = Vec::new();
        for (at, held) in &cells {
            if let Held::Formula(formula) = held
                && at.sheet == sheet
            {
                records.push(record(&mut engine, &mut grouper, *at, formula)?);
            }
        }
        engine.finish_family_grouper(&mut grouper);
        batches.push(FormulaIngestBatch::new((*name).to_owned(), records));
    }
    engine.set_first_load_assume_new(true);
    engine.reset_ensure_touched();
    engine.ingest_formula_batches(batches)?;
    engine.set_first_load_assume_new(false);
    engine.reset_ensure_touched();
    engine.finalize_all_sheet_indexes(SHEETS);
    engine.evaluate_all()?;
    let formulas = cells.iter().filter(|(_, held)| matches!(held, Held::Formula(_)));
    let values = formulas.filter(|(at, _)| {
        let value = engine.get_cell_value(SHEETS[at.sheet], at.row + 1, at.column + 1);
        value.is_some_and(|value| !matches!(value, LiteralValue::Error(_)))
    });
    let all = values.count() == FORMULAS;
    let taken = begun.elapsed();
    all.then_some(taken).ok_or_else(|| "not all was computed".into())
}

fn values(engine: &mut Engine<Nothing>, sheet: usize, name: &str, cells: &[(CellAt, Held)]) -> Done {
    let own: Vec<&(CellAt, Held)> = cells.iter().filter(|(at, _)| at.sheet == sheet).collect();
    let width = own
        .iter()
        .map(|(at, _)| at.column as usize + 1)
        .max()
        .unwrap_or_default();
    let mut builder = IngestBuilder::new(name, width, 32 * 1024, engine.config.date_system);
    for row in own.chunk_by(|(one, _), (other, _)| one.row == other.row) {
        let mut line: Vec<CellIngest<'_>> = (0..width).map(|_| CellIngest::Empty).collect();
        for (at, held) in row {
            line[at.column as usize] = match held {
                Held::Number(number) => CellIngest::Number(*number),
                Held::Text(text) => CellIngest::Text(text),
                Held::Formula(_) => CellIngest::Empty,
            };
        }
        builder.append_row_cells(&line)?;
    }
    let store = engine.sheet_store_mut();
    store.sheets.retain(|held| held.name.as_ref() != name);
    store.sheets.push(builder.finish());
    Ok(())
}

fn record(
    engine: &mut Engine<Nothing>,
    grouper: &mut FormulaFamilyGrouper,
    at: CellAt,
    formula: &str,
) -> Done<FormulaIngestRecord> {
    let (row, column) = (at.row + 1, at.column + 1);
    if let Some(record) = engine.stage_relocated_text(grouper, row, column, formula, None) {
        return Ok(record);
    }
    let parsed = parse(formula)?;
    let record = engine.stage_formula_ast(grouper, row, column, &parsed, None);
    engine.note_parsed_text(grouper, row, column, formula, &parsed, &record, None);
    Ok(record)
}

/// What lies outside of the cells: nothing but the engine's own functions.
struct Nothing;

fn absent<T>() -> Result<T, ExcelError> {
    Err(ExcelError::new(ExcelErrorKind::Ref))
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
        absent()
    }
}

impl TableResolver for Nothing {
    fn resolve_table_reference(&self, _: &TableReference) -> Result<Box<dyn Table>, ExcelError> {
        absent()
    }
}

impl FunctionProvider for Nothing {
    fn get_function(&self, namespace: &str, name: &str) -> Option<Arc<dyn Function>> {
        formualizer_eval::function_registry::get(namespace, name)
    }

    fn get_function_for_planning(&self, namespace: &str, name: &str) -> Option<Arc<dyn Function>> {
        formualizer_eval::function_registry::get_for_planning(namespace, name)
    }

    fn planning_semantic_revision(&self) -> Option<u64> {
        Some(0)
    }
}

impl SourceResolver for Nothing {}
impl Resolver for Nothing {}
impl EvaluationContext for Nothing {}
