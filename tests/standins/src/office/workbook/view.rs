//! What the host page draws: a window of cells, sheets, tables and charts.

use deskhand_operations::{Address, Area, ChartKind};
use ironcalc_base::types::SheetState;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fault, SheetId, Workbook};

/// Rows and columns that one view may ask for.
const MAX_VIEW: u32 = 200;

/// The part of the active sheet that a page shows.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Window {
    /// First row.
    pub(crate) top: u32,
    /// First column.
    pub(crate) left: u32,
    /// How many rows.
    pub(crate) rows: u32,
    /// How many columns.
    pub(crate) columns: u32,
}

impl Workbook {
    /// What the page draws.
    pub(crate) fn view(&mut self, window: Window) -> Result<Value, Fault> {
        self.settle();
        let (sheet, selected) = self.selection;
        let index = self.index(sheet)?;
        let area = Area::of_size(
            window.top,
            window.left,
            window.rows.clamp(1, MAX_VIEW),
            window.columns.clamp(1, MAX_VIEW),
        )
        .ok_or_else(|| Fault::argument("The view lies beyond the end of the sheet."))?;
        let active = (selected.top, selected.left);
        let content = self
            .formula(index, active.0, active.1)
            .map_or_else(|| self.value(index, active.0, active.1), Value::from);
        let sheets = self
            .model
            .workbook
            .worksheets
            .iter()
            .filter(|sheet| sheet.state == SheetState::Visible);
        let tables = self.tables.values().filter(|table| table.sheet == sheet);
        Ok(json!({
            "kind": "workbook",
            "revision": self.revision,
            "sheets": sheets.map(|sheet| json!({ "id": sheet.sheet_id, "name": sheet.name })).collect::<Vec<_>>(),
            "active": sheet.0,
            "selection": { "address": selected.to_string(), "area": area_json(selected) },
            "content": content,
            "window": area_json(area),
            "used": self.used(sheet, None, true)?.map(area_json),
            "widths": (area.left..=area.right).map(|column| self.width(index, column)).collect::<Vec<_>>(),
            "before": (0..area.left).map(|column| self.width(index, column)).sum::<f64>(),
            "cells": self.cells_of(index, area),
            "tables": tables.map(|table| area_json(table.area)).collect::<Vec<_>>(),
            "charts": self.charts_of(sheet)?,
        }))
    }

    fn width(&self, index: u32, column: u32) -> f64 {
        self.model
            .get_column_width(index, column as i32 + 1)
            .unwrap_or(90.0)
            .round()
    }

    fn cells_of(&self, index: u32, area: Area) -> Vec<Value> {
        let mut cells = Vec::new();
        let theme = &self.model.workbook.theme;
        for row in area.top..=area.bottom {
            for column in area.left..=area.right {
                let Some(cell) =
                    self.model.workbook.worksheets[index as usize].cell(row as i32 + 1, column as i32 + 1)
                else {
                    continue;
                };
                let style = self
                    .model
                    .get_style_for_cell(index, row as i32 + 1, column as i32 + 1)
                    .unwrap_or_default();
                let border = &style.border;
                let mut drawn =
                    json!({ "row": row, "column": column, "text": self.text(index, row, column) });
                let numeric = cell.get_type() == ironcalc_base::types::CellType::Number;
                let align = style
                    .alignment
                    .as_ref()
                    .map(|alignment| alignment.horizontal.to_string());
                let flags = [
                    ("number", numeric),
                    ("formula", cell.get_formula().is_some()),
                    ("bold", style.font.b),
                    ("italic", style.font.i),
                    (
                        "wrap",
                        style
                            .alignment
                            .as_ref()
                            .is_some_and(|alignment| alignment.wrap_text),
                    ),
                    ("lineAbove", border.top.is_some()),
                    ("lineBelow", border.bottom.is_some()),
                ];
                for (name, _) in flags.into_iter().filter(|(_, on)| *on) {
                    drawn[name] = true.into();
                }
                if style.fill.color.is_some() {
                    drawn["fill"] = style.fill.color.to_rgb(theme).into();
                }
                if style.font.color.is_some() {
                    drawn["color"] = style.font.color.to_rgb(theme).into();
                }
                if let Some(align) = align.filter(|align| align != "general") {
                    drawn["align"] = align.into();
                }
                drawn["size"] = style.font.sz.into();
                cells.push(drawn);
            }
        }
        cells
    }

    fn charts_of(&self, sheet: SheetId) -> Result<Vec<Value>, Fault> {
        let mut charts = Vec::new();
        for chart in self.charts.values().filter(|chart| chart.sheet == sheet) {
            let Some((kind, on, area)) = chart.drawn else {
                charts.push(json!({ "name": chart.name }));
                continue;
            };
            charts.push(json!({
                "name": chart.name,
                "kind": kind_name(kind),
                "title": chart.title,
                "place": chart.place.map(area_json),
                "data": self.chart_data(on, area)?,
            }));
        }
        Ok(charts)
    }

    fn chart_data(&self, sheet: SheetId, area: Area) -> Result<Value, Fault> {
        let index = self.index(sheet)?;
        let rows = area.top + 1..=area.bottom.min(area.top + 100);
        let series = (area.left + 1..=area.right).map(|column| {
            let values = rows.clone().map(|row| self.value(index, row, column).as_f64());
            let texts = rows.clone().map(|row| self.text(index, row, column));
            json!({
                "name": self.text(index, area.top, column),
                "values": values.collect::<Vec<_>>(),
                "texts": texts.collect::<Vec<_>>(),
            })
        });
        Ok(json!({
            "categories": rows.clone().map(|row| self.text(index, row, area.left)).collect::<Vec<_>>(),
            "series": series.collect::<Vec<_>>(),
        }))
    }

    /// Selects what a person chose on the page: a sheet's tab or a cell.
    pub(crate) fn show(&mut self, sheet: u32, address: Option<&str>) -> Result<(), Fault> {
        let sheet = SheetId(sheet);
        let name = self.sheet_name(sheet)?;
        let area = match address {
            Some(text) => Address::parse(text).ok().and_then(|address| address.area),
            None => Some(Area::cell(0, 0)),
        };
        let area = area.ok_or_else(|| Fault::argument(format!("`{name}` has no such cells.")))?;
        if address.is_some() || self.selection.0 != sheet {
            self.select(sheet, area);
        }
        Ok(())
    }
}

fn area_json(area: Area) -> Value {
    json!({ "top": area.top, "left": area.left, "bottom": area.bottom, "right": area.right })
}

fn kind_name(kind: ChartKind) -> Value {
    serde_json::to_value(kind).unwrap_or_default()
}
