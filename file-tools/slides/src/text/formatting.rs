//! Writes new text in the formatting that stood there: that of the first paragraph and of the first run.

use std::ops::Range;

use deskhand_opc::xml::{Node, escape};

use super::{LINE_BREAK, lines, paragraphs};

/// Properties of a paragraph or a run as they stand in the file: attributes with a space before each, and content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Properties {
    attributes: String,
    content: String,
}

/// How new text is to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Formatting {
    /// The prefix of DrawingML in the part with its colon, `a:`; empty where it is the default namespace.
    prefix: String,
    /// Namespace declarations that every paragraph carries, with a space before each.
    declarations: String,
    paragraph: Option<Properties>,
    run: Option<Properties>,
}

impl Properties {
    /// The properties as an element has them, without hyperlinks: a link of the first run is none of the new text.
    fn of(node: Node<'_, '_>, content: &[u8]) -> Self {
        let text =
            |span: Range<usize>| String::from_utf8_lossy(content.get(span).unwrap_or_default()).into_owned();
        let attributes = node
            .tag()
            .attributes()
            .flat_map(|attribute| [" ".to_owned(), text(attribute.span)]);
        let kept = node
            .children()
            .filter(|child| !child.local().starts_with("hlink"));
        Self {
            attributes: attributes.collect(),
            content: kept.map(|child| text(child.span())).collect(),
        }
    }
}

impl Formatting {
    /// No formatting of its own: that of the placeholder, the layout and the theme holds.
    pub(crate) fn plain() -> Self {
        Self {
            prefix: "a:".to_owned(),
            ..Self::default()
        }
    }

    /// No formatting of its own, in a part where DrawingML has this prefix (with its colon).
    pub(crate) fn plain_in(prefix: String) -> Self {
        Self {
            prefix,
            ..Self::default()
        }
    }

    /// The formatting of a body's first paragraph and of its first run; `content` is the part. `None` where the body
    /// has no paragraph.
    pub(crate) fn of_body(body: Node<'_, '_>, content: &[u8]) -> Option<Self> {
        let first = paragraphs(body).next()?;
        let run = paragraphs(body).find_map(first_piece);
        let properties = match run {
            Some(run) => run.child("rPr"),
            None => first.child("endParaRPr"),
        };
        Some(Self {
            prefix: first.prefix_colon(),
            declarations: declarations(std::iter::once(first).chain(run)),
            paragraph: first.child("pPr").map(|node| Properties::of(node, content)),
            run: properties.map(|node| Properties::of(node, content)),
        })
    }

    /// The paragraphs of a text.
    pub(crate) fn paragraphs(&self, text: &str) -> String {
        let mut xml = String::new();
        for line in lines(text) {
            xml.extend(["<", &self.prefix, "p", &self.declarations, ">"]);
            self.properties(&mut xml, "pPr", self.paragraph.as_ref());
            for (index, piece) in line.split(LINE_BREAK).enumerate() {
                if index > 0 {
                    self.open(&mut xml, "br");
                    self.properties(&mut xml, "rPr", self.run.as_ref());
                    self.close(&mut xml, "br");
                }
                if !piece.is_empty() {
                    self.open(&mut xml, "r");
                    self.properties(&mut xml, "rPr", self.run.as_ref());
                    self.open(&mut xml, "t");
                    xml.push_str(&escape(piece));
                    self.close(&mut xml, "t");
                    self.close(&mut xml, "r");
                }
            }
            if line.is_empty() {
                self.properties(&mut xml, "endParaRPr", self.run.as_ref());
            }
            self.close(&mut xml, "p");
        }
        xml
    }

    fn open(&self, xml: &mut String, tag: &str) {
        xml.extend(["<", &self.prefix, tag, ">"]);
    }

    fn close(&self, xml: &mut String, tag: &str) {
        xml.extend(["</", &self.prefix, tag, ">"]);
    }

