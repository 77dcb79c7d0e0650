//! A package being changed: edits are made on a copy, and collected as one patch set.

use std::collections::HashSet;
use std::ops::Range;

use crate::blob::Blob;
use crate::content_types;
use crate::error::PatchError;
use crate::name::{relationships_of, relative_target};
use crate::package::Package;
use crate::patch::{Patch, PatchSet};
use crate::relationships::Target;
use crate::xml::escape;

const RELATIONSHIPS_TYPE: &str = "application/vnd.openxmlformats-package.relationships+xml";
const EMPTY_RELATIONSHIPS: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    "\n",
    r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>"#
);

/// A package under change. The package it was made from stays as it is.
#[derive(Clone, Debug)]
pub struct Draft {
    package: Package,
    set: PatchSet,
}

impl Draft {
    /// Starts from a package.
    pub fn new(package: &Package) -> Self {
        Self {
            package: package.clone(),
            set: PatchSet::default(),
        }
    }

    /// The package with all changes so far.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// True where nothing is changed so far.
    pub fn is_empty(&self) -> bool {
        self.set.patches.is_empty()
    }

    /// The changes.
    pub fn finish(self) -> PatchSet {
        self.set
    }

    /// Makes the changes of a whole set, or none.
    pub fn take(&mut self, set: PatchSet) -> Result<(), PatchError> {
        self.package.apply(&set)?;
        self.set.join(set);
        Ok(())
    }

    fn push(&mut self, patch: Patch) -> Result<(), PatchError> {
        self.take(PatchSet { patches: vec![patch] })
    }

    /// Replaces byte ranges of a part's present content; an empty range inserts.
    pub fn edit(
        &mut self,
        part: &str,
        edits: impl IntoIterator<Item = (Range<usize>, Blob)>,
    ) -> Result<(), PatchError> {
        let patch = self.package.edit(part, edits)?;
        if matches!(&patch, Patch::Edited { spans, .. } if spans.is_empty()) {
            return Ok(());
        }
        self.push(patch)
    }

    /// Adds a part and declares its content type.
    pub fn add_part(
        &mut self,
        part: &str,
        content: impl Into<Blob>,
        content_type: &str,
    ) -> Result<(), PatchError> {
        self.push(Patch::Added {
            part: part.to_owned(),
            content: content.into(),
            image: None,
        })?;
        let edit = self.package.content_types()?.declare(part, content_type)?;
        self.edit(content_types::PART, edit)
    }

    /// Takes a part out, with its relationships and its declaration. Relationships that point at it stay: take those
    /// out with [`Draft::remove_relationship`].
    pub fn remove_part(&mut self, part: &str) -> Result<(), PatchError> {
        let relationships = relationships_of(part);
        for part in [relationships.as_str(), part] {
            if self.package.contains(part) {
                let edits = self.package.content_types()?.forget(part);
                self.edit(content_types::PART, edits)?;
                self.push(self.package.removal(part)?)?;
            }
        }
        Ok(())
    }

    /// Adds a relationship from `source` (empty: the package) of a type given by its whole URI; answers its new id.
    pub fn add_relationship(
        &mut self,
        source: &str,
        kind: &str,
        target: &Target,
    ) -> Result<String, PatchError> {
        let part = relationships_of(source);
        if !self.package.contains(&part) {
            self.add_part(&part, EMPTY_RELATIONSHIPS, RELATIONSHIPS_TYPE)?;
        }
        let taken = self.package.relationships(source)?;
        // A damaged part may name a relationship that is not there: it must not come to mean the new one.
        let content = self.package.part(source).unwrap_or_default();
        let named: HashSet<u64> = numbers(std::str::from_utf8(&content).unwrap_or_default()).collect();
        let free = (1..).filter(|number| !named.contains(number));
        let mut free = free.map(|number| format!("rId{number}")).filter(|id| {
            taken
                .iter()
                .all(|relationship| !relationship.id.eq_ignore_ascii_case(id))
        });
        let id = free.next().unwrap_or_default();
        let (target, mode) = match target {
            Target::Part(part) => (relative_target(source, part), ""),
            Target::External(target) => (target.clone(), r#" TargetMode="External""#),
        };
        let content = self.package.part(&part)?;
        let tree = crate::xml::Tree::parse(&part, &content, self.package.limits())?;
        let root = tree.root();
        let xml = format!(
            r#"<{}Relationship Id="{id}" Type="{}" Target="{}"{mode}/>"#,
            root.prefix_colon(),
            escape(kind),
            escape(&target)
        );
        let edit = root.append(&xml);
        self.edit(&part, [edit])?;
        Ok(id)
    }

    /// Takes a relationship out by its id.
    pub fn remove_relationship(&mut self, source: &str, id: &str) -> Result<(), PatchError> {
        let relationships = self.package.relationships(source)?;
        let spans = relationships
            .into_iter()
            .filter(|relationship| relationship.id == id)
            .map(|found| found.span);
        let edits: Vec<_> = spans.map(|span| (span, Blob::default())).collect();
        self.edit(&relationships_of(source), edits)
    }

    /// A name that no part has and no relationship names: `xl/charts/chart{}.xml` with the first free number from 1. What
    /// a damaged package names without having it must not come to mean the new part.
    pub fn free_name(&self, before: &str, after: &str) -> String {
        let named = self.named(before.rsplit('/').next().unwrap_or_default(), after);
        let free = (1..).filter(|number| !named.contains(number));
        let mut names = free.map(|number| format!("{before}{number}{after}"));
        names
            .find(|name| !self.package.contains(name))
            .unwrap_or_default()
    }

    /// The numbers of all names that relationships have between these words, in any folder.
    fn named(&self, before: &str, after: &str) -> HashSet<u64> {
        let (before, after) = (before.to_ascii_lowercase(), after.to_ascii_lowercase());
        let mut named = HashSet::new();
        if before.is_empty() {
            return named;
        }
        let ends = |part: &&str| part.to_ascii_lowercase().ends_with(".rels");
        for part in self.package.parts().filter(ends) {
            let content = self.package.part(part).unwrap_or_default();
            let text = String::from_utf8_lossy(&content).to_ascii_lowercase();
            named.extend(text.split(&before).skip(1).filter_map(|rest| {
                let end = rest.find(|c: char| !c.is_ascii_digit())?;
                let number: u64 = rest[..end].parse().ok()?;
                rest[end..].starts_with(&after).then_some(number)
            }));
        }
        named
    }
}

/// The numbers of the ids `rId…` that a part names.
fn numbers(text: &str) -> impl Iterator<Item = u64> {
    text.split("rId").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    })
}
