//! What a chart in a file draws: groups, series, axes, as nodes with their places.

use deskhand_opc::xml::{Node, Ns, Tree};
use deskhand_operations::answer::ChartRange;
use deskhand_operations::{Address, Area, CellValue};

use super::axes::Pair;
use super::data::{Data, Points, Series};
use super::form::{self, Axes, Form};

/// A group of series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group<'t, 'a> {
    pub(crate) node: Node<'t, 'a>,
    /// What it is, where we can draw it.
    pub(crate) form: Option<Form>,
    pub(crate) secondary: bool,
}

/// A series.
#[derive(Clone, Debug)]
pub(crate) struct Plotted<'t, 'a> {
    pub(crate) node: Node<'t, 'a>,
    pub(crate) group: Group<'t, 'a>,
    pub(crate) name: String,
    pub(crate) values: Option<String>,
    pub(crate) categories: Option<String>,
}

/// The plot of a chart.
#[derive(Debug)]
pub(crate) struct Plot<'t, 'a> {
    pub(crate) area: Node<'t, 'a>,
    pub(crate) groups: Vec<Group<'t, 'a>>,
    /// In their order in the legend.
    pub(crate) series: Vec<Plotted<'t, 'a>>,
}

/// The `chart` element.
pub(crate) fn chart<'t, 'a>(tree: &'t Tree<'a>) -> Option<Node<'t, 'a>> {
    tree.root().child_in(Ns::Chart, "chart")
}

/// Reads the plot.
pub(crate) fn plot<'t, 'a>(tree: &'t Tree<'a>) -> Option<Plot<'t, 'a>> {
    let area = chart(tree)?.child("plotArea")?;
    let nodes = || {
        area.children()
            .filter(|node| node.tag().ns == Ns::Chart && node.local().ends_with("Chart"))
    };
    let first = nodes().next().map(ids).unwrap_or_default();
    let groups: Vec<Group<'t, 'a>> = nodes()
        .map(|node| Group {
            node,
            form: form::read(node).map(form::of),
            secondary: ids(node) != first,
        })
        .collect();
    let mut series: Vec<Plotted<'t, 'a>> = Vec::new();
    for group in &groups {
        let own = group.node.children().filter(|node| node.is(Ns::Chart, "ser"));
        series.extend(own.map(|node| {
            Plotted {
                node,
                group: *group,
                name: node
                    .child("tx")
                    .map(|tx| cached(tx).into_iter().next().unwrap_or_default().1)
                    .unwrap_or_default(),
                values: formula(node, &["val", "yVal"]),
                categories: formula(node, &["cat", "xVal"]),
            }
        }));
    }
    series.sort_by_key(|series| {
        value(series.node, "order")
            .and_then(|order| order.parse::<u32>().ok())
            .unwrap_or(0)
    });
    Some(Plot { area, groups, series })
}

/// The ids of a group's axes.
pub(crate) fn ids(group: Node<'_, '_>) -> Vec<String> {
    let own = group.children().filter(|node| node.is(Ns::Chart, "axId"));
    own.filter_map(|node| node.attribute("val").map(std::borrow::Cow::into_owned))
        .collect()
}

/// The `val` of a child.
pub(crate) fn value(node: Node<'_, '_>, child: &str) -> Option<String> {
    Some(node.child(child)?.attribute("val")?.into_owned())
}

fn formula(series: Node<'_, '_>, names: &[&str]) -> Option<String> {
    let held = names.iter().find_map(|name| series.child(name))?;
    held.descendants()
        .find(|node| node.is(Ns::Chart, "f"))
        .map(|node| node.text())
}

/// The points of a cache with their indices, or a literal name.
fn cached(node: Node<'_, '_>) -> Vec<(u32, String)> {
    let points = node.descendants().filter(|node| node.is(Ns::Chart, "pt"));
    let mut found: Vec<(u32, String)> = points
        .filter_map(|point| {
            let index = point.attribute("idx").and_then(|index| index.parse().ok())?;
            Some((index, point.child("v")?.text()))
        })
        .collect();
    if found.is_empty() {
        found.extend(node.child("v").map(|literal| (0, literal.text())));
    }
    found
}

/// A title's text, paragraphs as lines.
pub(crate) fn title(holder: Node<'_, '_>) -> Option<String> {
    let title = holder.child("title")?;
    let tx = title.child("tx")?;
    let Some(rich) = tx.child("rich") else {
        return cached(tx).into_iter().next().map(|(_, text)| text);
    };
    let paragraphs = rich.children().filter(|node| node.is(Ns::Drawing, "p"));
    let lines: Vec<String> = paragraphs
        .map(|paragraph| {
            let texts = paragraph.descendants().filter(|node| node.is(Ns::Drawing, "t"));
            texts.map(|node| node.own_text().to_owned()).collect()
        })
        .collect();
    Some(lines.join("\n")).filter(|text| !text.trim().is_empty())
}

impl Plot<'_, '_> {
    /// How the whole is drawn, as a word.
    pub(crate) fn kind(&self) -> String {
        let mut kinds: Vec<String> = self.groups.iter().map(|group| form::called(group.node)).collect();
        kinds.dedup();
        match kinds.as_slice() {
            [] => "empty".to_owned(),
            [only] => only.clone(),
            _ => "combination".to_owned(),
        }
    }

