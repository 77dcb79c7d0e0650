//! Figures beside their sources, through the tools as the agent calls them. The panes here hold cells and no Office.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use deskhand_core::ports::{BoxFuture, Progress, Tools};
use deskhand_core::tool::ToolRequest;
use deskhand_documents::{DocumentTools, PaneError, Panes, Registry, World};
use deskhand_protocol::change::{FigureCheck, FigureState};
use deskhand_protocol::document::{ApplyAnswer, ApplyOutcome, ApplyParams, DocumentKind, LiveDocument};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::operations::answer::{Applied, RangeContent};
use deskhand_protocol::operations::{
    Address, Answer, Area, CellInput, CellValue, Operation, WorkbookAnswer, WorkbookOperation,
};
use deskhand_protocol::{CallId, ChangeSetId, DocumentId, SessionId, Timestamp, TurnId, UserError};
use deskhand_workspace::Folders;
use serde_json::{Value, json};

use crate::stage::Memory;

/// Cells by document and address.
#[derive(Default)]
struct Cells {
    values: Mutex<BTreeMap<(DocumentId, String), CellValue>>,
    closed: Mutex<BTreeSet<DocumentId>>,
}

impl Cells {
    fn set(&self, document: &DocumentId, address: &str, value: CellValue) {
        let key = (document.clone(), address.to_owned());
        self.values.lock().unwrap().insert(key, value);
    }

    fn answer(&self, document: &DocumentId, operation: Operation) -> Answer {
        let Operation::Workbook(operation) = operation else {
            panic!("these panes hold workbooks");
        };
        match operation {
            WorkbookOperation::RangeRead(read) => {
                let address = Address::parse(&read.range).unwrap();
                let (sheet, area) = (address.sheet.unwrap(), address.area.unwrap());
                let values = self.values.lock().unwrap();
                let at = |row, column| {
                    let cell = Address::on(sheet.clone(), Area::cell(row, column));
                    let value = values.get(&(document.clone(), cell.to_string()));
                    value.cloned().unwrap_or(CellValue::Empty)
                };
                let line = |row| (area.left..=area.right).map(|column| at(row, column)).collect();
                let grid: Vec<Vec<CellValue>> = (area.top..=area.bottom).map(line).collect();
                Answer::Workbook(WorkbookAnswer::RangeRead(RangeContent {
                    address: read.range,
                    formulas: Some(grid.clone()),
                    values: Some(grid),
                    ..RangeContent::default()
                }))
            }
            WorkbookOperation::RangeWrite(write) => {
                let [line] = write.cells.as_slice() else {
                    panic!("these tests write one cell");
                };
                let [CellInput::Number(number)] = line.as_slice() else {
                    panic!("these tests write numbers");
                };
                self.set(document, &write.range, CellValue::Number(*number));
                applied(write.range)
            }
            WorkbookOperation::RangeRestore(restore) => {
                self.set(document, &restore.image.address, CellValue::Empty);
                applied(restore.image.address)
            }
            other => panic!("not foreseen: {other:?}"),
        }
    }
}

fn applied(target: String) -> Answer {
    Answer::Workbook(WorkbookAnswer::RangeWrite(Applied {
        target,
        changed: 1,
        read_back: None,
        warnings: Vec::new(),
    }))
}

impl Panes for Cells {
    fn apply<'a>(
        &'a self,
        document: &'a DocumentId,
        params: ApplyParams,
    ) -> BoxFuture<'a, Result<ApplyAnswer, PaneError>> {
        Box::pin(async move {
            let steps = params.steps.into_iter();
            let outcomes = steps.map(|step| ApplyOutcome::Answer(self.answer(document, step.operation)));
            Ok(ApplyAnswer {
                outcomes: outcomes.collect(),
            })
        })
    }

    fn is_live(&self, document: &DocumentId) -> bool {
        !self.closed.lock().unwrap().contains(document)
    }

    fn returned<'a>(&'a self, _: &'a DocumentId) -> BoxFuture<'a, ()> {
        Box::pin(std::future::pending())
    }
}

/// Counts, so that no two ids are the same.
#[derive(Default)]
struct Counted(AtomicU8);

impl World for Counted {
    fn now(&self) -> Timestamp {
        1_700_000_000_000
    }

    fn chance(&self) -> [u8; 10] {
        [self.0.fetch_add(1, Ordering::Relaxed); 10]
    }
}

struct Patient;

