//! Parts and what leads to them: the package's own check, under the codes of workbooks.

use std::collections::HashSet;

use deskhand_opc::Package;
use deskhand_opc::integrity::{self, Codes, References};
use deskhand_opc::xml::{Event, Reader};

use super::Findings;
use crate::error::Outcome;

const CODES: Codes = Codes {
    damaged: "partDamaged",
    content_type: "contentType",
    target: "relationshipTarget",
    twice: "relationshipTwice",
    reference: "relationshipId",
    character: "character",
};

impl Findings<'_> {
    /// Every part has a type, every relationship leads to a part, every `r:id` is a relationship.
    pub(super) fn relationships(&mut self, package: &Package, large: &[&str]) -> Outcome<()> {
        let mut found = integrity::Findings::new(package, &CODES);
        found.content_types(&|_| true)?;
        for source in package.parts().chain([""]) {
            let links = found.links(source)?;
            let is_sheet =
                source.to_lowercase().starts_with("xl/") && source.to_lowercase().ends_with(".xml");
            // Large worksheets are looked at with their cells.
            if is_sheet && !large.contains(&source) && self.looks_at(source) {
                let content = package.part(source)?;
                references(&mut found, package, (source, &content), &|id| {
                    links.contains_key(id)
                })?;
            }
        }
        self.take(found);
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
        let mut found = integrity::Findings::new(package, &CODES);
        references(&mut found, package, (source, content), &|id| ids.contains(id))?;
        self.take(found);
        Ok(())
    }

    fn take(&mut self, found: integrity::Findings<'_>) {
        self.list.extend(found.into_list());
    }
}

fn references(
    found: &mut integrity::Findings<'_>,
    package: &Package,
    (source, content): (&str, &[u8]),
    is_there: &dyn Fn(&str) -> bool,
) -> Outcome<()> {
    let mut seen = References::new(is_there);
    let mut reader = Reader::new(source, content, package.limits())?;
    while let Some(event) = reader.next_event()? {
        if let Event::Start(tag) = event {
            seen.see(&tag);
        }
    }
    found.references(source, seen);
    Ok(())
}
