//! Checking a deck as a careful colleague would: texts that do not fit, shapes on top of each other or off the slide,
//! placeholders left over, fonts and colours off the theme, contrast, missing alternative texts, damage.

pub(crate) mod cascade;
mod color;
mod metrics;
mod overlap;
mod style;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use deskhand_operations::Refusal;
use deskhand_operations::answer::{CheckContent, Finding, Severity};

use crate::content::{node, title};
use crate::deck::{Deck, SlideEntry};
use crate::lint;
use crate::notes::animations;
use crate::part::{Part, related, relationships};
use crate::shape::{Shape, ShapeKind, flattened};
use crate::theme::Theme;
use cascade::Sheets;

/// Findings that an answer lists at most.
const LISTED: usize = 500;

/// A slide under check.
#[derive(Debug)]
pub(crate) struct Subject<'c> {
    pub(crate) deck: &'c Deck,
    pub(crate) entry: &'c SlideEntry,
    pub(crate) sheets: Sheets<'c>,
    pub(crate) shapes: &'c [Shape],
    findings: Vec<Finding>,
}

impl Subject<'_> {
    /// Notes a finding about a shape of the slide, or about the slide.
    fn tell(&mut self, code: &str, severity: Severity, shape: Option<&Shape>, sentence: String) {
        let slide = format!("slide {}", self.entry.id);
        let place = match shape {
            Some(shape) => format!("{slide}, shape {} ({})", shape.id, shape.name),
            None => slide,
        };
        self.findings.push(Finding {
            code: code.to_owned(),
            severity,
            part: Some(self.entry.part.clone()),
            location: Some(place),
            sentence,
        });
    }
}

/// Checks the slides of these logical ids; all where none is named.
pub(crate) fn check(deck: &Deck, slides: &[String]) -> Result<CheckContent, Refusal> {
    let entries: Vec<&SlideEntry> = if slides.is_empty() {
        deck.slides.iter().collect()
    } else {
        slides.iter().map(|id| deck.slide(id)).collect::<Result<_, _>>()?
    };
    let mut findings = damage(deck, &entries, slides.is_empty())?;
    let mut titles: Vec<(String, &SlideEntry)> = Vec::new();
    for entry in &entries {
        let part = Part::read(&deck.package, &entry.part)?;
        let tree = part.tree()?;
        let shapes = deck.read_tree(entry, tree.root())?;
        if let Some(title) = title(&shapes) {
            titles.push((title, entry));
        }
        findings.extend(check_slide(deck, entry, tree.root(), &shapes)?);
    }
    findings.extend(duplicate_titles(&titles));
    // Grave ones first; the order of the slides stays.
    findings.sort_by_key(|finding| match finding.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    });
    let count = findings.len() as u32;
    findings.truncate(LISTED);
    Ok(CheckContent { findings, count })
}

/// What is wrong in the file itself: of all parts, or of some slides with their notes and charts.
fn damage(deck: &Deck, entries: &[&SlideEntry], all: bool) -> Result<Vec<Finding>, Refusal> {
    let mut slide_of = BTreeMap::new();
    for entry in entries {
        slide_of.insert(entry.part.to_lowercase(), &entry.id);
        for link in relationships(&deck.package, &entry.part)? {
            if let Some(part) = link.part().filter(|_| link.is("chart") || link.is("notesSlide")) {
                slide_of.insert(part.to_lowercase(), &entry.id);
            }
        }
    }
    let only: Option<BTreeSet<String>> = (!all).then(|| slide_of.keys().cloned().collect());
    let found = lint::findings(&deck.package, &deck.presentation, only.as_ref())?;
    let findings = found.into_iter().map(|finding| {
        let slide = slide_of.get(&finding.part.to_lowercase());
        let place = match (slide, finding.location.is_empty()) {
            (Some(slide), true) => Some(format!("slide {slide}")),
            (Some(slide), false) => Some(format!("slide {slide}, {}", finding.location)),
            (None, false) => Some(finding.location),
            (None, true) => None,
        };
        // PowerPoint lives with shapes of one id; which one an animation means is then open.
        let severity = match finding.code {
            "shape.id" | "animation.shape" => Severity::Warning,
            _ => Severity::Error,
        };
        Finding {
            code: finding.code.to_owned(),
            severity,
            part: Some(finding.part),
            location: place,
            sentence: finding.sentence,
        }
    });
    Ok(findings.collect())
}

fn check_slide(
    deck: &Deck,
    entry: &SlideEntry,
    root: deskhand_opc::xml::Node<'_, '_>,
    shapes: &[Shape],
) -> Result<Vec<Finding>, Refusal> {
    let layout = related(&deck.package, &entry.part, "slideLayout")?;
    let master = match &layout {
        Some(layout) => related(&deck.package, layout, "slideMaster")?,
        None => None,
    };
    let read = |name: &Option<String>| {
        name.as_ref()
            .map(|name| Part::read(&deck.package, name))
            .transpose()
    };
    let (layout, master) = (read(&layout)?, read(&master)?);
    let presentation = Part::read(&deck.package, &deck.presentation)?;
    let theme = match &master {
        Some(master) => Theme::of_master(&deck.package, &master.name)?,
        None => Theme::default(),
    };
    let layout_tree = layout.as_ref().map(Part::tree).transpose()?;
    let master_tree = master.as_ref().map(Part::tree).transpose()?;
    let presentation_tree = presentation.tree()?;
    let mut subject = Subject {
        deck,
        entry,
        sheets: Sheets {
            slide: root,
            layout: layout_tree.as_ref().map(deskhand_opc::xml::Tree::root),
            master: master_tree.as_ref().map(deskhand_opc::xml::Tree::root),
            presentation: presentation_tree.root(),
            theme: &theme,
        },
        shapes,
        findings: Vec::new(),
    };
    run(&mut subject);
    Ok(subject.findings)
}

