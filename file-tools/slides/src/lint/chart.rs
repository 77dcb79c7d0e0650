//! What must hold in a chart part (ECMA-376 part 1, 21.2).

use std::collections::HashSet;

use deskhand_opc::xml::Node;

use super::Findings;

impl Findings<'_> {
    pub(super) fn chart(&mut self, part: &str, root: Node<'_, '_>) {
        let axes: HashSet<String> = root
            .descendants()
            .filter(|node| matches!(node.local(), "catAx" | "valAx" | "dateAx" | "serAx"))
            .filter_map(|axis| value(axis, "axId"))
            .collect();
        let mut series = HashSet::new();
        for node in root.descendants() {
            match node.local() {
                "ser" => {
                    let index = value(node, "idx").unwrap_or_default();
                    if !series.insert(index.clone()) {
                        let sentence = format!("two series of a chart have the index {index}");
                        self.add("chart.series", part, index, sentence);
                    }
                }
                "axId" => {
                    let axis = node.attribute("val").unwrap_or_default();
                    // 0 stands for the axis along the depth, which a chart need not have.
                    if axis != "0" && !axes.contains(&*axis) {
                        let sentence = format!("a chart uses the axis {axis}, which it has not");
                        self.add("chart.axis", part, axis, sentence);
                    }
                }
                "numCache" | "strCache" | "numLit" | "strLit" => self.points(part, node),
                _ => {}
            }
        }
    }

    /// A cache holds no point twice, and none behind its count (21.2.2.153 `ptCount`).
    fn points(&mut self, part: &str, cache: Node<'_, '_>) {
        let count: u64 = value(cache, "ptCount")
            .and_then(|count| count.parse().ok())
            .unwrap_or(0);
        let mut seen = HashSet::new();
        for point in cache.children().filter(|child| child.local() == "pt") {
            let index: u64 = point
                .attribute("idx")
                .and_then(|index| index.parse().ok())
                .unwrap_or(u64::MAX);
            if index >= count || !seen.insert(index) {
                let sentence =
                    "the figures of a chart are more than it counts, or one is there twice".to_owned();
                self.add("chart.points", part, index.to_string(), sentence);
                return;
            }
        }
    }
}

fn value(node: Node<'_, '_>, local: &str) -> Option<String> {
    Some(node.child(local)?.attribute("val")?.into_owned())
}
