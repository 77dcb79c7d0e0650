//! Relationships (ECMA-376 part 2, 6.5): what a part points at.

use std::ops::Range;

use crate::error::PackageError;
use crate::limits::Limits;
use crate::name::resolve_target;
use crate::xml::Tree;

/// What a relationship points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A part of the package, by name; it may not be there.
    Part(String),
    /// Something outside, or a place in the source itself (`#…`), as written.
    External(String),
}

/// One relationship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relationship {
    /// `rId7`.
    pub id: String,
    /// The type's URI as written.
    pub kind: String,
    /// What it points at.
    pub target: Target,
    /// Where the element stands in the relationships part, in bytes.
    pub span: Range<usize>,
}

impl Relationship {
    /// True when the last segment of the type's URI is this: transitional, strict and Microsoft's own URIs differ only
    /// before it.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }

    /// The part it points at.
    pub fn part(&self) -> Option<&str> {
        match &self.target {
            Target::Part(part) => Some(part),
            Target::External(_) => None,
        }
    }
}

/// Reads a relationships part.
pub(crate) fn parse(
    source: &str,
    part: &str,
    content: &[u8],
    limits: &Limits,
) -> Result<Vec<Relationship>, PackageError> {
    let tree = Tree::parse(part, content, limits)?;
    let nodes = tree
        .root()
        .children()
        .filter(|node| node.local() == "Relationship");
    let relationships = nodes.map(|node| {
        let text = |name: &str| node.attribute(name).unwrap_or_default().into_owned();
        let external = node
            .attribute("TargetMode")
            .is_some_and(|mode| mode == "External");
        let target = text("Target");
        // A fragment alone is a place in the part itself, which is no other part (RFC 3986, 4.4).
        let external = external || target.starts_with('#');
        Relationship {
            id: text("Id"),
            kind: text("Type"),
            target: if external {
                Target::External(target)
            } else {
                Target::Part(resolve_target(source, &target))
            },
            span: node.span(),
        }
    });
    Ok(relationships.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_alone_is_no_part() {
        let xml = br##"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
            <Relationship Id="a" Type="t/hyperlink" Target="#_ftn1"/><Relationship Id="b" Type="t/slide" Target="slide2.xml#x"/>
            </Relationships>"##;
        let read = parse("ppt/slides/slide1.xml", "x", xml, &Limits::default()).unwrap();
        assert_eq!(read[0].target, Target::External("#_ftn1".to_owned()));
        assert_eq!(read[1].part(), Some("ppt/slides/slide2.xml"));
    }
}
