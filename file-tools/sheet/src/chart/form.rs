//! The kinds of chart: which group element each is, how its series lie, which axes it has.

use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::ChartKind;

/// Which axes a kind has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axes {
    /// Categories or dates against values.
    Categories,
    /// Values against values.
    Values,
    /// None.
    None,
}

/// What a kind is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) kind: ChartKind,
    /// The group element.
    pub(crate) element: &'static str,
    pub(crate) grouping: Option<&'static str>,
    pub(crate) axes: Axes,
    /// Bars that lie on their side.
    pub(crate) lying: bool,
    /// Marks at the values of lines.
    pub(crate) markers: bool,
}

/// Every kind with its form. A scatter has marks and no lines; one with lines has both, as Excel's has.
const FORMS: &[Form] = {
    use Axes::{Categories, None as NoAxes, Values};
    use ChartKind as K;
    const fn form(
        kind: ChartKind,
        element: &'static str,
        grouping: Option<&'static str>,
        axes: Axes,
        (lying, markers): (bool, bool),
    ) -> Form {
        Form {
            kind,
            element,
            grouping,
            axes,
            lying,
            markers,
        }
    }
    const PLAIN: (bool, bool) = (false, false);
    const LYING: (bool, bool) = (true, false);
    const MARKERS: (bool, bool) = (false, true);
    &[
        form(K::BarClustered, "barChart", Some("clustered"), Categories, LYING),
        form(K::BarStacked, "barChart", Some("stacked"), Categories, LYING),
        form(
            K::BarStacked100,
            "barChart",
            Some("percentStacked"),
            Categories,
            LYING,
        ),
        form(
            K::ColumnClustered,
            "barChart",
            Some("clustered"),
            Categories,
            PLAIN,
        ),
        form(K::ColumnStacked, "barChart", Some("stacked"), Categories, PLAIN),
        form(
            K::ColumnStacked100,
            "barChart",
            Some("percentStacked"),
            Categories,
            PLAIN,
        ),
        form(K::Line, "lineChart", Some("standard"), Categories, PLAIN),
        form(K::LineMarkers, "lineChart", Some("standard"), Categories, MARKERS),
        form(K::LineStacked, "lineChart", Some("stacked"), Categories, PLAIN),
        form(K::Area, "areaChart", Some("standard"), Categories, PLAIN),
        form(K::AreaStacked, "areaChart", Some("stacked"), Categories, PLAIN),
        form(K::Pie, "pieChart", None, NoAxes, PLAIN),
        form(K::Doughnut, "doughnutChart", None, NoAxes, PLAIN),
        form(K::Scatter, "scatterChart", None, Values, MARKERS),
        form(K::ScatterLines, "scatterChart", None, Values, MARKERS),
        form(K::Bubble, "bubbleChart", None, Values, PLAIN),
        form(K::Radar, "radarChart", None, Categories, PLAIN),
    ]
};

/// The form of a kind.
pub(crate) fn of(kind: ChartKind) -> Form {
    // Every kind has its row: held by a test.
    let found = FORMS.iter().find(|form| form.kind == kind);
    *found.unwrap_or(&FORMS[3])
}

impl Form {
    /// True where series of both stand in one group.
    pub(crate) fn joins(&self, other: &Self) -> bool {
        (self.element, self.grouping, self.lying) == (other.element, other.grouping, other.lying)
    }

    /// Where the group stands among others: areas behind, bars before them, lines in front.
    pub(crate) fn depth(&self) -> u32 {
        match self.element {
            "areaChart" => 0,
            "barChart" => 1,
            "lineChart" => 2,
            _ => 3,
        }
    }

    /// True for values that add up to 100 %.
    pub(crate) fn shares(&self) -> bool {
        self.grouping == Some("percentStacked")
    }

    /// True where series are drawn as filled shapes, otherwise as lines or marks.
    pub(crate) fn filled(&self) -> bool {
        matches!(
            self.element,
            "barChart" | "areaChart" | "pieChart" | "doughnutChart" | "bubbleChart"
        )
    }

    /// Why two kinds cannot stand in one chart, as the end of a sentence.
    pub(crate) fn clash(&self, other: &Self) -> Option<&'static str> {
        let alone =
            |form: &Self| form.axes == Axes::None || matches!(form.element, "radarChart" | "bubbleChart");
        if self.element == other.element && self.lying == other.lying {
            return None;
        }
        if alone(self) || alone(other) {
            return Some("a pie, doughnut, radar or bubble chart cannot be combined with another kind");
        }
        (self.lying != other.lying).then_some("horizontal bars cannot be combined with another kind")
    }
}