impl Progress for Patient {
    fn waiting(&self, error: UserError) {
        panic!("nothing has to be waited for: {error}");
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Two open workbooks of one session: one with sources, one that figures are written to.
struct Stage {
    cells: Arc<Cells>,
    tools: DocumentTools,
    session: SessionId,
    data: DocumentId,
    report: DocumentId,
}

impl Stage {
    fn new() -> Self {
        let (cells, registry) = (Arc::new(Cells::default()), Arc::new(Registry::default()));
        let session = SessionId::new(1, [1; 10]);
        let open = |title: &str, chance: u8| {
            let live = LiveDocument {
                kind: DocumentKind::Workbook,
                title: title.to_owned(),
                path: None,
                embedded_id: None,
                sets: Vec::new(),
                summary: None,
            };
            let id = registry.open(&live, DocumentId::new(2, [chance; 10])).id;
            registry.join(&session, &id);
            id
        };
        let (data, report) = (open("Data.xlsx", 2), open("Report.xlsx", 3));
        let tools = DocumentTools::new(
            registry,
            cells.clone(),
            Arc::new(Memory::default()),
            Arc::new(Counted::default()),
            Folders::new(None),
        );
        Self {
            cells,
            tools,
            session,
            data,
            report,
        }
    }

    fn hold(&self, address: &str, number: f64) {
        self.cells.set(&self.data, address, CellValue::Number(number));
    }

    /// Writes a number with its source, as the agent does.
    async fn write(&self, call: &str, cell: &str, number: f64, source: Option<&str>) -> ChangeSetId {
        let sources: Vec<Value> = source
            .iter()
            .map(|address| json!({ "figure": cell, "document": self.data, "address": address }))
            .collect();
        let request = ToolRequest {
            session: self.session.clone(),
            turn: TurnId::new(1, [1; 10]),
            call: CallId::from_text(call),
            name: "range_write".to_owned(),
            input: json!({
                "document": self.report,
                "range": format!("Summary!{cell}"),
                "cells": [[number]],
                "sources": sources,
            }),
            folder: None,
            command: None,
        };
        self.tools.prepare(&request, &Patient).await.unwrap();
        let result = self.tools.run(&request, &Patient).await;
        assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
        result.change_set.unwrap().id
    }

    async fn check(&self) -> Vec<FigureCheck> {
        self.tools.check_figures(&self.session).await.unwrap()
    }

    async fn states(&self) -> Vec<(String, FigureState)> {
        let figures = self.check().await.into_iter();
        figures.map(|check| (check.figure, check.state)).collect()
    }
}

#[tokio::test]
async fn a_figure_matches_until_its_source_changes() {
    let stage = Stage::new();
    stage.hold("Revenue!F2", 0.1);
    stage.hold("Revenue!F3", 0.2);
    stage.write("call-1", "B4", 0.3, Some("Revenue!F2:F3")).await;
    assert_eq!(stage.states().await, [("B4".to_owned(), FigureState::Match)]);
    // The same sum in another order of adding is no change; a cent is one.
    stage.hold("Revenue!F2", 0.3);
    stage.hold("Revenue!F3", 0.0);
    assert_eq!(stage.states().await, [("B4".to_owned(), FigureState::Match)]);
    stage.hold("Revenue!F3", 0.01);
    let [figure] = stage.check().await.try_into().unwrap();
    assert_eq!(figure.state, FigureState::Changed);
    assert_eq!(figure.then, Some(CellValue::Number(0.1 + 0.2)));
    assert_eq!(figure.now, Some(CellValue::Number(0.31)));
    assert_eq!(
        (
            figure.title.as_str(),
            figure.target.as_str(),
            figure.source.title.as_str()
        ),
        ("Report.xlsx", "Summary!B4", "Data.xlsx")
    );
}

#[tokio::test]
async fn a_source_that_is_emptied_or_becomes_text_has_changed() {
    let stage = Stage::new();
    stage.hold("Revenue!F2", 7.0);
    stage.write("call-1", "B4", 7.0, Some("Revenue!F2")).await;
    for now in [CellValue::Empty, CellValue::Text("#REF!".to_owned())] {
        stage.cells.set(&stage.data, "Revenue!F2", now);
        assert_eq!(stage.states().await, [("B4".to_owned(), FigureState::Changed)]);
    }
}

#[tokio::test]
async fn a_source_that_cannot_be_read_is_told_with_its_last_value() {
    let stage = Stage::new();
    stage.hold("Revenue!F2", 7.0);
    stage.write("call-1", "B4", 7.0, Some("Revenue!F2")).await;
    stage.write("call-2", "B5", 7.0, Some("no address")).await;
    stage.cells.closed.lock().unwrap().insert(stage.data.clone());
    let figures = stage.check().await;
    assert!(
        figures
            .iter()
            .all(|check| check.state == FigureState::Unreachable)
    );
    let then: Vec<_> = figures.into_iter().map(|check| (check.then, check.now)).collect();
    assert_eq!(then, [(Some(CellValue::Number(7.0)), None), (None, None)]);
}

#[tokio::test]
async fn a_figure_that_was_written_over_is_checked_no_more() {
    let stage = Stage::new();
    stage.hold("Revenue!F2", 7.0);
    stage.write("call-1", "B4", 7.0, Some("Revenue!F2")).await;
    stage.write("call-2", "B5", 7.0, Some("Revenue!F2")).await;
    stage.hold("Revenue!F2", 8.0);
    let over = stage.write("call-3", "B4", 8.0, Some("Revenue!F2")).await;
    let figure = |cell: &str, state| (cell.to_owned(), state);
    assert_eq!(
        stage.states().await,
        [
            figure("B5", FigureState::Changed),
            figure("B4", FigureState::Match)
        ]
    );
    stage
        .tools
        .undo(&stage.session, &over, false, &Patient)
        .await
        .unwrap();
    assert_eq!(
        stage.states().await,
        [
            figure("B4", FigureState::Changed),
            figure("B5", FigureState::Changed)
        ]
    );
}
