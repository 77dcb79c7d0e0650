//! A workbook in memory that answers operations as a task pane does, and keeps account of every change made to it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use deskhand_protocol::document::{ApplyOutcome, ApplyStep};
use deskhand_protocol::operations::answer::{RangeContent, SheetContent, WorkbookContent};
use deskhand_protocol::operations::workbook::{RangeFacet, RangeRead, RangeWrite};
use deskhand_protocol::operations::{
    Address, Answer, Applied, Area, CellInput, CellValue, Operation, Refusal, RefusalCode, WorkbookAnswer,
    WorkbookOperation,
};

type Done = Result<WorkbookAnswer, Refusal>;

/// One sheet.
#[derive(Clone, Debug, Default)]
struct Sheet {
    name: String,
    cells: BTreeMap<(u32, u32), CellValue>,
    charts: Vec<String>,
}

/// The workbook. It does what it is asked also when that is there already, so that doing something twice shows.
#[derive(Clone, Debug, Default)]
pub struct Workbook {
    sheets: Vec<Sheet>,
    /// Every change made, as `op target`, oldest first.
    pub changes: Vec<String>,
    /// Answers `busy` to this many steps that would change something, as Excel does while a cell is edited.
    pub busy: u32,
}

impl Workbook {
    /// A workbook with one sheet of numbers from `A1` on.
    pub fn with_sheet(name: &str, rows: &[&[f64]]) -> Self {
        let mut sheet = Sheet {
            name: name.to_owned(),
            ..Sheet::default()
        };
        for (row, line) in (0..).zip(rows) {
            for (column, number) in (0..).zip(*line) {
                sheet.cells.insert((row, column), CellValue::Number(*number));
            }
        }
        Self {
            sheets: vec![sheet],
            ..Self::default()
        }
    }

    /// What stands in a cell, `Data!B2`.
    pub fn cell(&self, address: &str) -> CellValue {
        let (sheet, area) = place(address).expect("an address in the workbook");
        let sheet = self.sheet(&sheet).expect("the sheet");
        sheet.at(area.top, area.left)
    }

    /// Puts a value in a cell, as a person does.
    pub fn type_in(&mut self, address: &str, value: CellValue) {
        let (sheet, area) = place(address).expect("an address in the workbook");
        let sheet = self.sheet_mut(&sheet).expect("the sheet");
        sheet.cells.insert((area.top, area.left), value);
    }

    /// Does one step of a batch.
    pub fn perform(&mut self, step: &ApplyStep) -> ApplyOutcome {
        let Operation::Workbook(operation) = &step.operation else {
            return ApplyOutcome::Refusal(Refusal::new(RefusalCode::Unsupported, "this is a workbook"));
        };
        match self.done(operation, step.expected.as_deref()) {
            Ok(answer) => ApplyOutcome::Answer(Answer::Workbook(answer)),
            Err(refusal) => ApplyOutcome::Refusal(refusal),
        }
    }

    /// Does the first half of a write, row by row, as a pane does that is closed in the middle.
    pub fn perform_half(&mut self, step: &ApplyStep) {
        if let Operation::Workbook(WorkbookOperation::RangeWrite(write)) = &step.operation {
            let half = RangeWrite {
                cells: write.cells[..write.cells.len() / 2].to_vec(),
                range: write.range.split(':').next().unwrap_or_default().to_owned(),
                sources: Vec::new(),
            };
            self.write(&half, None).expect("half of the range");
        }
    }

    fn done(&mut self, operation: &WorkbookOperation, expected: Option<&str>) -> Done {
        let reads = matches!(
            operation,
            WorkbookOperation::Info(_) | WorkbookOperation::RangeRead(_)
        );
        if self.busy > 0 && !reads {
            self.busy -= 1;
            return Err(Refusal::new(RefusalCode::Busy, "a cell is being edited"));
        }
        match operation {
            WorkbookOperation::Info(_) => Ok(WorkbookAnswer::Info(self.content())),
            WorkbookOperation::RangeRead(read) => self.read(read).map(WorkbookAnswer::RangeRead),
            WorkbookOperation::RangeWrite(write) => {
                self.write(write, expected).map(WorkbookAnswer::RangeWrite)
            }
            WorkbookOperation::SheetAdd(add) => {
                self.changes.push(format!("sheet.add {}", add.name));
                self.sheets.push(Sheet {
                    name: add.name.clone(),
                    ..Sheet::default()
                });
                let added = self.sheets.last().map(Sheet::content).unwrap_or_default();
                Ok(WorkbookAnswer::SheetAdd(added))
            }
            WorkbookOperation::ChartAdd(add) => {
                let (sheet, _) = place(add.place.as_deref().unwrap_or(&add.range))?;
                self.sheet_mut(&sheet)?.charts.push(add.name.clone());
                self.changes.push(format!("chart.add {}", add.name));
                Ok(WorkbookAnswer::ChartAdd(applied(add.range.clone(), 1)))
            }
            other => {
                let message = format!("{} is not played here", other.definition().name);
                Err(Refusal::new(RefusalCode::Unsupported, message))
            }
        }
    }

