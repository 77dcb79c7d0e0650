//! Brings a slide from another deck, with every part that it uses.
//!
//! Parts are copied byte for byte under free names; pictures that the deck has already are shared. The layout is mapped
//! to the deck's own of the same name, else it comes along with its master. Links to slides that the deck does not have
//! are taken out; comments come along where the deck knows their authors.

use std::collections::HashMap;
use std::ops::Range;

use deskhand_opc::xml::Ns;
use deskhand_opc::{
    Blob, Draft, Fingerprint, Package, Relationship, Target, relationships_of, relative_target,
};
use deskhand_operations::Refusal;

use super::master_import::register_notes_master;
use crate::cut::reference_edits;
use crate::deck::{Deck, SlideEntry};
use crate::layout::Layout;
use crate::markup::Markup;
use crate::part::{Part, related, relationships};
use crate::refuse;
use crate::shape::flattened;

/// Slides lead to parts that lead to parts; real ones less than ten deep.
const DEEPEST: usize = 64;

const RELATIONSHIPS: &str = "application/vnd.openxmlformats-package.relationships+xml";

/// An import under way.
#[derive(Debug)]
pub(super) struct Import<'x> {
    pub(super) source: &'x Deck,
    pub(super) deck: &'x Deck,
    pub(super) draft: &'x mut Draft,
    /// The parts that were brought, by their names in the source.
    pub(super) names: HashMap<String, String>,
    /// The deck's own pictures by length and mark; worked out when the first one is asked for.
    images: Option<HashMap<(usize, u64), Vec<String>>>,
    depth: usize,
    way: Way,
}

/// Where a slide comes from, and so what of it stays shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Another deck: the layout is mapped to the deck's own of the same name, else it comes along.
    Exchange,
    /// The same deck: layouts, pictures and films stay shared, comments stay behind.
    Within,
    /// Another deck, whose layout and master come along even where there is one of the name.
    WithMaster,
    /// Another deck, and the layout here is given.
    Mapped,
}

impl<'x> Import<'x> {
    pub(super) fn new(source: &'x Deck, deck: &'x Deck, draft: &'x mut Draft) -> Self {
        Self {
            source,
            deck,
            draft,
            names: HashMap::new(),
            images: None,
            depth: 0,
            way: Way::Exchange,
        }
    }

    /// Copies inside one deck.
    pub(super) fn within(deck: &'x Deck, draft: &'x mut Draft) -> Self {
        Self {
            way: Way::Within,
            ..Self::new(deck, deck, draft)
        }
    }

    /// Brings slides with their masters.
    pub(super) fn with_master(source: &'x Deck, deck: &'x Deck, draft: &'x mut Draft) -> Self {
        Self {
            way: Way::WithMaster,
            ..Self::new(source, deck, draft)
        }
    }

    /// Brings slides of the layout `from` onto the deck's layout `to`.
    pub(super) fn onto(
        source: &'x Deck,
        deck: &'x Deck,
        draft: &'x mut Draft,
        (from, to): (&str, &str),
    ) -> Self {
        Self {
            way: Way::Mapped,
            names: HashMap::from([(from.to_owned(), to.to_owned())]),
            ..Self::new(source, deck, draft)
        }
    }

    /// Brings a slide under a part name. Answers what the parts that came are called here.
    pub(super) fn slide(mut self, slide: &SlideEntry, to: &str) -> Result<Vec<String>, Refusal> {
        let frames = match self.way {
            Way::Exchange => self.lost_frames(slide)?,
            Way::Within | Way::WithMaster | Way::Mapped => Vec::new(),
        };
        self.copy(&slide.part, to, frames)?;
        // A layout that was mapped to was here before.
        let names = self.names.into_values();
        Ok(names.filter(|name| !self.deck.package.contains(name)).collect())
    }

