//! `text.replace`: words in shapes, tables, titles of charts and notes; the formatting of each run stays.

use std::collections::BTreeMap;

use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::Refusal;
use deskhand_operations::answer::{ReplacedText, Replacements};
use deskhand_operations::deck::TextReplace;

use crate::deck::{Deck, SlideEntry};
use crate::part::{Part, related, relationships, target};
use crate::refuse;
use crate::text::replace::Words;
use crate::text::{check_line, inline_line};

/// The longest words to look for, in bytes.
const LONGEST: usize = 255;

/// Shapes that an answer lists at most.
const LISTED: usize = 500;

pub(super) fn replace(
    deck: &Deck,
    draft: &mut Draft,
    replace: &TextReplace,
) -> Result<Replacements, Refusal> {
    check_line("the words to look for", &replace.find)?;
    check_line("the new words", &replace.replace)?;
    if replace.find.is_empty() || replace.find.len() > LONGEST {
        return Err(refuse::bad_input(format!(
            "the words to look for have 1 to {LONGEST} bytes"
        )));
    }
    if replace.shape.is_some() && replace.slide.is_none() {
        return Err(refuse::bad_input("a shape is named by its slide too"));
    }
    let words = Words::new(
        &replace.find,
        &replace.replace,
        replace.match_case,
        replace.whole_words,
    );
    let slides: Vec<&SlideEntry> = match &replace.slide {
        Some(id) => vec![deck.slide(id)?],
        None => deck.slides.iter().collect(),
    };
    if let (Some(shape), [slide]) = (&replace.shape, slides.as_slice()) {
        deck.read(slide)?.shape(shape)?;
    }
    let mut answer = Replacements::default();
    for slide in slides {
        on_slide(deck, draft, slide, replace, &words, &mut answer)?;
    }
    answer.shapes.truncate(LISTED);
    Ok(answer)
}

fn on_slide(
    deck: &Deck,
    draft: &mut Draft,
    slide: &SlideEntry,
    replace: &TextReplace,
    words: &Words<'_>,
    answer: &mut Replacements,
) -> Result<(), Refusal> {
    let part = Part::read(&deck.package, &slide.part)?;
    let tree = part.tree()?;
    let wanted = replace.shape.as_deref();
    let found = in_part(draft, &part, tree.root(), wanted, words)?;
    tell(answer, &slide.id, found);
    let links = relationships(&deck.package, &slide.part)?;
    for frame in frames(tree.root()) {
        let shape = identity(frame).unwrap_or_default();
        if wanted.is_some_and(|wanted| !stands_in(frame, wanted)) {
            continue;
        }
        for id in frame.descendants().filter_map(|node| chart_id(node)) {
            let Some(chart) = target(&deck.package, &links, &id) else {
                continue;
            };
            let chart = Part::read(&deck.package, chart)?;
            let tree = chart.tree()?;
            let found = in_part(draft, &chart, tree.root(), None, words)?;
            let count = found.values().sum();
            tell(answer, &slide.id, BTreeMap::from([(shape.clone(), count)]));
            warn_of_labels(answer, slide, tree.root(), words);
        }
    }
    if wanted.is_none() {
        warn_of_diagrams(deck, answer, slide, words)?;
        if replace.notes
            && let Some(notes) = related(&deck.package, &slide.part, "notesSlide")?
        {
            let notes = Part::read(&deck.package, &notes)?;
            let found = in_part(draft, &notes, notes.tree()?.root(), None, words)?;
            tell(
                answer,
                &slide.id,
                BTreeMap::from([(String::new(), found.values().sum())]),
            );
        }
    }
    Ok(())
}

