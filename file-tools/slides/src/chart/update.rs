//! Edits on an existing chart part: its series, its title, its axes and its legend. What is not named keeps its look.

use std::ops::Range;

use deskhand_opc::Blob;
use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::workbook::{ChartLook, LegendPlace};
use deskhand_sheet::chart_order::{AXIS, LEGEND, SCALING, SERIES, TITLE};

use super::cells::Cells;
use super::series::{self, Look};
use super::write::{axis_title, title_text};
use super::{Plot, read};
use crate::dialect::Dialect;
use crate::element::{Element, fitted};
use crate::markup::Markup;
use crate::text::{Formatting, paragraphs};

/// An edit of a part.
pub(crate) type Edit = (Range<usize>, Blob);

/// A chart part under change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChartPart<'t, 'a> {
    pub(crate) root: Node<'t, 'a>,
    pub(crate) content: &'a [u8],
    pub(crate) dialect: Dialect,
}

impl<'t, 'a> ChartPart<'t, 'a> {
    /// The `c:chart`.
    pub(crate) fn chart(self) -> Option<Node<'t, 'a>> {
        self.root.child_in(Ns::Chart, "chart")
    }

    /// The `c:plotArea`.
    pub(crate) fn area(self) -> Option<Node<'t, 'a>> {
        self.chart()?.child("plotArea")
    }

    /// The plots in the area.
    pub(crate) fn plots(self) -> Vec<Node<'t, 'a>> {
        let children = self.area().into_iter().flat_map(|area| area.children());
        children.filter(|node| node.local().ends_with("Chart")).collect()
    }

    /// The series of all plots, in the order of the file.
    pub(crate) fn series(self) -> Vec<Node<'t, 'a>> {
        let plots = self.plots().into_iter();
        plots
            .flat_map(|plot| plot.children().filter(|node| node.local() == "ser"))
            .collect()
    }

    fn fit(self, xml: &str) -> String {
        fitted(xml, self.root, self.dialect)
    }

    /// The edits that give the series other data, each keeping its look. Further series look like the last one, in
    /// colours of the theme; those beyond the data go.
    pub(crate) fn data_edits(self, plot: &Plot<'_>, cells: &Cells) -> Vec<Edit> {
        let known = self.series();
        let mut edits = Vec::new();
        for (index, node) in known.iter().enumerate() {
            if index >= plot.series.len() {
                edits.push(node.replace(""));
                continue;
            }
            let element = self.filled(Element::of(*node, self.content), plot, index, cells);
            edits.push(element.instead_of(*node));
        }
        if let Some(last) = known.last() {
            let added: String = (known.len()..plot.series.len())
                .map(|index| self.added(*last, &known, plot, index, cells))
                .collect();
            if !added.is_empty() {
                edits.push(last.after(&added));
            }
        }
        edits
    }

    /// A series with other data.
    fn filled(self, mut element: Element, plot: &Plot<'_>, index: usize, cells: &Cells) -> Element {
        let mut name = Markup::default();
        series::name(&mut name, &plot.series[index], &cells.name(index));
        element.put(SERIES, &["tx"], "tx", self.fit(&name.finish()));
        for (local, xml) in series::data_pieces(plot, index, cells) {
            element.put(SERIES, &[local], local, self.fit(&xml));
        }
        element
    }

    fn added(
        self,
        last: Node<'t, 'a>,
        known: &[Node<'t, 'a>],
        plot: &Plot<'_>,
        index: usize,
        cells: &Cells,
    ) -> String {
        let highest = |name: &str| {
            let numbers = known
                .iter()
                .filter_map(|series| series.child(name)?.attribute("val")?.parse::<usize>().ok());
            numbers.max().unwrap_or(0) + 1 + index - known.len()
        };
        let mut element = self.filled(Element::of(last, self.content), plot, index, cells);
        for name in ["idx", "order"] {
            let xml = format!("<c:{name} val=\"{}\"/>", highest(name));
            element.put(SERIES, &[name], name, self.fit(&xml));
        }
        element.take(&["dPt", "extLst", "trendline", "errBars"]);
        let look = last.parent().and_then(read::kind).map(Look::of);
        let mut own = Markup::default();
        series::properties(&mut own, highest("idx"), look.unwrap_or(Look::Bars));
        let own = own.finish();
        if !own.is_empty() {
            element.put(SERIES, &["spPr"], "spPr", self.fit(&own));
        }
        element.xml()
    }

    /// The edits that set the title, or take it away where it is empty.
    pub(crate) fn title_edits(self, title: &str) -> Vec<Edit> {
        let Some(chart) = self.chart() else {
            return Vec::new();
        };
        let (old, deleted) = (chart.child("title"), chart.child("autoTitleDeleted"));
        let is_none = title.trim().is_empty();
        let mut edits = Vec::new();
        if let Some(flag) = deleted {
            edits.push(flag.tag().set_attribute("val", if is_none { "1" } else { "0" }));
        } else {
            let flag = self.fit(&format!("<c:autoTitleDeleted val=\"{}\"/>", u8::from(is_none)));
            edits.push(match old {
                Some(old) => old.after(&flag),
                None => chart.prepend(&flag),
            });
        }
        match (old, is_none) {
            (Some(old), true) => edits.push(old.replace("")),
            (None, true) => {}
            (Some(old), false) => edits.push(self.retitled(old, title)),
            (None, false) => {
                let mut xml = Markup::default();
                xml.element("c:title", &[], |xml| title_text(xml, title));
                edits.insert(0, chart.prepend(&self.fit(&xml.finish())));
            }
        }
        edits
    }