fn run(subject: &mut Subject<'_>) {
    let (effects, _) = animations(subject.sheets.slide);
    let shapes: Vec<Shape> = flattened(subject.shapes).into_iter().cloned().collect();
    let mut texts = Vec::new();
    for shape in &shapes {
        if shape.hidden {
            continue;
        }
        off_slide(subject, shape);
        left_over(subject, shape);
        described(subject, shape);
        if let Some(laid) = text::lay_out(subject, shape) {
            text::overflow(subject, shape, &laid);
            style::contrast(subject, shape, &laid, &shapes);
            texts.push((shape.id.clone(), laid));
        }
    }
    style::off_theme(subject);
    // Shapes that come and go may stand in each other's place.
    if effects == 0 {
        overlap::overlaps(subject, &shapes, &texts);
    }
}

/// Shapes that reach beyond the slide.
fn off_slide(subject: &mut Subject<'_>, shape: &Shape) {
    let Some(frame) = shape.frame.filter(|_| shape.kind != ShapeKind::Group) else {
        return;
    };
    // Lines have no area; and an edge may be drawn over by a little.
    let inside = frame.covered_by(subject.deck.size);
    if frame.area() <= 0.0 || inside > 0.98 || shape.kind == ShapeKind::Line {
        return;
    }
    let shows = shape.text.as_deref().is_some_and(|text| !text.trim().is_empty())
        || matches!(shape.kind, ShapeKind::Chart | ShapeKind::Table);
    let percent = ((1.0 - inside) * 100.0).round();
    let (severity, sentence) = if inside <= 0.001 {
        (
            Severity::Note,
            format!("'{}' stands beside the slide and is not shown", shape.name),
        )
    } else if shows {
        (
            Severity::Warning,
            format!("{percent} % of '{}' reach beyond the slide", shape.name),
        )
    } else {
        // Pictures and bars are often cut by the edge on purpose.
        (
            Severity::Note,
            format!("{percent} % of '{}' reach beyond the slide", shape.name),
        )
    };
    subject.tell("shape.offSlide", severity, Some(shape), sentence);
}

/// Placeholders that nobody filled, and texts that stand for others.
fn left_over(subject: &mut Subject<'_>, shape: &Shape) {
    let text = shape.text.as_deref().unwrap_or_default().trim();
    if let Some(mark) = shape.placeholder.as_ref().filter(|mark| !mark.is_footer()) {
        let is_text = shape.kind == ShapeKind::Placeholder;
        if is_text && text.is_empty() && !shape.has_alternative {
            let sentence = format!("the placeholder '{}' ({}) is empty", shape.name, mark.kind);
            subject.tell("placeholder.empty", Severity::Warning, Some(shape), sentence);
            return;
        }
    }
    let lower = text.to_lowercase();
    let filler = [
        "lorem ipsum",
        "click to add",
        "klicken sie, um",
        "insert text here",
        "your text here",
        "xxxx",
    ];
    let exact = ["tbd", "tbc", "xx", "xxx", "todo", "text", "title", "placeholder"];
    if filler.iter().any(|words| lower.contains(words))
        || exact.contains(&lower.trim_matches(['[', ']', '<', '>', '.']))
    {
        let shown: String = text.chars().take(60).collect();
        let sentence = format!("'{}' still holds filler text: {shown}", shape.name);
        subject.tell("placeholder.leftover", Severity::Warning, Some(shape), sentence);
    }
}

/// Pictures and charts that say nothing to those who cannot see them.
fn described(subject: &mut Subject<'_>, shape: &Shape) {
    let what = match shape.kind {
        ShapeKind::Picture => "picture",
        ShapeKind::Chart => "chart",
        _ => return,
    };
    let decorative = node(subject.sheets.slide, shape).is_some_and(|node| {
        node.children().next().is_some_and(|head| {
            head.descendants().any(|inner| {
                inner.local() == "decorative" && inner.attribute("val").is_some_and(|val| val == "1")
            })
        })
    });
    if shape.description.is_none() && !decorative && !shape.has_alternative {
        let sentence = format!("the {what} '{}' has no alternative text", shape.name);
        subject.tell("picture.noAltText", Severity::Note, Some(shape), sentence);
    }
}

fn duplicate_titles(titles: &[(String, &SlideEntry)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, (title, entry)) in titles.iter().enumerate() {
        let earlier = titles[..index]
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(title));
        // Continued slides say so, or are numbered.
        if let Some((_, first)) = earlier {
            findings.push(Finding {
                code: "title.duplicate".to_owned(),
                severity: Severity::Note,
                part: Some(entry.part.clone()),
                location: Some(format!("slide {}", entry.id)),
                sentence: format!("the title '{title}' is that of slide {} too", first.id),
            });
        }
    }
    findings
}