/// Replaces in the paragraphs of a part; answers how often, by the id of the shape. What stands in two forms is
/// replaced in both and counted once.
fn in_part(
    draft: &mut Draft,
    part: &Part,
    root: Node<'_, '_>,
    shape: Option<&str>,
    words: &Words<'_>,
) -> Result<BTreeMap<String, usize>, Refusal> {
    let mut found = BTreeMap::new();
    let mut edits = Vec::new();
    for paragraph in root.descendants().filter(|node| node.is(Ns::Drawing, "p")) {
        if shape.is_some_and(|shape| !stands_in(paragraph, shape)) {
            continue;
        }
        let (own, count) = words.edits(paragraph);
        edits.extend(own);
        if count > 0 && !ancestors(paragraph).any(|node| node.is(Ns::Markup, "Fallback")) {
            let id = ancestors(paragraph).find_map(identity).unwrap_or_default();
            *found.entry(id).or_insert(0) += count;
        }
    }
    draft
        .edit(&part.name, edits)
        .map_err(|error| refuse::patch(&error))?;
    Ok(found)
}

fn tell(answer: &mut Replacements, slide: &str, found: BTreeMap<String, usize>) {
    for (shape, count) in found.into_iter().filter(|(_, count)| *count > 0) {
        answer.count += count as u32;
        answer.shapes.push(ReplacedText {
            slide: slide.to_owned(),
            shape,
            count: count as u32,
        });
    }
}

/// Labels of a chart come from its workbook.
fn warn_of_labels(answer: &mut Replacements, slide: &SlideEntry, root: Node<'_, '_>, words: &Words<'_>) {
    let labels = root.descendants().filter(|node| node.is(Ns::Chart, "v"));
    let count: usize = labels.map(|label| words.count(label.own_text())).sum();
    if count > 0 {
        answer.warnings.push(format!(
            "a chart on the slide {} has the words in its data; change those with chart.update",
            slide.id
        ));
    }
}

/// The texts of diagrams (SmartArt) are laid out anew by PowerPoint only.
fn warn_of_diagrams(
    deck: &Deck,
    answer: &mut Replacements,
    slide: &SlideEntry,
    words: &Words<'_>,
) -> Result<(), Refusal> {
    for relationship in relationships(&deck.package, &slide.part)? {
        let part = relationship.part().and_then(|part| deck.package.spelling(part));
        let Some(part) = part.filter(|_| relationship.is("diagramData")) else {
            continue;
        };
        let part = Part::read(&deck.package, part)?;
        let tree = part.tree()?;
        let paragraphs = tree.root().descendants().filter(|node| node.is(Ns::Drawing, "p"));
        let count: usize = paragraphs
            .map(|paragraph| words.count(&inline_line(paragraph)))
            .sum();
        if count > 0 {
            answer.warnings.push(format!(
                "a diagram (SmartArt) on the slide {} has the words; only PowerPoint can change those",
                slide.id
            ));
        }
    }
    Ok(())
}

/// The graphic frames of a slide, those inside groups and choices too.
fn frames<'t, 'a: 't>(root: Node<'t, 'a>) -> impl Iterator<Item = Node<'t, 'a>> {
    root.descendants()
        .filter(|node| node.is(Ns::Presentation, "graphicFrame"))
}

fn chart_id(node: Node<'_, '_>) -> Option<String> {
    let chart = Some(node).filter(|node| node.is(Ns::Chart, "chart"))?;
    chart.prefixed("id").map(std::borrow::Cow::into_owned)
}

fn ancestors<'t, 'a: 't>(node: Node<'t, 'a>) -> impl Iterator<Item = Node<'t, 'a>> {
    std::iter::successors(Some(node), Node::parent)
}

/// The id of a shape's element.
fn identity(node: Node<'_, '_>) -> Option<String> {
    let shapes = ["sp", "pic", "graphicFrame", "grpSp", "cxnSp", "contentPart"];
    if !shapes.contains(&node.local()) {
        return None;
    }
    let head = node.children().next()?;
    let identity = head.children().find(|child| child.local() == "cNvPr")?;
    identity.attribute("id").map(std::borrow::Cow::into_owned)
}

fn stands_in(node: Node<'_, '_>, shape: &str) -> bool {
    ancestors(node).any(|node| identity(node).is_some_and(|id| id == shape))
}
