//! XML with byte offsets: to find what to patch, never to write a part anew.
//!
//! A pull reader over quick-xml ([`Reader`]) for large parts, and a tree of offsets ([`Tree`]) for small ones. Names are
//! compared by namespace and local name, so that prefixed roots (`<x:worksheet>`) and strict namespaces read alike.
//! Documents with a DTD, unknown entities, UTF-16 or too deep nesting are refused.

mod escape;
mod namespace;
mod reader;
mod tag;
mod tree;

pub use escape::{escape, unescape};
pub use namespace::Ns;
pub use reader::{Event, Reader};
pub use tag::{Attribute, Tag};
pub use tree::{Node, Tree};
