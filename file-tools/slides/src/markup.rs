//! Writes small pieces of XML: elements with attributes and text, escaped.

use deskhand_opc::xml::escape;

/// XML that is being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Markup(String);

/// The attributes of an element, in order.
pub(crate) type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Markup {
    /// A whole part: the XML declaration stands first.
    pub(crate) fn part() -> Self {
        Self(String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n",
        ))
    }

    /// `<tag …>` with what `content` writes, and its end.
    pub(crate) fn element(&mut self, tag: &str, attributes: Attributes<'_>, content: impl FnOnce(&mut Self)) {
        self.start(tag, attributes);
        self.0.push('>');
        content(self);
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
    }

    /// `<tag …/>`.
    pub(crate) fn empty(&mut self, tag: &str, attributes: Attributes<'_>) {
        self.start(tag, attributes);
        self.0.push_str("/>");
    }

    /// `<tag val="…"/>`: how DrawingML and charts write most settings.
    pub(crate) fn value(&mut self, tag: &str, value: &str) {
        self.empty(tag, &[("val", value)]);
    }

    /// `<tag>text</tag>`.
    pub(crate) fn text(&mut self, tag: &str, text: &str) {
        self.element(tag, &[], |inner| inner.0.push_str(&escape(text)));
    }

    /// XML that is written already.
    pub(crate) fn raw(&mut self, xml: &str) {
        self.0.push_str(xml);
    }

    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn start(&mut self, tag: &str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            for piece in [" ", name, "=\"", &escape(value), "\""] {
                self.0.push_str(piece);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_would_end_text_or_attributes() {
        let mut markup = Markup::default();
        markup.element("a:r", &[("n", "\"<&>\n")], |run| run.text("a:t", "1 < 2 & 3\t"));
        assert_eq!(
            markup.finish(),
            "<a:r n=\"&quot;&lt;&amp;&gt;&#10;\"><a:t>1 &lt; 2 &amp; 3&#9;</a:t></a:r>"
        );
    }
}