    fn content(&self) -> WorkbookContent {
        WorkbookContent {
            kind: "workbook".to_owned(),
            sheets: self.sheets.iter().map(Sheet::content).collect(),
            ..WorkbookContent::default()
        }
    }

    fn read(&self, read: &RangeRead) -> Result<RangeContent, Refusal> {
        let (sheet, area) = place(&read.range)?;
        let sheet = self.sheet(&sheet)?;
        let has = |facet| read.what.contains(&facet);
        let rows = area.rows() as usize;
        let columns = area.columns() as usize;
        Ok(RangeContent {
            address: read.range.clone(),
            values: (read.what.is_empty() || has(RangeFacet::Values)).then(|| sheet.grid(area)),
            formulas: has(RangeFacet::Formulas).then(|| sheet.grid(area)),
            number_formats: has(RangeFacet::NumberFormats)
                .then(|| vec![vec!["General".to_owned(); columns]; rows]),
            fingerprint: sheet.fingerprint(area),
            ..RangeContent::default()
        })
    }

    fn write(&mut self, write: &RangeWrite, expected: Option<&str>) -> Result<Applied, Refusal> {
        let (name, start) = place(&write.range)?;
        let sheet = self.sheet_mut(&name)?;
        let columns = write.cells.first().map_or(0, Vec::len) as u32;
        let area = Area::of_size(start.top, start.left, write.cells.len() as u32, columns);
        let area = area.ok_or_else(|| Refusal::new(RefusalCode::BadInput, "no cells"))?;
        if expected.is_some_and(|expected| expected != sheet.fingerprint(area)) {
            return Err(Refusal::new(RefusalCode::Changed, "the cells changed since"));
        }
        let mut changed = 0;
        for (row, line) in (area.top..).zip(&write.cells) {
            for (column, input) in (area.left..).zip(line) {
                let value = match input {
                    CellInput::Leave => continue,
                    CellInput::Boolean(value) => CellValue::Boolean(*value),
                    CellInput::Number(value) => CellValue::Number(*value),
                    CellInput::Text(text) => CellValue::Text(text.clone()),
                    CellInput::Clear(_) => CellValue::Empty,
                    CellInput::Date(date) => CellValue::Number(date.serial(false).expect("a date")),
                };
                sheet.cells.insert((row, column), value);
                changed += 1;
            }
        }
        let target = Address::on(name, area).to_string();
        self.changes.push(format!("range.write {target}"));
        Ok(applied(target, changed))
    }

    fn sheet(&self, name: &str) -> Result<&Sheet, Refusal> {
        let found = self.sheets.iter().find(|sheet| sheet.name == name);
        found.ok_or_else(|| Refusal::new(RefusalCode::NotFound, format!("no sheet `{name}`")))
    }

    fn sheet_mut(&mut self, name: &str) -> Result<&mut Sheet, Refusal> {
        let found = self.sheets.iter_mut().find(|sheet| sheet.name == name);
        found.ok_or_else(|| Refusal::new(RefusalCode::NotFound, format!("no sheet `{name}`")))
    }
}

impl Sheet {
    fn at(&self, row: u32, column: u32) -> CellValue {
        self.cells
            .get(&(row, column))
            .cloned()
            .unwrap_or(CellValue::Empty)
    }

    fn grid(&self, area: Area) -> Vec<Vec<CellValue>> {
        let line = |row| {
            (area.left..=area.right)
                .map(|column| self.at(row, column))
                .collect()
        };
        (area.top..=area.bottom).map(line).collect()
    }

    fn fingerprint(&self, area: Area) -> String {
        let mut hasher = DefaultHasher::new();
        serde_json::to_string(&self.grid(area))
            .unwrap_or_default()
            .hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    fn content(&self) -> SheetContent {
        let rows = self.cells.keys().map(|(row, _)| *row).max();
        let columns = self.cells.keys().map(|(_, column)| *column).max();
        let used = rows
            .zip(columns)
            .and_then(|(row, column)| Area::of_size(0, 0, row + 1, column + 1));
        SheetContent {
            name: self.name.clone(),
            visible: true,
            used_range: used.map(|area| area.to_string()),
            charts: self.charts.clone(),
            ..SheetContent::default()
        }
    }
}

fn applied(target: String, changed: u32) -> Applied {
    Applied {
        target,
        changed,
        ..Applied::default()
    }
}

fn place(text: &str) -> Result<(String, Area), Refusal> {
    let address = Address::parse(text).ok();
    let parts = address.and_then(|address| Some((address.sheet?, address.area?)));
    parts.ok_or_else(|| {
        Refusal::new(
            RefusalCode::BadInput,
            format!("`{text}` is no range with a sheet"),
        )
    })
}