    /// A title with another text in its formatting.
    fn retitled(self, old: Node<'t, 'a>, title: &str) -> Edit {
        let rich = old.child("tx").and_then(|text| text.child("rich"));
        if let Some(rich) = rich
            && let Some(formatting) = Formatting::of_body(rich, self.content)
        {
            let spans: Vec<_> = paragraphs(rich).map(|paragraph| paragraph.span()).collect();
            if let (Some(first), Some(last)) = (spans.first(), spans.last()) {
                return (
                    first.start..last.end,
                    formatting.paragraphs(title).as_str().into(),
                );
            }
        }
        let mut element = Element::of(old, self.content);
        let text = format!(
            "<c:tx><c:rich><a:bodyPr/><a:lstStyle/>{}</c:rich></c:tx>",
            Formatting::plain().paragraphs(title)
        );
        element.put(TITLE, &["tx"], "tx", self.fit(&text));
        element.instead_of(old)
    }

    /// The edits that set titles and formats of the axes, and the legend. `Err` names what the chart has not.
    pub(crate) fn look_edits(self, look: &ChartLook) -> Result<Vec<Edit>, &'static str> {
        let axes: Vec<Node<'_, '_>> = self
            .area()
            .into_iter()
            .flat_map(|area| area.children())
            .filter(|node| node.local().ends_with("Ax"))
            .collect();
        let of_values: Vec<_> = axes.iter().filter(|axis| axis.local() == "valAx").collect();
        let along = axes
            .iter()
            .find(|axis| matches!(axis.local(), "catAx" | "dateAx"));
        // Of charts of points the first of the two value axes lies.
        let (along, value, secondary) = match along {
            Some(along) => (Some(along), of_values.first(), of_values.get(1)),
            None => (of_values.first().copied(), of_values.get(1), None),
        };
        let mut edits = Vec::new();
        if let Some(title) = &look.category_title {
            edits.push(self.titled(*along.ok_or("category axis")?, title, false));
        }
        let bounded = look.minimum.is_some() || look.maximum.is_some();
        if look.value_title.is_some() || look.value_format.is_some() || bounded {
            edits.push(self.value_axis_edit(**value.ok_or("value axis")?, look));
        }
        if let Some(title) = &look.secondary_title {
            edits.push(self.titled(**secondary.ok_or("secondary axis")?, title, true));
        }
        if let Some(place) = look.legend {
            edits.extend(self.legend_edit(place));
        }
        Ok(edits)
    }

    fn titled(self, axis: Node<'_, '_>, title: &str, turned: bool) -> Edit {
        let mut element = Element::of(axis, self.content);
        self.set_axis_title(&mut element, title, turned);
        element.instead_of(axis)
    }

    fn value_axis_edit(self, axis: Node<'_, '_>, look: &ChartLook) -> Edit {
        let mut element = Element::of(axis, self.content);
        if let Some(title) = &look.value_title {
            self.set_axis_title(&mut element, title, true);
        }
        if let Some(format) = &look.value_format {
            let mut own = Element::new("c:numFmt");
            own.set("formatCode", format);
            own.set("sourceLinked", "0");
            element.put(AXIS, &["numFmt"], "numFmt", self.fit(&own.xml()));
        }
        let bounds = [("min", look.minimum), ("max", look.maximum)];
        if let Some(scaling) = axis
            .child("scaling")
            .filter(|_| bounds.iter().any(|(_, bound)| bound.is_some()))
        {
            let mut own = Element::of(scaling, self.content);
            for (local, bound) in bounds {
                if let Some(bound) = bound {
                    let xml = self.fit(&format!("<c:{local} val=\"{bound}\"/>"));
                    own.put(SCALING, &[local], local, xml);
                }
            }
            element.put(AXIS, &["scaling"], "scaling", own.xml());
        }
        element.instead_of(axis)
    }

    fn set_axis_title(self, axis: &mut Element, title: &str, turned: bool) {
        if title.trim().is_empty() {
            axis.take(&["title"]);
            return;
        }
        let mut xml = Markup::default();
        axis_title(&mut xml, title, turned);
        axis.put(AXIS, &["title"], "title", self.fit(&xml.finish()));
    }

    fn legend_edit(self, place: LegendPlace) -> Option<Edit> {
        let chart = self.chart()?;
        let old = chart.child("legend");
        let place = match place {
            LegendPlace::Right => "r",
            LegendPlace::Left => "l",
            LegendPlace::Top => "t",
            LegendPlace::Bottom => "b",
            LegendPlace::None => return old.map(|old| old.replace("")),
        };
        let position = self.fit(&format!("<c:legendPos val=\"{place}\"/>"));
        if let Some(old) = old {
            let mut element = Element::of(old, self.content);
            element.put(LEGEND, &["legendPos"], "legendPos", position);
            // A place by hand would win over the side.
            element.take(&["layout"]);
            Some(element.instead_of(old))
        } else {
            let xml = format!("<c:legend><c:legendPos val=\"{place}\"/><c:overlay val=\"0\"/></c:legend>");
            Some(self.area()?.after(&self.fit(&xml)))
        }
    }
}
