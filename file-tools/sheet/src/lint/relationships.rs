//! Parts and what leads to them.

use std::collections::HashSet;

use deskhand_opc::Package;
use deskhand_opc::xml::{Event, Reader};

use super::Findings;
use crate::error::Outcome;

impl Findings<'_> {
    /// Every part has a type, every relationship leads to a part, every `r:id` is a relationship.
    pub(super) fn relationships(&mut self, package: &Package, large: &[&str]) -> Outcome<()> {
        let types = package.content_types()?;
        let parts: Vec<String> = package.parts().map(str::to_owned).collect();
        for part in parts.iter().filter(|part| *part != "[Content_Types].xml") {
            if types.of(part).is_none() {
                self.add(
                    "contentType",
                    part,
                    &"",
                    format!("the part `{part}` has no content type"),
                );
            }
        }
        for source in parts.iter().map(String::as_str).chain([""]) {
            let relationships = package.relationships(source)?;
            let mut ids = HashSet::new();
            for relationship in &relationships {
                if !ids.insert(relationship.id.clone()) {
                    self.add(
                        "relationshipTwice",
                        source,
                        &relationship.id,
                        format!("`{source}` has two relationships `{}`", relationship.id),
                    );
                }
                let lost = relationship
                    .part()
                    .filter(|part| !package.contains(part) && !part.is_empty());
                if let Some(target) = lost {
                    self.add(
                        "relationshipTarget",
                        source,
                        &relationship.id,
                        format!("`{source}` leads to `{target}`, which is not there"),
                    );
                }
            }
            let is_sheet =
                source.to_lowercase().starts_with("xl/") && source.to_lowercase().ends_with(".xml");
            // Large worksheets are looked at with their cells.
            let is_large = large.contains(&source);
            if is_sheet && !is_large && self.looks_at(source) {
                self.ids(package, source, &package.part(source)?, &ids)?;
            }
        }
        Ok(())
    }

    /// `r:id` and its kin in a part.
    pub(super) fn ids(
        &mut self,
        package: &Package,
        source: &str,
        content: &[u8],
        ids: &HashSet<String>,
    ) -> Outcome<()> {
        let mut reader = Reader::new(source, content, package.limits())?;
        while let Some(event) = reader.next_event()? {
            let Event::Start(tag) = event else {
                continue;
            };
            if let Some(id) = tag
                .find("r:id")
                .filter(|id| !id.raw.is_empty() && !ids.contains(id.raw))
            {
                self.add(
                    "relationshipId",
                    source,
                    &id.raw,
                    format!(
                        "`{source}` uses the relationship `{}`, which is not there",
                        id.raw
                    ),
                );
            }
        }
        Ok(())
    }
}
