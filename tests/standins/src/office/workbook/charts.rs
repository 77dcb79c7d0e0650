//! Charts: the ones that a page adds with their data, the ones that were in the file by name.

use deskhand_operations::{Address, Area, ChartKind};
use serde_json::{Value, json};

use super::{Argument, Fault, Member, Node, SheetId, Workbook, text_argument};

/// Width and height of a new chart in points, Excel's own.
const SIZE: (f64, f64) = (360.0, 216.0);

/// A chart.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) name: String,
    pub(super) sheet: SheetId,
    /// Kind and data; absent where the chart was in the file.
    pub(super) drawn: Option<(ChartKind, SheetId, Area)>,
    pub(super) title: Option<String>,
    /// The cells that it covers.
    pub(super) place: Option<Area>,
}

/// The id of a chart as Excel writes one.
pub(super) fn excel_id(chart: u32) -> String {
    format!("{{00000000-0002-0000-0000-{chart:012X}}}")
}

impl Workbook {
    pub(super) fn chart_ids(&self, sheet: SheetId) -> Vec<u32> {
        self.charts
            .iter()
            .filter(|(_, chart)| chart.sheet == sheet)
            .map(|(id, _)| *id)
            .collect()
    }

    fn chart(&self, id: u32) -> Result<&Chart, Fault> {
        self.charts.get(&id).ok_or_else(Fault::not_found)
    }

    pub(super) fn insert_chart(&mut self, chart: Chart) -> u32 {
        let id = self.charts.keys().next_back().map_or(1, |last| last + 1);
        self.charts.insert(id, chart);
        id
    }

    pub(super) fn get_chart(&mut self, node: &Node, name: &str) -> Result<Member<Node>, Fault> {
        let value: Value = match (node, name) {
            (Node::Chart(id), "id") => excel_id(*id).into(),
            (Node::Chart(id), "name") => self.chart(*id)?.name.clone().into(),
            (Node::Chart(id), "chartType") => match self.chart(*id)?.drawn {
                Some((kind, ..)) => excel_kind(kind).into(),
                None => return Err(Fault::missing("Chart.chartType of a chart that was in the file")),
            },
            (Node::Chart(id), "title") => return Ok(Member::Node(Node::ChartTitle(*id))),
            (Node::Chart(id), "worksheet") => return Ok(Member::Node(Node::Sheet(self.chart(*id)?.sheet))),
            (Node::Chart(_), "width") => json!(SIZE.0),
            (Node::Chart(_), "height") => json!(SIZE.1),
            (Node::ChartTitle(id), "text") => self.chart(*id)?.title.clone().unwrap_or_default().into(),
            (Node::ChartTitle(id), "visible") => self.chart(*id)?.title.is_some().into(),
            (Node::Charts(sheet), "count") => self.chart_ids(*sheet).len().into(),
            _ => return Err(Fault::missing(&format!("{}.{name}", node.kind()))),
        };
        Ok(Member::Value(value))
    }

    pub(super) fn set_chart(&mut self, node: &Node, id: u32, name: &str, value: &Value) -> Result<(), Fault> {
        if !self.record.is_new_chart(id) {
            return Err(Fault::missing(&format!(
                "setting {}.{name} of a chart that was in the file",
                node.kind()
            )));
        }
        let sheet = self.chart(id)?.sheet;
        let chart = self.charts.get_mut(&id).ok_or_else(Fault::not_found)?;
        match (node, name, value) {
            (Node::Chart(_), "name", Value::String(text)) => {
                let text = text.clone();
                let taken = |(other, chart): (&u32, &Chart)| {
                    *other != id && chart.sheet == sheet && chart.name == text
                };
                if self.charts.iter().any(taken) {
                    return Err(Fault::exists());
                }
                self.charts.get_mut(&id).ok_or_else(Fault::not_found)?.name = text;
            }
            (Node::ChartTitle(_), "text", Value::String(text)) => chart.title = Some(text.clone()),
            (Node::ChartTitle(_), "visible", Value::Bool(false)) => chart.title = None,
            _ => {
                return Err(Fault::missing(&format!(
                    "setting {}.{name} to {value}",
                    node.kind()
                )));
            }
        }
        self.changed();
        Ok(())
    }