    /// Copies a part and what it leads to. `edits` are made on the copy.
    fn copy(&mut self, from: &str, to: &str, mut edits: Vec<(Range<usize>, Blob)>) -> Result<(), Refusal> {
        self.add(from, to)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(refuse::too_large(
                "the parts of the slide lead to each other too deep",
            ));
        }
        let mut dropped = Vec::new();
        let mut kept = Vec::new();
        for relationship in relationships(&self.source.package, from)? {
            match self.bring(&relationship)? {
                Some(target) => kept.push((relationship, target)),
                None => dropped.push(relationship.id),
            }
        }
        self.depth -= 1;
        if !dropped.is_empty() {
            let part = Part::read(&self.source.package, from)?;
            edits.extend(reference_edits(part.tree()?.root(), from, &dropped)?);
        }
        self.draft
            .edit(to, edits)
            .map_err(|error| refuse::patch(&error))?;
        self.relate(to, &kept)
    }

    /// Adds the bytes of a part, without its relationships.
    pub(super) fn add(&mut self, from: &str, to: &str) -> Result<(), Refusal> {
        let content = self
            .source
            .package
            .part(from)
            .map_err(|error| refuse::package(&error))?;
        let types = self
            .source
            .package
            .content_types()
            .map_err(|error| refuse::package(&error))?;
        let kind = types
            .of(from)
            .ok_or_else(|| refuse::corrupt(format!("the part '{from}' has no content type")))?;
        self.names.insert(from.to_owned(), to.to_owned());
        self.draft
            .add_part(to, content, kind)
            .map_err(|error| refuse::patch(&error))
    }

    /// Writes the relationships of a part that was added, each under the id that it had.
    pub(super) fn relate(&mut self, part: &str, kept: &[(Relationship, Target)]) -> Result<(), Refusal> {
        if kept.is_empty() {
            return Ok(());
        }
        let mut xml = Markup::part();
        let namespace = "http://schemas.openxmlformats.org/package/2006/relationships";
        xml.element("Relationships", &[("xmlns", namespace)], |xml| {
            for (relationship, target) in kept {
                let (target, is_external) = match target {
                    Target::Part(target) => (relative_target(part, target), false),
                    Target::External(target) => (target.clone(), true),
                };
                let mut attributes = vec![
                    ("Id", relationship.id.as_str()),
                    ("Type", relationship.kind.as_str()),
                    ("Target", &target),
                ];
                if is_external {
                    attributes.push(("TargetMode", "External"));
                }
                xml.empty("Relationship", &attributes);
            }
        });
        self.draft
            .add_part(&relationships_of(part), xml.finish(), RELATIONSHIPS)
            .map_err(|error| refuse::patch(&error))
    }

    /// What a relationship leads to in the deck; `None` where it cannot come along.
    pub(super) fn bring(&mut self, relationship: &Relationship) -> Result<Option<Target>, Refusal> {
        let Some(part) = relationship.part() else {
            return Ok(Some(relationship.target.clone()));
        };
        let Some(part) = self.source.package.spelling(part).map(str::to_owned) else {
            return Ok(None);
        };
        // What describes a package or its deck is no part of a slide.
        if part == self.source.presentation || part.starts_with('[') || part.contains("_rels/") {
            return Ok(None);
        }
        if self.way == Way::Within && !self.names.contains_key(&part) {
            if is_comments(relationship) {
                return Ok(None);
            }
            if stays_shared(relationship, &part) {
                return Ok(Some(Target::Part(part)));
            }
        }
        // Their authors are those of the other deck.
        if matches!(self.way, Way::WithMaster | Way::Mapped) && is_comments(relationship) {
            return Ok(None);
        }
        let name = match self.names.get(&part) {
            Some(name) => Some(name.clone()),
            None if relationship.is("slideLayout") && self.way == Way::WithMaster => {
                Some(self.layout_with_master(&part)?)
            }
            None if relationship.is("slide") => self.counterpart(&part),
            None if relationship.is("slideLayout") => Some(self.layout(&part)?),
            None if relationship.is("notesMaster") => Some(self.notes_master(&part)?),
            None if relationship.is("comments") && !self.knows_authors(&part)? => None,
            None => Some(self.bring_part(&part, relationship.is("image"))?),
        };
        Ok(name.map(Target::Part))
    }

    /// Brings a part with what it leads to; answers its name here.
    pub(super) fn bring_part(&mut self, part: &str, is_image: bool) -> Result<String, Refusal> {
        if let Some(same) = is_image.then(|| self.same_image(part)).transpose()?.flatten() {
            return Ok(same);
        }
        let (stem, extension) = part.rsplit_once('.').unwrap_or((part, ""));
        let stem = stem.trim_end_matches(|character: char| character.is_ascii_digit());
        let to = self.draft.free_name(stem, &format!(".{extension}"));
        self.copy(part, &to, Vec::new())?;
        Ok(to)
    }

    /// A picture of the deck with the same bytes.
    fn same_image(&mut self, part: &str) -> Result<Option<String>, Refusal> {
        let read =
            |package: &Package, name: &str| package.part(name).map_err(|error| refuse::package(&error));
        let mark = |content: &[u8]| (content.len(), Fingerprint::of(content).value());
        let wanted = read(&self.source.package, part)?;
        let package = &self.deck.package;
        if self.images.is_none() {
            let mut images: HashMap<_, Vec<String>> = HashMap::new();
            for name in package.parts().filter(|name| name.contains("/media/")) {
                images
                    .entry(mark(&read(package, name)?))
                    .or_default()
                    .push(name.to_owned());
            }
            self.images = Some(images);
        }
        let marked = self.images.as_ref().and_then(|images| images.get(&mark(&wanted)));
        let types = |package: &Package| package.content_types().map_err(|error| refuse::package(&error));
        let (theirs, own) = (types(&self.source.package)?, types(package)?);
        for candidate in marked.into_iter().flatten() {
            if own.of(candidate) == theirs.of(part) && read(package, candidate)? == wanted {
                return Ok(Some(candidate.clone()));
            }
        }
        Ok(None)
    }

    /// The deck's slide with the logical id of a slide of the source.
    fn counterpart(&self, part: &str) -> Option<String> {
        let slide = self.source.slides.iter().find(|slide| slide.part == part)?;
        self.deck
            .slides
            .iter()
            .find(|other| other.id == slide.id)
            .map(|other| other.part.clone())
    }

    fn layout(&mut self, part: &str) -> Result<String, Refusal> {
        match self.own_layout(part) {
            Some(layout) => Ok(layout.part.clone()),
            None => self.layout_with_master(part),
        }
    }

    /// The deck's layout for one of the source: of the same name, of a master of the same name if there is one.
    fn own_layout(&self, part: &str) -> Option<&'x Layout> {
        let wanted = self.source.layouts.iter().find(|layout| layout.part == part)?;
        let mut same = self
            .deck
            .layouts
            .iter()
            .filter(|layout| layout.name == wanted.name);
        same.clone()
            .find(|layout| layout.master == wanted.master)
            .or_else(|| same.next())
    }

    fn notes_master(&mut self, part: &str) -> Result<String, Refusal> {
        if let Some(own) = related(self.draft.package(), &self.deck.presentation, "notesMaster")? {
            return Ok(own);
        }
        let name = self.bring_part(part, false)?;
        register_notes_master(self.draft, self.deck, &name)?;
        Ok(name)
    }

    /// Whether the deck knows the authors of comments by the same ids. Otherwise the comments would change hands.
    fn knows_authors(&self, comments: &str) -> Result<bool, Refusal> {
        let known = authors(&self.deck.package, &self.deck.presentation)?;
        let theirs = authors(&self.source.package, &self.source.presentation)?;
        let part = Part::read(&self.source.package, comments)?;
        let tree = part.tree()?;
        let mut ids = tree
            .root()
            .descendants()
            .filter_map(|node| node.attribute("authorId"));
        Ok(ids.all(|id| theirs.get(&*id).is_some_and(|name| known.get(&*id) == Some(name))))
    }

    /// Places that placeholders of the slide inherit in the source and would not inherit here: they are written down.
    fn lost_frames(&self, slide: &SlideEntry) -> Result<Vec<(Range<usize>, Blob)>, Refusal> {
        let layout = slide.layout.and_then(|index| self.source.layouts.get(index));
        let Some(own) = layout.and_then(|layout| self.own_layout(&layout.part)) else {
            return Ok(Vec::new());
        };
        let slide = self.source.read(slide)?;
        let tree = slide.part.tree()?;
        let nodes: HashMap<usize, _> = tree
            .root()
            .descendants()
            .map(|node| (node.span().start, node))
            .collect();
        let shapes = flattened(&slide.shapes);
        let lost = shapes.into_iter().filter_map(|shape| {
            let mark = shape
                .placeholder
                .as_ref()
                .filter(|_| !shape.owns_frame && !shape.has_alternative)?;
            let frame = shape.frame?;
            let inherits = own
                .placeholder(mark)
                .is_some_and(|placeholder| placeholder.frame.is_some());
            if inherits {
                return None;
            }
            let node = nodes.get(&shape.span.start)?;
            let properties = node.child_in(Ns::Presentation, "spPr")?;
            let mut xml = Markup::default();
            xml.element("a:xfrm", &[("xmlns:a", self.deck.dialect.drawing())], |xml| {
                xml.empty(
                    "a:off",
                    &[("x", &frame.left.to_string()), ("y", &frame.top.to_string())],
                );
                xml.empty(
                    "a:ext",
                    &[
                        ("cx", &frame.width.to_string()),
                        ("cy", &frame.height.to_string()),
                    ],
                );
            });
            Some(properties.prepend(&xml.finish()))
        });
        Ok(lost.collect())
    }
}

fn is_comments(relationship: &Relationship) -> bool {
    relationship.is("comments") || relationship.is("comment")
}

/// Whether two slides of a deck share what a relationship leads to: what is shown as it is, and what is no part of
/// one slide.
fn stays_shared(relationship: &Relationship, part: &str) -> bool {
    let kinds = [
        "slideLayout",
        "slideMaster",
        "notesMaster",
        "handoutMaster",
        "theme",
        "slide",
        "image",
        "hdphoto",
        "svg",
        "audio",
        "video",
        "media",
        "font",
    ];
    kinds.iter().any(|kind| relationship.is(kind)) || part.contains("/media/")
}

/// The authors of comments, by id.
fn authors(package: &Package, presentation: &str) -> Result<HashMap<String, String>, Refusal> {
    let mut authors = HashMap::new();
    for kind in ["commentAuthors", "authors"] {
        let Some(part) = related(package, presentation, kind)? else {
            continue;
        };
        let part = Part::read(package, &part)?;
        for author in part.tree()?.root().children() {
            if let (Some(id), Some(name)) = (author.attribute("id"), author.attribute("name")) {
                authors.insert(id.into_owned(), name.into_owned());
            }
        }
    }
    Ok(authors)
}
