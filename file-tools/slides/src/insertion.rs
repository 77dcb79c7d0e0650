//! The XML of new shapes: graphic frames, pictures, filled placeholders (ECMA-376 part 1, 19.3.1).
//!
//! Each piece declares the namespaces that it uses, so that it fits into any slide, whatever prefixes that has.

use crate::dialect::Dialect;
use crate::geometry::EmuFrame;
use crate::markup::Markup;
use crate::text::Formatting;

/// The attributes of a placeholder mark (`p:ph`) in order.
pub(crate) type PlaceholderMark = Vec<(String, String)>;

/// What every new shape has.
#[derive(Clone, Debug)]
pub(crate) struct NewShape<'a> {
    pub(crate) id: u32,
    pub(crate) name: &'a str,
    /// Alternative text; none where empty.
    pub(crate) description: &'a str,
    /// The placeholder that it fills.
    pub(crate) placeholder: Option<PlaceholderMark>,
    pub(crate) dialect: Dialect,
}

impl NewShape<'_> {
    /// A graphic frame; `data` writes its `a:graphicData`.
    pub(crate) fn graphic_frame(&self, frame: EmuFrame, data: impl FnOnce(&mut Markup)) -> String {
        let mut xml = Markup::default();
        xml.element("p:graphicFrame", &self.namespaces(), |xml| {
            xml.element("p:nvGraphicFramePr", &[], |xml| {
                self.identity(xml);
                xml.element("p:cNvGraphicFramePr", &[], |xml| {
                    xml.empty("a:graphicFrameLocks", &[("noGrp", "1")]);
                });
                self.mark(xml);
            });
            xml.element("p:xfrm", &[], |xml| transform(xml, frame));
            xml.element("a:graphic", &[], data);
        });
        xml.finish()
    }

    /// A picture whose image is behind a relationship.
    pub(crate) fn picture(&self, frame: EmuFrame, reference: &str) -> String {
        let mut xml = Markup::default();
        xml.element("p:pic", &self.namespaces(), |xml| {
            xml.element("p:nvPicPr", &[], |xml| {
                self.identity(xml);
                xml.element("p:cNvPicPr", &[], |xml| {
                    xml.empty("a:picLocks", &[("noChangeAspect", "1")]);
                });
                self.mark(xml);
            });
            xml.element("p:blipFill", &[], |xml| {
                xml.empty("a:blip", &[("r:embed", reference)]);
                xml.element("a:stretch", &[], |xml| xml.empty("a:fillRect", &[]));
            });
            xml.element("p:spPr", &[], |xml| {
                xml.element("a:xfrm", &[], |xml| transform(xml, frame));
                xml.element("a:prstGeom", &[("prst", "rect")], |xml| xml.empty("a:avLst", &[]));
            });
        });
        xml.finish()
    }

    /// A placeholder with text; place and look come from the layout.
    pub(crate) fn text_placeholder(&self, text: &str) -> String {
        let mut xml = Markup::default();
        xml.element("p:sp", &self.namespaces(), |xml| {
            xml.element("p:nvSpPr", &[], |xml| {
                self.identity(xml);
                xml.element("p:cNvSpPr", &[], |xml| xml.empty("a:spLocks", &[("noGrp", "1")]));
                self.mark(xml);
            });
            xml.empty("p:spPr", &[]);
            xml.element("p:txBody", &[], |xml| {
                xml.empty("a:bodyPr", &[]);
                xml.empty("a:lstStyle", &[]);
                xml.raw(&Formatting::plain().paragraphs(text));
            });
        });
        xml.finish()
    }

    fn namespaces(&self) -> [(&'static str, &'static str); 3] {
        namespaces(self.dialect)
    }

    fn identity(&self, xml: &mut Markup) {
        let id = self.id.to_string();
        let mut attributes = vec![("id", id.as_str()), ("name", self.name)];
        if !self.description.is_empty() {
            attributes.push(("descr", self.description));
        }
        xml.empty("p:cNvPr", &attributes);
    }

    fn mark(&self, xml: &mut Markup) {
        match &self.placeholder {
            None => xml.empty("p:nvPr", &[]),
            Some(mark) => xml.element("p:nvPr", &[], |xml| {
                let attributes: Vec<(&str, &str)> = mark
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                xml.empty("p:ph", &attributes);
            }),
        }
    }
}

/// The three namespaces of a slide under their usual prefixes.
pub(crate) fn namespaces(dialect: Dialect) -> [(&'static str, &'static str); 3] {
    [
        ("xmlns:a", dialect.drawing()),
        ("xmlns:r", dialect.references()),
        ("xmlns:p", dialect.presentation()),
    ]
}

/// A whole slide part with the given shapes, their namespaces declared at the root.
pub(crate) fn slide_part(shapes: &str, dialect: Dialect) -> String {
    let mut xml = Markup::part();
    xml.element("p:sld", &namespaces(dialect), |xml| {
        xml.element("p:cSld", &[], |xml| {
            xml.element("p:spTree", &[], |xml| {
                xml.element("p:nvGrpSpPr", &[], |xml| {
                    xml.empty("p:cNvPr", &[("id", "1"), ("name", "")]);
                    xml.empty("p:cNvGrpSpPr", &[]);
                    xml.empty("p:nvPr", &[]);
                });
                xml.empty("p:grpSpPr", &[]);
                xml.raw(shapes);
            });
        });
        xml.element("p:clrMapOvr", &[], |xml| xml.empty("a:masterClrMapping", &[]));
    });
    xml.finish()
}

fn transform(xml: &mut Markup, frame: EmuFrame) {
    xml.empty(
        "a:off",
        &[("x", &frame.left.to_string()), ("y", &frame.top.to_string())],
    );
    xml.empty(
        "a:ext",
        &[
            ("cx", &frame.width.to_string()),
            ("cy", &frame.height.to_string()),
        ],
    );
}
