//! A pull reader over quick-xml that knows byte offsets and namespaces, within caps.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::events::Event as Quick;

use super::escape::{allowed, resolve};
use super::{Ns, Tag};
use crate::error::PackageError;
use crate::limits::Limits;

/// Namespace declarations in force at one place: Office writes about 40. Each element's name is looked up among them.
const MAX_SCOPES: usize = 512;

/// What the reader meets. Comments, processing instructions and the declaration are passed over.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A start tag. An empty element's tag is followed by its [`Event::End`] too.
    Start(Tag<'a>),
    /// An end tag, or the end of an empty element (then the span is empty).
    End {
        /// From `</` to after `>`.
        span: Range<usize>,
    },
    /// A piece of text, unescaped. Text may come in several pieces.
    Text(Cow<'a, str>),
}

/// Reads one part.
#[derive(Debug)]
pub struct Reader<'a> {
    inner: quick_xml::Reader<&'a [u8]>,
    text: &'a str,
    part: &'a str,
    /// Where `text` starts in the part: after a byte order mark.
    base: usize,
    max_depth: usize,
    depth: usize,
    /// Declarations in force: the depth of their element, prefix, namespace.
    scopes: Vec<(usize, &'a str, Ns)>,
    /// An empty element whose end is to be reported.
    ended: Option<usize>,
    strict: bool,
}

impl<'a> Reader<'a> {
    /// Reads a part's content; `part` is its name, for messages.
    pub fn new(part: &'a str, content: &'a [u8], limits: &Limits) -> Result<Self, PackageError> {
        let base = if content.starts_with(&[0xEF, 0xBB, 0xBF]) {
            3
        } else {
            0
        };
        let text = std::str::from_utf8(&content[base..]).map_err(|error| PackageError::Xml {
            part: part.to_owned(),
            offset: base + error.valid_up_to(),
            reason: "not UTF-8".to_owned(),
        })?;
        // The library would pass over it without counting it, and every place behind would be wrong.
        if text.starts_with('\u{FEFF}') {
            return Err(PackageError::Xml {
                part: part.to_owned(),
                offset: base,
                reason: "a byte order mark within the part".to_owned(),
            });
        }
        let inner = quick_xml::Reader::from_str(text);
        let (scopes, max_depth) = (Vec::new(), limits.xml_depth);
        Ok(Self {
            inner,
            text,
            part,
            base,
            max_depth,
            depth: 0,
            scopes,
            ended: None,
            strict: false,
        })
    }

    /// An error at a place of the part.
    fn wrong(&self, offset: usize, reason: impl Into<String>) -> PackageError {
        PackageError::Xml {
            part: self.part.to_owned(),
            offset,
            reason: reason.into(),
        }
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Where in the part the reader stands: after the last event.
    pub fn position(&self) -> usize {
        self.base + self.inner.buffer_position() as usize
    }

    /// True once a strict namespace was declared.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The next event; `None` at the end of the part.
    pub fn next_event(&mut self) -> Result<Option<Event<'a>>, PackageError> {
        if let Some(at) = self.ended.take() {
            self.leave();
            return Ok(Some(Event::End { span: at..at }));
        }
        loop {
            let from = self.inner.buffer_position() as usize;
            let event = self.inner.read_event();
            let to = self.inner.buffer_position() as usize;
            let event = event.map_err(|error| self.wrong(self.base + from, error.to_string()))?;
            let span = self.base + from..self.base + to;
            match event {
                Quick::Start(_) => return self.enter(span, false).map(|tag| Some(Event::Start(tag))),
                Quick::Empty(_) => {
                    self.ended = Some(span.end);
                    return self.enter(span, true).map(|tag| Some(Event::Start(tag)));
                }
                Quick::End(_) => {
                    self.leave();
                    return Ok(Some(Event::End { span }));
                }
                Quick::Text(_) => {
                    let text = &self.text[from..to];
                    if self.depth > 0 {
                        return Ok(Some(Event::Text(normalised(text))));
                    }
                    if !text.trim().is_empty() {
                        return Err(self.wrong(span.start, "text outside the root element"));
                    }
                }
                Quick::CData(data) => {
                    return Ok(Some(Event::Text(Cow::Owned(data.into_inner().into_owned()))));
                }
                Quick::GeneralRef(_) => {
                    let name = self.text[from..to].trim_start_matches('&').trim_end_matches(';');
                    let character = resolve(name).filter(|character| allowed(*character));
                    let character =
                        character.ok_or_else(|| self.wrong(span.start, "an entity that is not allowed"))?;
                    return Ok(Some(Event::Text(Cow::Owned(character.to_string()))));
                }
                Quick::DocType(_) => {
                    return Err(self.wrong(span.start, "a document type declaration is not allowed"));
                }
                Quick::Comment(_) | Quick::Decl(_) | Quick::PI(_) => {}
                Quick::Eof if self.depth > 0 => {
                    return Err(self.wrong(span.start, "it ends inside an element"));
                }
                Quick::Eof => return Ok(None),
            }
        }
    }

    fn enter(&mut self, span: Range<usize>, self_closing: bool) -> Result<Tag<'a>, PackageError> {
        self.depth += 1;
        if self.depth > self.max_depth {
            return Err(self.wrong(span.start, "elements nest too deep"));
        }
        let whole = &self.text[span.start - self.base..span.end - self.base];
        let inside = whole
            .get(1..whole.len().saturating_sub(if self_closing { 2 } else { 1 }))
            .unwrap_or_default();
        let name_end = inside.find([' ', '\t', '\r', '\n']).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(name_end);
        // Others read such a tag otherwise (XML 1.0, 2.3), and what is put behind it would not be where it seems.
        if name.bytes().any(|byte| byte < b' ' || b"\"'=<&".contains(&byte)) {
            return Err(self.wrong(span.start, "an element has a name that XML does not allow"));
        }
        let mut tag = Tag {
            ns: Ns::None,
            name,
            attributes_at: span.start + 1 + name_end,
            span,
            self_closing,
            attributes,
        };
        if attributes.contains("xmlns") {
            for attribute in tag.attributes() {
                let prefix = match attribute.name.strip_prefix("xmlns") {
                    Some("") => "",
                    Some(prefixed) if prefixed.starts_with(':') => &prefixed[1..],
                    _ => continue,
                };
                self.strict |= Ns::is_strict(attribute.raw);
                if self.scopes.len() == MAX_SCOPES {
                    return Err(self.wrong(tag.span.start, "too many namespaces are declared"));
                }
                self.scopes.push((self.depth, prefix, Ns::of(attribute.raw)));
            }
        }
        let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
        let declared = self
            .scopes
            .iter()
            .rev()
            .find(|(_, declared, _)| *declared == prefix);
        tag.ns = declared.map_or(
            if prefix.is_empty() { Ns::None } else { Ns::Other },
            |(_, _, ns)| *ns,
        );
        Ok(tag)
    }

    fn leave(&mut self) {
        while self
            .scopes
            .last()
            .is_some_and(|(depth, _, _)| *depth == self.depth)
        {
            self.scopes.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// Passes over the rest of the element whose start was read last; answers where its end tag stands.
    pub fn skip(&mut self) -> Result<Range<usize>, PackageError> {
        let outside = self.depth.saturating_sub(1);
        loop {
            match self.next_event()? {
                Some(Event::End { span }) if self.depth == outside => return Ok(span),
                Some(_) => {}
                None => return Err(self.wrong(self.base + self.text.len(), "it ends inside an element")),
            }
        }
    }

    /// The text inside the element whose start was read last, and where its end tag stands. Inner elements are passed
    /// over with their text.
    pub fn text(&mut self) -> Result<(String, Range<usize>), PackageError> {
        let inside = self.depth;
        let mut text = String::new();
        loop {
            match self.next_event()? {
                Some(Event::Text(piece)) if self.depth == inside => text.push_str(&piece),
                Some(Event::End { span }) if self.depth < inside => return Ok((text, span)),
                Some(_) => {}
                None => return Err(self.wrong(self.base + self.text.len(), "it ends inside an element")),
            }
        }
    }
}

/// Line ends as XML reads them (XML 1.0, 2.11).
fn normalised(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}