    fn properties(&self, xml: &mut String, tag: &str, properties: Option<&Properties>) {
        let Some(Properties { attributes, content }) = properties else {
            return;
        };
        xml.extend(["<", &self.prefix, tag, attributes]);
        if content.is_empty() {
            xml.push_str("/>");
        } else {
            xml.extend([">", content]);
            self.close(xml, tag);
        }
    }
}

/// The first run, field or line break of a paragraph.
fn first_piece<'t, 'a>(paragraph: Node<'t, 'a>) -> Option<Node<'t, 'a>> {
    paragraph
        .children()
        .find(|node| ["r", "fld", "br"].contains(&node.local()))
}

/// The namespaces that the given elements declare, each prefix once.
fn declarations<'t, 'a: 't>(nodes: impl Iterator<Item = Node<'t, 'a>>) -> String {
    let mut declarations = String::new();
    for attribute in nodes.flat_map(|node| node.tag().attributes()) {
        let is_declaration = attribute.name == "xmlns" || attribute.name.starts_with("xmlns:");
        if is_declaration && !declarations.contains(&format!(" {}=", attribute.name)) {
            declarations.extend([
                " ",
                attribute.name,
                "=\"",
                &attribute.raw.replace('"', "&quot;"),
                "\"",
            ]);
        }
    }
    declarations
}

#[cfg(test)]
mod tests {
    use deskhand_opc::Limits;
    use deskhand_opc::xml::Tree;

    use super::*;

    fn rewritten(body: &str, text: &str) -> String {
        let tree = Tree::parse("body", body.as_bytes(), &Limits::default()).unwrap();
        Formatting::of_body(tree.root(), body.as_bytes())
            .unwrap()
            .paragraphs(text)
    }

    const NAMESPACE: &str = "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\"";

    #[test]
    fn lines_take_the_formatting_of_the_first_paragraph_and_run() {
        let bold = "<a:rPr b=\"1\"><a:latin typeface=\"Arial\"/><a:hlinkClick r:id=\"rId4\"/></a:rPr>";
        let body = format!(
            "<a:txBody {NAMESPACE}><a:bodyPr/><a:p><a:pPr algn=\"ctr\"/><a:r>{bold}<a:t>old</a:t></a:r>\
             <a:r><a:rPr i=\"1\"/><a:t>older</a:t></a:r></a:p><a:p><a:r><a:t>oldest</a:t></a:r></a:p></a:txBody>"
        );
        let kept = " b=\"1\"><a:latin typeface=\"Arial\"/></a:";
        assert_eq!(
            rewritten(&body, "A & B\r\n"),
            format!(
                "<a:p><a:pPr algn=\"ctr\"/><a:r><a:rPr{kept}rPr><a:t>A &amp; B</a:t></a:r></a:p>\
                 <a:p><a:pPr algn=\"ctr\"/><a:endParaRPr{kept}endParaRPr></a:p>"
            )
        );
    }

    #[test]
    fn an_empty_body_gives_the_formatting_of_its_end() {
        let body = format!("<a:txBody {NAMESPACE}><a:p><a:endParaRPr lang=\"de-DE\"/></a:p></a:txBody>");
        assert_eq!(
            rewritten(&body, "x"),
            "<a:p><a:r><a:rPr lang=\"de-DE\"/><a:t>x</a:t></a:r></a:p>"
        );
    }

    #[test]
    fn prefixes_declared_on_the_paragraph_stay_declared() {
        let namespace = NAMESPACE.replace("xmlns:a", "xmlns:d");
        let body = format!("<x><d:p {namespace}><d:r><d:t>old</d:t></d:r></d:p></x>");
        assert_eq!(
            rewritten(&body, "x"),
            format!("<d:p {namespace}><d:r><d:t>x</d:t></d:r></d:p>")
        );
    }

    #[test]
    fn a_vertical_tab_is_a_line_break() {
        let xml = Formatting::default().paragraphs("one\u{b}two");
        assert_eq!(xml, "<p><r><t>one</t></r><br></br><r><t>two</t></r></p>");
    }
}
