//! What was edited since the last save, as operations of the vocabulary, and the package that they are applied to.
//!
//! The file on disk is never written from the model: its own package is kept, and only what was edited goes into it.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_opc::{Limits, Package, PatchSet};
use deskhand_operations::workbook::{
    CellFormat, ChartAdd, ChartDelete, RangeFormatting, RangeWrite, SheetAdd, SheetDelete, TableAdd,
    TableDelete, WorkbookInfo,
};
use deskhand_operations::{Address, Area, CellInput, ClearMark, Refusal, WorkbookAnswer, WorkbookOperation};
use deskhand_sheet::Workbook as Tools;
use ironcalc_base::Model;
use serde_json::Value;

use super::charts::Chart;
use super::{Fault, SheetId, Workbook};

/// Why a workbook could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is not a workbook that can be calculated.
    #[error("the workbook cannot be calculated: {0}")]
    Calculation(String),
    /// The package cannot be read.
    #[error("the package cannot be read: {0}")]
    Package(#[from] deskhand_opc::PackageError),
    /// The sheets cannot be listed.
    #[error("the sheets cannot be listed: {0}")]
    Sheets(#[from] Refusal),
}

/// Why the file could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SaveError {
    /// An edit that the package does not take.
    #[error("an edit cannot be saved: {0}")]
    Refused(#[from] Refusal),
    /// An edit whose sheet or object is gone.
    #[error("an edit cannot be saved: {0}")]
    Lost(#[from] Fault),
    /// The package cannot be written.
    #[error("the package cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// One kind of format to set on an area.
#[derive(Debug)]
struct Formatted {
    sheet: SheetId,
    area: Area,
    format: CellFormat,
    fit_columns: bool,
}

/// The edits since the last save.
#[derive(Debug)]
pub(super) struct Record {
    package: Package,
    /// The package was changed by itself, beside the sheets.
    patched: bool,
    added_sheets: Vec<SheetId>,
    deleted_sheets: Vec<String>,
    cells: BTreeMap<SheetId, BTreeSet<(u32, u32)>>,
    formats: Vec<Formatted>,
    added_tables: Vec<u32>,
    deleted_tables: Vec<String>,
    added_charts: Vec<u32>,
    deleted_charts: Vec<(SheetId, String)>,
}

impl Record {
    fn new(package: Package) -> Self {
        Self {
            package,
            patched: false,
            added_sheets: Vec::new(),
            deleted_sheets: Vec::new(),
            cells: BTreeMap::new(),
            formats: Vec::new(),
            added_tables: Vec::new(),
            deleted_tables: Vec::new(),
            added_charts: Vec::new(),
            deleted_charts: Vec::new(),
        }
    }

    /// True when there is nothing to save.
    pub(super) fn is_empty(&self) -> bool {
        !self.patched
            && self.added_sheets.is_empty()
            && self.deleted_sheets.is_empty()
            && self.cells.is_empty()
            && self.formats.is_empty()
            && self.added_tables.is_empty()
            && self.deleted_tables.is_empty()
            && self.added_charts.is_empty()
            && self.deleted_charts.is_empty()
    }

    pub(super) fn package(&self) -> &Package {
        &self.package
    }

    pub(super) fn apply(&mut self, patches: &PatchSet) -> Result<(), Fault> {
        let applied = self.package.apply(patches);
        applied.map_err(|error| Fault::operation(error.to_string()))?;
        self.patched = true;
        Ok(())
    }

    pub(super) fn cell(&mut self, sheet: SheetId, row: u32, column: u32) {
        self.cells.entry(sheet).or_default().insert((row, column));
    }

    pub(super) fn number_format(&mut self, sheet: SheetId, area: Area, format: String) {
        self.format(
            sheet,
            area,
            &CellFormat {
                number_format: Some(format),
                ..CellFormat::default()
            },
        );
    }

    /// Records a format; a grid of equal formats, set cell by cell, becomes one area again.
    pub(super) fn format(&mut self, sheet: SheetId, area: Area, format: &CellFormat) {
        if let Some(last) = self.formats.last_mut()
            && last.sheet == sheet
            && !last.fit_columns
            && last.format == *format
        {
            if last.area == area {
                return;
            }
            if let Some(joined) = joined(last.area, area) {
                last.area = joined;
                self.join_rows();
                return;
            }
        }
        self.formats.push(Formatted {
            sheet,
            area,
            format: format.clone(),
            fit_columns: false,
        });
        self.join_rows();
    }

    /// Joins the last two entries, when the last one is a full row below the one before.
    fn join_rows(&mut self) {
        if let [.., above, below] = self.formats.as_mut_slice()
            && above.sheet == below.sheet
            && above.format == below.format
            && !above.fit_columns
            && above.area.left == below.area.left
            && above.area.right == below.area.right
            && above.area.bottom + 1 == below.area.top
        {
            above.area.bottom = below.area.bottom;
            self.formats.pop();
        }
    }

    pub(super) fn fit_columns(&mut self, sheet: SheetId, area: Area) {
        self.formats.push(Formatted {
            sheet,
            area,
            format: CellFormat::default(),
            fit_columns: true,
        });
    }

    pub(super) fn add_sheet(&mut self, sheet: SheetId) {
        self.added_sheets.push(sheet);
    }

    pub(super) fn is_added(&self, sheet: SheetId) -> bool {
        self.added_sheets.contains(&sheet)
    }

    pub(super) fn delete_sheet(&mut self, sheet: SheetId, name: String) {
        self.cells.remove(&sheet);
        self.formats.retain(|formatted| formatted.sheet != sheet);
        if self.is_added(sheet) {
            self.added_sheets.retain(|added| *added != sheet);
        } else {
            self.deleted_sheets.push(name);
        }
    }

    pub(super) fn add_table(&mut self, table: u32) {
        self.added_tables.push(table);
    }

    pub(super) fn is_new_table(&self, table: u32) -> bool {
        self.added_tables.contains(&table)
    }

    pub(super) fn delete_table(&mut self, table: u32, name: String) {
        if self.is_new_table(table) {
            self.added_tables.retain(|added| *added != table);
        } else {
            self.deleted_tables.push(name);
        }
    }

    pub(super) fn add_chart(&mut self, chart: u32) {
        self.added_charts.push(chart);
    }

    pub(super) fn is_new_chart(&self, chart: u32) -> bool {
        self.added_charts.contains(&chart)
    }

    pub(super) fn delete_chart(&mut self, chart: u32, sheet: SheetId, name: String) {
        if self.is_new_chart(chart) {
            self.added_charts.retain(|added| *added != chart);
        } else {
            self.deleted_charts.push((sheet, name));
        }
    }
}

impl Workbook {
    /// Opens a workbook from the bytes of its file.
    pub(crate) fn open(name: &str, bytes: &[u8]) -> Result<Self, OpenError> {
        let package = Package::open(bytes.to_vec(), &Limits::default())?;
        let calculation = |error: String| OpenError::Calculation(error);
        let loaded = ironcalc::import::load_from_xlsx_bytes(bytes, name, "en", "UTC");
        let loaded = loaded.map_err(|error| calculation(error.to_string()))?;
        let model = Model::from_workbook(loaded, "en").map_err(calculation)?;
        let first = model
            .workbook
            .worksheets
            .first()
            .map(|sheet| SheetId(sheet.sheet_id));
        let first = first.ok_or_else(|| calculation("it has no sheet".to_owned()))?;
        let mut workbook = Self {
            model,
            stale: true,
            revision: 0,
            selection: (first, Area::cell(0, 0)),
            tables: BTreeMap::new(),
            charts: BTreeMap::new(),
            pivots: Vec::new(),
            record: Record::new(package),
            events: Vec::new(),
            name: name.to_owned(),
        };
        workbook.settle();
        workbook.take_tables();
        workbook.take_objects()?;
        Ok(workbook)
    }

    /// Takes the charts and pivot tables that the file had, by name.
    fn take_objects(&mut self) -> Result<(), OpenError> {
        let operation = WorkbookOperation::Info(WorkbookInfo {});
        let WorkbookAnswer::Info(info) = Tools::open(self.record.package.clone())?.answer(&operation)? else {
            return Ok(());
        };
        for content in info.sheets {
            let Some(sheet) = self.sheet_named(&content.name) else {
                continue;
            };
            for name in content.charts {
                self.insert_chart(Chart {
                    name,
                    sheet,
                    drawn: None,
                    title: None,
                    place: None,
                });
            }
            self.pivots
                .extend(content.pivots.into_iter().map(|name| (sheet, name)));
        }
        Ok(())
    }

    /// The bytes of the file with the edits in it.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, SaveError> {
        Ok(self.edited()?.write()?)
    }

    /// The bytes of the file; the edits up to now are in it from now on.
    pub(crate) fn save(&mut self) -> Result<Vec<u8>, SaveError> {
        let package = self.edited()?;
        let bytes = package.write()?;
        self.record = Record::new(package);
        Ok(bytes)
    }

    fn edited(&self) -> Result<Package, SaveError> {
        let mut tools = Tools::open(self.record.package.clone())?;
        for operation in self.operations()? {
            let planned = tools.plan(&operation)?;
            tools.apply(&planned.patches)?;
        }
        Ok(tools.package().clone())
    }

    /// The edits in an order in which each finds what it needs.
    fn operations(&self) -> Result<Vec<WorkbookOperation>, Fault> {
        let record = &self.record;
        let mut operations = Vec::new();
        let taken = record.added_sheets.iter().any(|sheet| {
            self.sheet_name(*sheet).is_ok_and(|name| {
                record
                    .deleted_sheets
                    .iter()
                    .any(|old| old.eq_ignore_ascii_case(&name))
            })
        });
        let deletions = record
            .deleted_sheets
            .iter()
            .map(|name| WorkbookOperation::SheetDelete(SheetDelete { name: name.clone() }));
        if taken {
            operations.extend(deletions.clone());
        }
        for sheet in self
            .sheet_ids()
            .into_iter()
            .filter(|sheet| record.is_added(*sheet))
        {
            operations.push(self.sheet_add(sheet)?);
        }
        if !taken {
            operations.extend(deletions);
        }
        for name in &record.deleted_tables {
            operations.push(WorkbookOperation::TableDelete(TableDelete { name: name.clone() }));
        }
        for (sheet, name) in &record.deleted_charts {
            // A chart that went with its sheet needs no operation of its own.
            if let Ok(sheet) = self.sheet_name(*sheet) {
                operations.push(WorkbookOperation::ChartDelete(ChartDelete {
                    sheet,
                    name: name.clone(),
                }));
            }
        }
        self.cell_writes(false, &mut operations)?;
        self.table_adds(&mut operations)?;
        self.cell_writes(true, &mut operations)?;
        for formatted in &record.formats {
            operations.push(WorkbookOperation::RangeFormatting(RangeFormatting {
                range: Address::on(self.sheet_name(formatted.sheet)?, formatted.area).to_string(),
                format: formatted.format.clone(),
                fit_columns: formatted.fit_columns,
            }));
        }
        self.chart_adds(&mut operations)?;
        Ok(operations)
    }

    fn sheet_add(&self, sheet: SheetId) -> Result<WorkbookOperation, Fault> {
        let index = self.index(sheet)? as usize;
        let before = index.checked_sub(1).map(|index| self.sheet_ids()[index]);
        let before = before.ok_or_else(|| Fault::missing("saving a new sheet in the first place"))?;
        let after = Some(self.sheet_name(before)?);
        Ok(WorkbookOperation::SheetAdd(SheetAdd {
            name: self.sheet_name(sheet)?,
            after,
        }))
    }

    fn table_adds(&self, operations: &mut Vec<WorkbookOperation>) -> Result<(), Fault> {
        for table in self
            .record
            .added_tables
            .iter()
            .filter_map(|id| self.tables.get(id))
        {
            operations.push(WorkbookOperation::TableAdd(TableAdd {
                range: Address::on(self.sheet_name(table.sheet)?, table.area).to_string(),
                name: table.name.clone(),
                style: Some(table.style.clone()),
            }));
        }
        Ok(())
    }

    fn chart_adds(&self, operations: &mut Vec<WorkbookOperation>) -> Result<(), Fault> {
        for chart in self
            .record
            .added_charts
            .iter()
            .filter_map(|id| self.charts.get(id))
        {
            let Some((kind, on, area)) = chart.drawn else {
                continue;
            };
            let sheet = self.sheet_name(chart.sheet)?;
            // Excel puts a chart without a place over the cells in view; here it stands right of its data.
            let place = chart.place.unwrap_or(Area {
                top: area.top,
                left: area.right + 2,
                bottom: area.top + 14,
                right: area.right + 8,
            });
            operations.push(WorkbookOperation::ChartAdd(ChartAdd {
                range: Address::on(self.sheet_name(on)?, area).to_string(),
                kind,
                name: chart.name.clone(),
                title: chart.title.clone(),
                place: Some(Address::on(sheet, place).to_string()),
                series_in: None,
                series: Vec::new(),
                look: None,
            }));
        }
        Ok(())
    }

    /// Writes of the edited cells, in rectangles: those that hold formulas, or the others.
    fn cell_writes(&self, formulas: bool, operations: &mut Vec<WorkbookOperation>) -> Result<(), Fault> {
        for (sheet, cells) in &self.record.cells {
            let index = self.index(*sheet)?;
            let name = self.sheet_name(*sheet)?;
            let is_formula = |row, column| self.formula(index, row, column).is_some();
            let wanted = cells
                .iter()
                .copied()
                .filter(|(row, column)| is_formula(*row, *column) == formulas);
            for area in rectangles(wanted) {
                let input = |row, column| self.input(index, row, column);
                let rows = (area.top..=area.bottom).map(|row| {
                    (area.left..=area.right)
                        .map(|column| input(row, column))
                        .collect()
                });
                operations.push(WorkbookOperation::RangeWrite(RangeWrite {
                    range: Address::on(name.clone(), area).to_string(),
                    cells: rows.collect(),
                    sources: Vec::new(),
                }));
            }
        }
        Ok(())
    }

    fn input(&self, index: u32, row: u32, column: u32) -> CellInput {
        if let Some(formula) = self.formula(index, row, column) {
            return CellInput::Text(formula);
        }
        if self.is_empty(index, row, column) {
            return CellInput::Clear(ClearMark { clear: true });
        }
        match self.value(index, row, column) {
            Value::Bool(flag) => CellInput::Boolean(flag),
            Value::Number(number) => CellInput::Number(number.as_f64().unwrap_or_default()),
            Value::String(text) if text.starts_with(['=', '\'']) => CellInput::Text(format!("'{text}")),
            Value::String(text) => CellInput::Text(text),
            _ => CellInput::Clear(ClearMark { clear: true }),
        }
    }
}

/// Cells in order of rows as rectangles: runs along a row, joined with equal runs above.
fn rectangles(cells: impl Iterator<Item = (u32, u32)>) -> Vec<Area> {
    let mut runs: Vec<Area> = Vec::new();
    for (row, column) in cells {
        match runs.last_mut() {
            Some(last) if last.top == row && last.right + 1 == column => last.right = column,
            _ => runs.push(Area::cell(row, column)),
        }
    }
    let mut areas: Vec<Area> = Vec::new();
    for run in runs {
        let above =
            |area: &&mut Area| area.bottom + 1 == run.top && area.left == run.left && area.right == run.right;
        match areas.iter_mut().rev().take(64).find(above) {
            Some(area) => area.bottom = run.bottom,
            None => areas.push(run),
        }
    }
    areas
}

/// One area of two that touch along a whole side of a row.
fn joined(one: Area, next: Area) -> Option<Area> {
    (one.top == next.top && one.bottom == next.bottom && one.right + 1 == next.left).then_some(Area {
        right: next.right,
        ..one
    })
}
