//! Styles (ECMA-376 part 1, 17.7): names, outline levels and list membership by inheritance.

use std::collections::HashMap;

use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::Refusal;

use super::names::{is_on, value};
use super::{Document, Part};

/// How far styles are followed to what they are based on; files may hold circles.
const MAX_DEPTH: usize = 32;

/// A style.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    pub(super) id: String,
    pub(super) name: String,
    /// `paragraph`, `character`, `table` or `numbering`.
    pub(super) kind: String,
    based_on: Option<String>,
    outline: Option<u8>,
    numbering: Option<NumberingMark>,
}

/// A reference to a list level, as paragraphs and styles make it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NumberingMark {
    /// `numId`; 0 takes a paragraph out of its list.
    pub(super) list: Option<u32>,
    /// `ilvl`, from 0.
    pub(super) level: Option<u8>,
}

/// The styles of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Styles {
    all: Vec<Style>,
    by_id: HashMap<String, usize>,
    default_paragraph: Option<usize>,
}

impl NumberingMark {
    /// The mark in paragraph properties.
    pub(super) fn of(properties: Node<'_, '_>) -> Option<Self> {
        let mark = properties.child("numPr")?;
        Some(Self {
            list: value(mark, "numId").and_then(|list| list.parse().ok()),
            level: value(mark, "ilvl").and_then(|level| level.parse().ok()),
        })
    }
}

impl Styles {
    /// The styles of a document; none where it has no such part.
    pub(super) fn read(document: &Document) -> Result<Self, Refusal> {
        match Part::related(&document.package, &document.main, "styles")? {
            Some(part) => Ok(Self::parse(part.tree()?.root())),
            None => Ok(Self::default()),
        }
    }

    fn parse(root: Node<'_, '_>) -> Self {
        let mut styles = Self::default();
        for node in root.children().filter(|node| node.is(Ns::Word, "style")) {
            let properties = node.child("pPr");
            let style = Style {
                id: node.prefixed("styleId").unwrap_or_default().into_owned(),
                name: value(node, "name").unwrap_or_default(),
                kind: node.prefixed("type").unwrap_or_default().into_owned(),
                based_on: value(node, "basedOn"),
                outline: properties.and_then(outline_level),
                numbering: properties.and_then(NumberingMark::of),
            };
            let is_default = node
                .prefixed("default")
                .is_some_and(|value| value == "1" || value == "true");
            if is_default && style.kind == "paragraph" {
                styles.default_paragraph = Some(styles.all.len());
            }
            styles.by_id.insert(style.id.clone(), styles.all.len());
            styles.all.push(style);
        }
        styles
    }

    /// The style of an id.
    pub(super) fn of(&self, id: &str) -> Option<&Style> {
        self.all.get(*self.by_id.get(id)?)
    }

    /// The style that paragraphs without one have.
    pub(super) fn normal(&self) -> Option<&Style> {
        self.all.get(self.default_paragraph?)
    }

    /// The style of a kind by its name, case aside: built-in names differ in case between programs.
    pub(super) fn named(&self, kind: &str, name: &str) -> Option<&Style> {
        self.all
            .iter()
            .find(|style| style.kind == kind && style.name.eq_ignore_ascii_case(name))
    }

    /// The names of the styles of a kind.
    pub(super) fn names(&self, kind: &str) -> Vec<&str> {
        let styles = self.all.iter().filter(|style| style.kind == kind);
        styles.map(|style| style.name.as_str()).collect()
    }

    /// True for an id that is taken.
    pub(super) fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    fn chain<'s>(&'s self, id: &str) -> impl Iterator<Item = &'s Style> {
        let first = self.of(id);
        std::iter::successors(first, |style| self.of(style.based_on.as_deref()?)).take(MAX_DEPTH)
    }

    /// The outline level of a style from 0, inherited; 9 is body text.
    pub(super) fn outline(&self, id: &str) -> Option<u8> {
        let level = self.chain(id).find_map(|style| style.outline);
        // Some programs leave the level of the built-in headings out.
        level.or_else(|| {
            let name = self.of(id)?.name.to_lowercase();
            let number: u8 = name.strip_prefix("heading ")?.parse().ok()?;
            (1..=9).contains(&number).then(|| number - 1)
        })
    }

    /// The list that a style makes its paragraphs members of, inherited.
    pub(super) fn numbering(&self, id: &str) -> NumberingMark {
        let mut mark = NumberingMark::default();
        for style in self.chain(id) {
            if let Some(own) = &style.numbering {
                mark.list = mark.list.or(own.list);
                mark.level = mark.level.or(own.level);
            }
        }
        mark
    }
}

/// `outlineLvl`, from 0; 9 is body text.
pub(super) fn outline_level(properties: Node<'_, '_>) -> Option<u8> {
    value(properties, "outlineLvl")?
        .parse()
        .ok()
        .filter(|level| *level <= 9)
}

/// Bold, italic and underline as run properties set them directly.
pub(super) fn emphasis(properties: Option<Node<'_, '_>>) -> (bool, bool, bool) {
    let on = |name: &str| {
        properties
            .and_then(|properties| properties.child(name))
            .is_some_and(is_on)
    };
    (on("b"), on("i"), on("u"))
}
