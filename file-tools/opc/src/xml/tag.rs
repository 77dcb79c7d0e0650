//! A start tag: its name, attributes and their places.

use std::borrow::Cow;
use std::ops::Range;

use super::Ns;
use super::escape::unescape;

/// A start tag (or an empty element's tag). Offsets are bytes of the part.
#[derive(Clone, Debug)]
pub struct Tag<'a> {
    /// The namespace.
    pub ns: Ns,
    /// The name as written, prefix included.
    pub name: &'a str,
    /// From `<` to after `>`.
    pub span: Range<usize>,
    /// True for `<a/>`.
    pub self_closing: bool,
    /// Between name and `>` or `/>`.
    pub(crate) attributes: &'a str,
    /// Where that starts.
    pub(crate) attributes_at: usize,
}

/// One attribute as written.
#[derive(Clone, Debug)]
pub struct Attribute<'a> {
    /// The name, prefix included.
    pub name: &'a str,
    /// The value, still escaped.
    pub raw: &'a str,
    /// Where the value stands, between its quotes.
    pub value_span: Range<usize>,
    /// From the first character of the name to after the closing quote.
    pub span: Range<usize>,
}

impl<'a> Tag<'a> {
    /// The name without prefix.
    pub fn local(&self) -> &'a str {
        self.name.rsplit_once(':').map_or(self.name, |(_, local)| local)
    }

    /// The prefix with its colon, or nothing: what children to insert need.
    pub fn prefix_colon(&self) -> String {
        self.name
            .rsplit_once(':')
            .map_or_else(String::new, |(prefix, _)| format!("{prefix}:"))
    }

    /// True for this namespace and local name.
    pub fn is(&self, ns: Ns, local: &str) -> bool {
        self.ns == ns && self.local() == local
    }

    /// All attributes, `xmlns` declarations included. Ends at the first thing that is not one.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let (text, base) = (self.attributes, self.attributes_at);
        let mut at = 0;
        std::iter::from_fn(move || {
            let rest = &text[at..];
            let start = at + (rest.len() - rest.trim_start().len());
            let equals = start + text[start..].find('=')?;
            let name = text[start..equals].trim_end();
            let after = &text[equals + 1..];
            let quote_at = equals + 1 + (after.len() - after.trim_start().len());
            let quote = *text.as_bytes().get(quote_at)?;
            if quote != b'"' && quote != b'\'' {
                return None;
            }
            let from = quote_at + 1;
            let to = from + text[from..].find(char::from(quote))?;
            at = to + 1;
            Some(Attribute {
                name,
                raw: &text[from..to],
                value_span: base + from..base + to,
                span: base + start..base + at,
            })
        })
    }

    /// The attribute of this name as written (`r`, `xml:space`).
    pub fn find(&self, name: &str) -> Option<Attribute<'a>> {
        self.attributes().find(|attribute| attribute.name == name)
    }

    /// The value of the attribute of this name as written. A value that cannot be unescaped is given as it stands.
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let raw = self.find(name)?.raw;
        Some(unescape(raw).unwrap_or(Cow::Borrowed(raw)))
    }

    /// The value of the attribute of this local name that has a prefix, such as `r:id` beside `id`.
    pub fn prefixed(&self, local: &str) -> Option<Cow<'a, str>> {
        let has_local = |name: &str| {
            name.split_once(':')
                .is_some_and(|(prefix, rest)| prefix != "xmlns" && rest == local)
        };
        let raw = self.attributes().find(|attribute| has_local(attribute.name))?.raw;
        Some(unescape(raw).unwrap_or(Cow::Borrowed(raw)))
    }

    /// The edit that sets an attribute, whether it is there or not. The value is escaped here.
    pub fn set_attribute(&self, name: &str, value: &str) -> (Range<usize>, crate::Blob) {
        let value = super::escape(value);
        if let Some(attribute) = self.find(name) {
            return (attribute.value_span, value.as_ref().into());
        }
        let at = self.attributes_at + self.attributes.trim_end().len();
        (at..at, format!(r#" {name}="{value}""#).into())
    }

    /// The edit that takes an attribute out; `None` where it is not there.
    pub fn remove_attribute(&self, name: &str) -> Option<(Range<usize>, crate::Blob)> {
        let span = self.find(name)?.span;
        // The white space before it goes too.
        Some((span.start - 1..span.end, crate::Blob::default()))
    }
}