/// The kind of a group in a chart; `None` for what `chart.add` cannot draw.
pub(crate) fn read(group: Node<'_, '_>) -> Option<ChartKind> {
    use ChartKind as K;
    let says = |name: &str| {
        group
            .child(name)
            .and_then(|node| node.attribute("val"))
            .map(std::borrow::Cow::into_owned)
    };
    let grouping = says("grouping").unwrap_or_default();
    Some(match group.local() {
        "barChart" => match (says("barDir").as_deref() == Some("bar"), grouping.as_str()) {
            (true, "stacked") => K::BarStacked,
            (true, "percentStacked") => K::BarStacked100,
            (true, _) => K::BarClustered,
            (false, "stacked") => K::ColumnStacked,
            (false, "percentStacked") => K::ColumnStacked100,
            (false, _) => K::ColumnClustered,
        },
        "lineChart" => match grouping.as_str() {
            "standard" | "" if all_marked(group) => K::LineMarkers,
            "standard" | "" => K::Line,
            "stacked" => K::LineStacked,
            _ => return None,
        },
        "areaChart" => match grouping.as_str() {
            "standard" | "" => K::Area,
            "stacked" => K::AreaStacked,
            _ => return None,
        },
        "pieChart" => K::Pie,
        "doughnutChart" => K::Doughnut,
        "scatterChart" => {
            if says("scatterStyle").as_deref() == Some("lineMarker") && no_lines(group) {
                K::Scatter
            } else {
                K::ScatterLines
            }
        }
        "bubbleChart" => K::Bubble,
        "radarChart" => K::Radar,
        _ => return None,
    })
}

/// What a group is called where it is no kind of ours: `pie3DChart` is `pie3D`.
pub(crate) fn called(group: Node<'_, '_>) -> String {
    match read(group) {
        Some(kind) => serde_name(kind).to_owned(),
        None => group.local().trim_end_matches("Chart").to_owned(),
    }
}

/// The name of a kind on the wire.
pub(crate) fn serde_name(kind: ChartKind) -> &'static str {
    use ChartKind as K;
    match kind {
        K::BarClustered => "barClustered",
        K::BarStacked => "barStacked",
        K::BarStacked100 => "barStacked100",
        K::ColumnClustered => "columnClustered",
        K::ColumnStacked => "columnStacked",
        K::ColumnStacked100 => "columnStacked100",
        K::Line => "line",
        K::LineMarkers => "lineMarkers",
        K::LineStacked => "lineStacked",
        K::Area => "area",
        K::AreaStacked => "areaStacked",
        K::Pie => "pie",
        K::Doughnut => "doughnut",
        K::Scatter => "scatter",
        K::ScatterLines => "scatterLines",
        K::Bubble => "bubble",
        K::Radar => "radar",
    }
}

fn series<'t, 'a>(group: Node<'t, 'a>) -> impl Iterator<Item = Node<'t, 'a>> {
    group.children().filter(|node| node.is(Ns::Chart, "ser"))
}

/// True where series show marks: `marker` at the group, and no series that says `none`.
fn all_marked(group: Node<'_, '_>) -> bool {
    let none = |ser: Node<'_, '_>| {
        let symbol = ser.child("marker").and_then(|marker| marker.child("symbol"));
        symbol
            .and_then(|symbol| symbol.attribute("val"))
            .is_some_and(|value| value == "none")
    };
    group.child("marker").is_some() && !series(group).any(none)
}

/// True where no series has a line.
fn no_lines(group: Node<'_, '_>) -> bool {
    series(group).count() > 0
        && series(group).all(|ser| {
            let line = ser
                .child("spPr")
                .and_then(|shape| shape.children().find(|node| node.local() == "ln"));
            line.is_some_and(|line| line.children().any(|node| node.local() == "noFill"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_form_and_its_name_on_the_wire() {
        for form in FORMS {
            assert_eq!(of(form.kind), *form);
            let wire = serde_json::to_value(form.kind).unwrap();
            assert_eq!(wire, serde_name(form.kind));
        }
        assert_eq!(FORMS.len(), 17);
    }
}