    pub(super) fn call_chart(
        &mut self,
        node: &Node,
        name: &str,
        arguments: &[Argument<Node>],
    ) -> Result<Member<Node>, Fault> {
        match (node, name) {
            (Node::Charts(sheet), "getItem" | "getItemOrNullObject") => {
                let key = text_argument(arguments, 0).unwrap_or_default();
                let of = |id: &u32| excel_id(*id) == key || self.charts[id].name == key;
                match self.chart_ids(*sheet).into_iter().find(of) {
                    Some(id) => Ok(Member::Node(Node::Chart(id))),
                    None if name.ends_with("OrNullObject") => Ok(Member::Null),
                    None => Err(Fault::not_found()),
                }
            }
            (Node::Charts(sheet), "add") => self
                .add_chart(*sheet, arguments)
                .map(|id| Member::Node(Node::Chart(id))),
            (Node::Chart(id), "delete") => {
                let chart = self.charts.remove(id).ok_or_else(Fault::not_found)?;
                self.record.delete_chart(*id, chart.sheet, chart.name);
                self.changed();
                Ok(Member::Value(Value::Null))
            }
            (Node::Chart(id), "setPosition") => {
                self.place(*id, arguments)?;
                Ok(Member::Value(Value::Null))
            }
            _ => Err(Fault::missing(&format!("{}.{name}()", node.kind()))),
        }
    }

    fn add_chart(&mut self, sheet: SheetId, arguments: &[Argument<Node>]) -> Result<u32, Fault> {
        self.settle();
        let wanted = text_argument(arguments, 0).unwrap_or_default();
        let kind = kind_of(wanted).ok_or_else(|| Fault::missing(&format!("charts of kind `{wanted}`")))?;
        let Some(Argument::Node(Node::Range(on, area))) = arguments.get(1) else {
            return Err(Fault::argument("The data of the chart is missing."));
        };
        if !matches!(text_argument(arguments, 2), None | Some("Auto" | "Columns")) {
            return Err(Fault::missing("charts with series by rows"));
        }
        let number = (1..=u32::MAX)
            .find(|n| {
                self.charts
                    .values()
                    .all(|chart| chart.name != format!("Chart {n}"))
            })
            .unwrap_or(1);
        // Excel puts a title over a chart of one series and names it after the series.
        let title = (area.columns() == 2).then(|| {
            self.index(*on)
                .map(|index| self.text(index, area.top, area.right))
        });
        let chart = Chart {
            name: format!("Chart {number}"),
            sheet,
            drawn: Some((kind, *on, *area)),
            title: Some(title.transpose()?.unwrap_or_else(|| "Chart Title".to_owned())),
            place: None,
        };
        let id = self.insert_chart(chart);
        self.record.add_chart(id);
        self.changed();
        Ok(id)
    }

    fn place(&mut self, id: u32, arguments: &[Argument<Node>]) -> Result<(), Fault> {
        if !self.record.is_new_chart(id) {
            return Err(Fault::missing(
                "Chart.setPosition of a chart that was in the file",
            ));
        }
        let corner = |argument: Option<&Argument<Node>>| match argument {
            Some(Argument::Node(Node::Range(_, area))) => Ok(Some(*area)),
            Some(Argument::Value(Value::String(text))) => Address::parse(text)
                .map(|address| address.area)
                .map_err(|error| Fault::argument(error.to_string())),
            _ => Ok(None),
        };
        let start =
            corner(arguments.first())?.ok_or_else(|| Fault::argument("The start cell is missing."))?;
        let end = corner(arguments.get(1))?.unwrap_or(start);
        let chart = self.charts.get_mut(&id).ok_or_else(Fault::not_found)?;
        chart.place = Some(Area {
            bottom: end.bottom,
            right: end.right,
            ..start
        });
        self.changed();
        Ok(())
    }
}

fn kind_of(name: &str) -> Option<ChartKind> {
    KINDS
        .iter()
        .find(|(_, excel)| *excel == name)
        .map(|(kind, _)| *kind)
}

fn excel_kind(kind: ChartKind) -> &'static str {
    KINDS
        .iter()
        .find(|(ours, _)| *ours == kind)
        .map_or("", |(_, excel)| excel)
}

const KINDS: [(ChartKind, &str); 17] = [
    (ChartKind::BarClustered, "BarClustered"),
    (ChartKind::BarStacked, "BarStacked"),
    (ChartKind::BarStacked100, "BarStacked100"),
    (ChartKind::ColumnClustered, "ColumnClustered"),
    (ChartKind::ColumnStacked, "ColumnStacked"),
    (ChartKind::ColumnStacked100, "ColumnStacked100"),
    (ChartKind::Line, "Line"),
    (ChartKind::LineMarkers, "LineMarkers"),
    (ChartKind::LineStacked, "LineStacked"),
    (ChartKind::Area, "Area"),
    (ChartKind::AreaStacked, "AreaStacked"),
    (ChartKind::Pie, "Pie"),
    (ChartKind::Doughnut, "Doughnut"),
    (ChartKind::Scatter, "XYScatter"),
    (ChartKind::ScatterLines, "XYScatterLines"),
    (ChartKind::Bubble, "Bubble"),
    (ChartKind::Radar, "Radar"),
];
