//! Whether the parts of a package hang together: content types, relationships, and what refers to these. Serves the checks
//! that each room makes after every change; the rooms give the codes, and add what is theirs.
//!
//! Must not know what a workbook or a slide is.

use std::collections::{BTreeMap, BTreeSet};

use crate::content_types;
use crate::error::PackageError;
use crate::name::relationships_of;
use crate::package::Package;
use crate::relationships::Relationship;
use crate::xml::{Ns, Tag};

/// Findings that one check tells at most: a damaged file has as many as it likes.
const LISTED: usize = 10_000;

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// A stable code: `table.grid`, `relation.target`.
    pub code: &'static str,
    /// The part.
    pub part: String,
    /// Where in it: a shape, a paragraph, a relationship; empty for the part as a whole.
    pub location: String,
    /// One sentence without its full stop. It names no part and no place, which a copy or a change may move.
    pub sentence: String,
}

/// The codes under which a room tells what is checked here.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// A part that cannot be read.
    pub damaged: &'static str,
    /// A part without a content type.
    pub content_type: &'static str,
    /// A relationship that leads to no part.
    pub target: &'static str,
    /// An id that two relationships of a part have.
    pub twice: &'static str,
    /// A reference to a relationship that is not there.
    pub reference: &'static str,
    /// A character that XML cannot hold.
    pub character: &'static str,
}

impl Codes {
    /// Those of decks and word documents.
    pub const PARTS: Self = Self {
        damaged: "part.damaged",
        content_type: "part.contentType",
        target: "relation.target",
        twice: "relation.twice",
        reference: "relation.missing",
        character: "xml.character",
    };
}

/// The relationships of a part by id.
pub type Links = BTreeMap<String, Relationship>;

/// What was found so far.
#[derive(Debug)]
pub struct Findings<'p> {
    package: &'p Package,
    codes: &'static Codes,
    list: Vec<Finding>,
}

impl<'p> Findings<'p> {
    /// Nothing found yet in a package.
    pub fn new(package: &'p Package, codes: &'static Codes) -> Self {
        Self {
            package,
            codes,
            list: Vec::new(),
        }
    }

    /// Adds a finding, up to ten thousand.
    pub fn add(&mut self, code: &'static str, part: &str, location: impl Into<String>, sentence: String) {
        if self.list.len() < LISTED {
            self.list.push(Finding {
                code,
                part: part.to_owned(),
                location: location.into(),
                sentence,
            });
        }
    }

    /// All that was found.
    pub fn into_list(self) -> Vec<Finding> {
        self.list
    }

    /// What was read of a part. One that cannot be read is a finding; one above a limit is the error.
    pub fn readable<T>(
        &mut self,
        part: &str,
        read: Result<T, PackageError>,
    ) -> Result<Option<T>, PackageError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error @ PackageError::TooLarge(_)) => Err(error),
            Err(_) => {
                self.add(self.codes.damaged, part, "", "a part cannot be read".to_owned());
                Ok(None)
            }
        }
    }

    /// Every part has a content type (ECMA-376 part 2, 6.2.3). Looks at the parts that `looks_at` names, and at all where
    /// it names the part of the types.
    pub fn content_types(&mut self, looks_at: &dyn Fn(&str) -> bool) -> Result<(), PackageError> {
        let types = self.package.content_types();
        let Some(types) = self.readable(content_types::PART, types)? else {
            return Ok(());
        };
        let (package, all) = (self.package, looks_at(content_types::PART));
        let wanted = package.parts().filter(|part| all || looks_at(part));
        // Room that a program left for later saves is no part (ECMA-376 part 2, 7.3.5: `[trash]`).
        let is_part = |part: &str| {
            let is_trash = part
                .get(..8)
                .is_some_and(|start| start.eq_ignore_ascii_case("[trash]/"));
            !part.eq_ignore_ascii_case(content_types::PART) && !part.ends_with('/') && !is_trash
        };
        let wanted = wanted.filter(|part| is_part(part));
        for part in wanted.filter(|part| types.of(part).is_none()) {
            let sentence = "a part has no content type".to_owned();
            self.add(self.codes.content_type, part, "", sentence);
        }
        Ok(())
    }

    /// The relationships of a part, or of the package where `source` is empty: ids once, targets there.
    pub fn links(&mut self, source: &str) -> Result<Links, PackageError> {
        let mut links = Links::new();
        let read = self.package.relationships(source);
        let read = self.readable(&relationships_of(source), read)?;
        for link in read.into_iter().flatten() {
            if link.part().is_some_and(|part| self.is_lost(part)) {
                let kind = link.kind.rsplit('/').next().unwrap_or_default();
                let sentence = format!("a relationship leads to a {kind} that is not in the file");
                self.add(self.codes.target, source, link.id.clone(), sentence);
            }
            if let Some(twice) = links.insert(link.id.clone(), link) {
                let sentence = format!("the relationship {} is there twice", twice.id);
                self.add(self.codes.twice, source, twice.id, sentence);
            }
        }
        Ok(links)
    }

    /// Whether a target is not there. Office itself writes `NULL` for a picture that it lost.
    fn is_lost(&self, part: &str) -> bool {
        let nowhere = part.is_empty() || part.ends_with("NULL");
        !nowhere && !self.package.contains(part)
    }

    /// Characters that XML cannot hold (XML 1.0, 2.2); by number the reader does not take them.
    pub fn characters(&mut self, part: &str, content: &[u8]) {
        let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        if content.iter().any(is_control) {
            let sentence = "a part holds a control character, which XML cannot".to_owned();
            self.add(self.codes.character, part, "", sentence);
        }
    }

    /// Every `r:…` of a part names one of its relationships.
    pub fn references(&mut self, part: &str, references: References<'_>) {
        for id in references.missing {
            let sentence = format!("something refers to the relationship {id}, which is not there");
            self.add(self.codes.reference, part, id, sentence);
        }
    }
}

/// The references of a part to relationships, collected tag by tag.
pub struct References<'l> {
    is_there: Box<dyn Fn(&str) -> bool + 'l>,
    prefixes: Vec<String>,
    missing: BTreeSet<String>,
}

impl std::fmt::Debug for References<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("References");
        shown
            .field("prefixes", &self.prefixes)
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}

impl<'l> References<'l> {
    /// None yet; `is_there` tells the ids of the part's relationships.
    pub fn new(is_there: impl Fn(&str) -> bool + 'l) -> Self {
        Self {
            is_there: Box::new(is_there),
            prefixes: Vec::new(),
            missing: BTreeSet::new(),
        }
    }

    /// Looks at one tag; those of a part come in its order.
    pub fn see(&mut self, tag: &Tag<'_>) {
        for attribute in tag.attributes() {
            let Some((prefix, local)) = attribute.name.split_once(':') else {
                continue;
            };
            if prefix == "xmlns" {
                if Ns::of(attribute.raw) == Ns::Relationship && !self.knows(local) {
                    self.prefixes.push(local.to_owned());
                }
            } else if !attribute.raw.is_empty() && self.knows(prefix) && !(self.is_there)(attribute.raw) {
                self.missing.insert(attribute.raw.to_owned());
            }
        }
    }

    fn knows(&self, prefix: &str) -> bool {
        self.prefixes.iter().any(|known| known == prefix)
    }
}
