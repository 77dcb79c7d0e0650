//! `[Content_Types].xml` (ECMA-376 part 2, 6.2.3): which part is of which type.

use std::ops::Range;

use crate::blob::Blob;
use crate::error::PackageError;
use crate::limits::Limits;
use crate::name;
use crate::xml::{Tree, escape};

/// The part that declares them.
pub(crate) const PART: &str = "[Content_Types].xml";

/// The list of a package without parts; relationships are declared by their ending, as Office does.
pub(crate) const EMPTY: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    "\n",
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
    r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
    r#"<Default Extension="xml" ContentType="application/xml"/></Types>"#
);

/// One declaration.
#[derive(Clone, Debug)]
struct Declaration {
    /// Lower case: an extension, or a part's key.
    of: String,
    kind: String,
    span: Range<usize>,
}

/// The declared types.
#[derive(Clone, Debug, Default)]
pub struct ContentTypes {
    defaults: Vec<Declaration>,
    overrides: Vec<Declaration>,
    /// Where a declaration can be inserted, and what the elements' prefix is.
    insert: Option<(usize, String)>,
}

impl ContentTypes {
    pub(crate) fn parse(content: &[u8], limits: &Limits) -> Result<Self, PackageError> {
        let tree = Tree::parse(PART, content, limits)?;
        let mut types = Self::default();
        for node in tree.root().children() {
            let (Some(kind), span) = (node.attribute("ContentType"), node.span()) else {
                continue;
            };
            let kind = kind.into_owned();
            match node.local() {
                "Default" => {
                    let of = node.attribute("Extension").unwrap_or_default().to_lowercase();
                    types.defaults.push(Declaration { of, kind, span });
                }
                "Override" => {
                    let of = name::key(&node.attribute("PartName").unwrap_or_default());
                    types.overrides.push(Declaration { of, kind, span });
                }
                _ => {}
            }
        }
        let root = tree.root();
        if !root.self_closing() {
            types.insert = Some((root.inner().end, root.prefix_colon()));
        }
        Ok(types)
    }

    /// The type of a part.
    pub fn of(&self, part: &str) -> Option<&str> {
        let key = name::key(part);
        let declared = self.overrides.iter().find(|declaration| declaration.of == key);
        let declared = declared.or_else(|| {
            let extension = key.rsplit_once('.')?.1;
            self.defaults
                .iter()
                .find(|declaration| declaration.of == extension)
        });
        declared.map(|declaration| declaration.kind.as_str())
    }

    /// The parts that are declared one by one, in lower case: for checks.
    pub fn overridden(&self) -> impl Iterator<Item = &str> {
        self.overrides.iter().map(|declaration| declaration.of.as_str())
    }

    /// The edit that declares a part; `None` where the declared type is that already.
    pub(crate) fn declare(
        &self,
        part: &str,
        kind: &str,
    ) -> Result<Option<(Range<usize>, Blob)>, PackageError> {
        if self.of(part) == Some(kind) {
            return Ok(None);
        }
        let damaged = || PackageError::Damaged("its content types are empty".to_owned());
        let (at, prefix) = self.insert.as_ref().ok_or_else(damaged)?;
        let xml = format!(
            r#"<{prefix}Override PartName="/{}" ContentType="{}"/>"#,
            escape(part),
            escape(kind)
        );
        Ok(Some((*at..*at, xml.into())))
    }

    /// The edits that take a part's own declaration out.
    pub(crate) fn forget(&self, part: &str) -> Vec<(Range<usize>, Blob)> {
        let key = name::key(part);
        let own = self.overrides.iter().filter(|declaration| declaration.of == key);
        own.map(|declaration| (declaration.span.clone(), Blob::default()))
            .collect()
    }
}
