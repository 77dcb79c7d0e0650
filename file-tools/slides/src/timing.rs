//! Animations (ECMA-376 part 1, 19.5): takes out the effects on shapes and paragraphs that are no more, and nothing else.

use std::collections::BTreeSet;
use std::ops::Range;

use deskhand_opc::Blob;
use deskhand_opc::xml::{Node, Ns};

/// What is gone from a slide.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gone<'g> {
    /// Shapes, by id.
    Shapes(&'g BTreeSet<String>),
    /// The paragraphs of a shape from this one on, counted from 0.
    Paragraphs {
        /// The shape's id.
        shape: &'g str,
        /// The first paragraph that is no more.
        from: usize,
    },
}

/// The edits that take out the effects on what is gone. `root` is the slide.
pub(crate) fn edits(root: Node<'_, '_>, gone: Gone<'_>) -> Vec<(Range<usize>, Blob)> {
    let Some(timing) = root.child_in(Ns::Presentation, "timing") else {
        return Vec::new();
    };
    let mut dead = Vec::new();
    if is_dead(timing, gone, &mut dead) {
        return vec![timing.replace("")];
    }
    let effects = outermost(dead);
    let targets = timing
        .descendants()
        .filter(|node| matches!(node.local(), "spTgt" | "inkTgt"));
    let living: BTreeSet<_> = targets
        .filter(|target| !is_inside(&effects, *target))
        .filter_map(|target| target.attribute("spid"))
        .collect();
    let builds = timing.child("bldLst");
    let orphans: Vec<_> = builds
        .iter()
        .flat_map(deskhand_opc::xml::Node::children)
        .filter(|build| {
            let shape = build.attribute("spid");
            shape.is_some_and(|shape| gone.concerns(&shape) && !living.contains(&shape))
        })
        .collect();
    let mut ranges = effects;
    match builds {
        Some(list) if !orphans.is_empty() && orphans.len() == list.children().count() => {
            ranges.push(list.span());
        }
        _ => ranges.extend(orphans.iter().map(Node::span)),
    }
    ranges.into_iter().map(|range| (range, Blob::default())).collect()
}

/// Whether the effect that a node belongs to is dead. The dead effects inside it are collected; a list of effects must
/// not be empty, so what holds only dead effects is dead too.
fn is_dead(node: Node<'_, '_>, gone: Gone<'_>, dead: &mut Vec<Range<usize>>) -> bool {
    match node.local() {
        "spTgt" | "inkTgt" => is_gone(node, gone),
        "childTnLst" | "subTnLst" => {
            let (mut count, mut gone_count) = (0, 0);
            for effect in node.children() {
                count += 1;
                if is_dead(effect, gone, dead) {
                    gone_count += 1;
                    dead.push(effect.span());
                }
            }
            let emptied = count > 0 && gone_count == count;
            if emptied && node.local() == "subTnLst" {
                dead.push(node.span());
                return false;
            }
            emptied
        }
        _ => {
            // Every child is looked at, also once one is dead: the dead ones inside are collected.
            let found: Vec<bool> = node.children().map(|child| is_dead(child, gone, dead)).collect();
            found.contains(&true)
        }
    }
}

impl Gone<'_> {
    fn concerns(self, id: &str) -> bool {
        match self {
            Self::Shapes(shapes) => shapes.contains(id),
            Self::Paragraphs { shape, .. } => shape == id,
        }
    }
}

fn is_gone(target: Node<'_, '_>, gone: Gone<'_>) -> bool {
    let Some(id) = target.attribute("spid") else {
        return false;
    };
    let Gone::Paragraphs { from, .. } = gone else {
        return gone.concerns(&id);
    };
    let range = target.child("txEl").and_then(|text| text.child("pRg"));
    let last = range.and_then(|range| range.attribute("end")?.parse::<usize>().ok());
    gone.concerns(&id) && last.is_some_and(|last| last >= from)
}

/// Whether a node lies in one of the ranges, which are in order and apart.
fn is_inside(ranges: &[Range<usize>], node: Node<'_, '_>) -> bool {
    let start = node.span().start;
    let after = ranges.partition_point(|range| range.start <= start);
    after > 0 && start < ranges[after - 1].end
}

/// The ranges that lie in no other, in order.
fn outermost(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut kept: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        if kept.last().is_none_or(|last| range.start >= last.end) {
            kept.push(range);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use deskhand_opc::Limits;
    use deskhand_opc::xml::Tree;

    use super::*;

    fn effect(shape: &str, paragraph: Option<usize>) -> String {
        let text = paragraph.map(|index| format!("<p:txEl><p:pRg st=\"{index}\" end=\"{index}\"/></p:txEl>"));
        let target = format!("<p:spTgt spid=\"{shape}\">{}</p:spTgt>", text.unwrap_or_default());
        format!(
            "<p:par><p:cTn><p:childTnLst><p:set><p:cBhvr><p:tgtEl>{target}</p:tgtEl></p:cBhvr></p:set>\
             </p:childTnLst></p:cTn></p:par>"
        )
    }

    fn slide(effects: &[String], builds: &str) -> String {
        format!(
            "<p:sld xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\"><p:timing><p:tnLst><p:par>\
             <p:cTn><p:childTnLst><p:seq><p:cTn><p:childTnLst>{}</p:childTnLst></p:cTn></p:seq></p:childTnLst></p:cTn>\
             </p:par></p:tnLst>{builds}</p:timing></p:sld>",
            effects.concat()
        )
    }

    fn after(slide: &str, gone: Gone<'_>) -> String {
        let tree = Tree::parse("slide", slide.as_bytes(), &Limits::default()).unwrap();
        let mut result = slide.to_owned();
        for (range, _) in edits(tree.root(), gone).into_iter().rev() {
            result.replace_range(range, "");
        }
        result
    }

    #[test]
    fn a_deleted_shape_takes_its_effects_along_and_leaves_the_others() {
        let before = slide(
            &[effect("4", None), effect("5", None)],
            "<p:bldLst><p:bldP spid=\"4\" grpId=\"0\"/><p:bldP spid=\"5\" grpId=\"0\"/></p:bldLst>",
        );
        let expected = slide(
            &[effect("5", None)],
            "<p:bldLst><p:bldP spid=\"5\" grpId=\"0\"/></p:bldLst>",
        );
        assert_eq!(
            after(&before, Gone::Shapes(&BTreeSet::from(["4".to_owned()]))),
            expected
        );
    }

    #[test]
    fn no_empty_list_of_effects_stays() {
        let before = slide(
            &[effect("4", None)],
            "<p:bldLst><p:bldP spid=\"4\" grpId=\"0\"/></p:bldLst>",
        );
        let expected =
            "<p:sld xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\"></p:sld>";
        assert_eq!(
            after(&before, Gone::Shapes(&BTreeSet::from(["4".to_owned()]))),
            expected
        );
        assert_eq!(
            after(&before, Gone::Shapes(&BTreeSet::from(["9".to_owned()]))),
            before
        );
    }

    #[test]
    fn effects_on_paragraphs_that_are_no_more_go() {
        let builds = "<p:bldLst><p:bldP spid=\"4\" grpId=\"0\" build=\"p\"/></p:bldLst>";
        let before = slide(
            &[effect("4", Some(0)), effect("4", Some(1)), effect("5", Some(1))],
            builds,
        );
        let expected = slide(&[effect("4", Some(0)), effect("5", Some(1))], builds);
        assert_eq!(after(&before, Gone::Paragraphs { shape: "4", from: 1 }), expected);
        assert_eq!(after(&before, Gone::Paragraphs { shape: "4", from: 2 }), before);
    }
}