    /// Where the data of the series stand.
    pub(crate) fn ranges(&self, most: usize) -> Vec<ChartRange> {
        let range = |series: &Plotted<'_, '_>| ChartRange {
            name: series.name.clone(),
            kind: form::called(series.group.node),
            secondary: series.group.secondary,
            values: series.values.clone(),
            categories: series.categories.clone(),
        };
        self.series.iter().take(most).map(range).collect()
    }

    /// A series by name, or by the letters of its column or the number of its row.
    pub(crate) fn find(&self, wanted: &str) -> Option<usize> {
        let wanted = wanted.trim();
        let named = |series: &Plotted<'_, '_>| series.name.trim().eq_ignore_ascii_case(wanted);
        let line = |series: &Plotted<'_, '_>| {
            let address = series
                .values
                .as_deref()
                .and_then(|formula| Address::parse(formula).ok());
            address.and_then(|address| address.area).is_some_and(|area| {
                let letters = Area::cell(0, area.left).to_string();
                let of_column =
                    area.columns() == 1 && letters.trim_end_matches('1').eq_ignore_ascii_case(wanted);
                of_column || area.rows() == 1 && (area.top + 1).to_string() == wanted
            })
        };
        self.series
            .iter()
            .position(named)
            .or_else(|| self.series.iter().position(line))
    }

    /// The axes of one side: which nodes they are, in the order of their references.
    pub(crate) fn axes(&self, secondary: bool) -> Vec<Node<'_, '_>> {
        let group = self.groups.iter().find(|group| group.secondary == secondary);
        let wanted = group.map(|group| ids(group.node)).unwrap_or_default();
        let all = || {
            self.area
                .children()
                .filter(|node| node.tag().ns == Ns::Chart && node.local().ends_with("Ax"))
        };
        wanted
            .iter()
            .filter_map(|id| all().find(|node| value(*node, "axId").as_deref() == Some(id)))
            .collect()
    }

    /// The axis of values of one side, and the other one. Of two axes of values, x comes first.
    pub(crate) fn value_axis(&self, secondary: bool) -> Option<(Node<'_, '_>, Node<'_, '_>)> {
        match self.axes(secondary).as_slice() {
            [one, other, ..] if one.local() == "valAx" && other.local() != "valAx" => Some((*one, *other)),
            [one, other, ..] => Some((*other, *one)),
            _ => None,
        }
    }

    /// The ids of a side's axes, or free ones.
    pub(crate) fn pair(&self, secondary: bool) -> Pair {
        let taken: Vec<u32> = self
            .area
            .children()
            .filter_map(|node| value(node, "axId")?.parse().ok())
            .collect();
        let known = self.value_axis(secondary).and_then(|(values, across)| {
            let id = |node| value(node, "axId")?.parse::<u32>().ok();
            Some((id(across)?, id(values)?))
        });
        let mut free = (500_000_001..).filter(|id| !taken.contains(id));
        let (across, values) = known.unwrap_or_else(|| {
            // A chart has a handful of axes: there is always a free number.
            (free.next().unwrap_or_default(), free.next().unwrap_or_default())
        });
        Pair {
            across,
            values,
            secondary,
        }
    }

    /// What the caches say of categories and formats: for axes that are written anew.
    pub(crate) fn data(&self) -> Data {
        let points = |series: &Plotted<'_, '_>, names: &[&str], with_values: bool| {
            let node = names.iter().find_map(|name| series.node.child(name));
            let format = node.and_then(|node| {
                let code = node
                    .descendants()
                    .find(|inner| inner.is(Ns::Chart, "formatCode"))?;
                Some(code.own_text().to_owned()).filter(|code| !code.is_empty())
            });
            let numeric =
                node.is_some_and(|node| node.descendants().any(|inner| inner.is(Ns::Chart, "numRef")));
            let values = node
                .filter(|_| with_values && numeric)
                .map(cached)
                .unwrap_or_default();
            let number =
                |(_, text): (u32, String)| text.parse().map_or(CellValue::Text(text), CellValue::Number);
            Points {
                formula: String::new(),
                values: values.into_iter().take(1_000).map(number).collect(),
                format: format.unwrap_or_else(|| "General".to_owned()),
            }
        };
        let categories = self
            .series
            .first()
            .map(|first| points(first, &["cat", "xVal"], true));
        let series = self.series.iter().map(|series| Series {
            name: None,
            line: String::new(),
            values: Points {
                values: vec![CellValue::Number(0.0)],
                ..points(series, &["val", "yVal"], false)
            },
            sizes: None,
        });
        Data {
            sheet: 0,
            bounds: Area::cell(0, 0),
            categories: categories
                .filter(|points| !points.values.is_empty())
                .into_iter()
                .collect(),
            series: series.collect(),
        }
    }

    /// Which axes a side has.
    pub(crate) fn axes_of(&self, secondary: bool) -> Option<Axes> {
        let group = self.groups.iter().find(|group| group.secondary == secondary)?;
        Some(match group.form {
            Some(form) => form.axes,
            None if ids(group.node).is_empty() => Axes::None,
            None => Axes::Categories,
        })
    }
}
