//! The XML of new shapes: graphic frames, pictures, filled placeholders (ECMA-376 part 1, 19.3.1).
//!
//! Each piece declares the namespaces that it uses, so that it fits into any slide, whatever prefixes that has.

use deskhand_operations::deck::ShapePreset;

use crate::connector::Course;
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

    /// A text box or a preset shape.
    pub(crate) fn preset(&self, kind: ShapePreset, frame: EmuFrame, text: &str) -> String {
        let is_box = kind == ShapePreset::TextBox;
        let mut xml = Markup::default();
        xml.element("p:sp", &self.namespaces(), |xml| {
            xml.element("p:nvSpPr", &[], |xml| {
                self.identity(xml);
                let own: &[(&str, &str)] = if is_box { &[("txBox", "1")] } else { &[] };
                xml.empty("p:cNvSpPr", own);
                self.mark(xml);
            });
            xml.element("p:spPr", &[], |xml| {
                xml.element("a:xfrm", &[], |xml| transform(xml, frame));
                xml.element("a:prstGeom", &[("prst", geometry(kind))], |xml| {
                    xml.empty("a:avLst", &[]);
                });
                if is_box {
                    xml.empty("a:noFill", &[]);
                }
            });
            if !is_box {
                style(xml, ("2", "1", "lt1"));
            }
            xml.element("p:txBody", &[], |xml| {
                let own: &[(&str, &str)] = if is_box {
                    &[("wrap", "square"), ("rtlCol", "0")]
                } else {
                    &[("rtlCol", "0"), ("anchor", "ctr")]
                };
                xml.empty("a:bodyPr", own);
                xml.empty("a:lstStyle", &[]);
                let paragraphs = Formatting::plain().paragraphs(text);
                let centred = paragraphs.replace("<a:p>", "<a:p><a:pPr algn=\"ctr\"/>");
                xml.raw(if is_box { &paragraphs } else { &centred });
            });
        });
        xml.finish()
    }

    /// A line or connector.
    pub(crate) fn connector(&self, kind: ShapePreset, course: &Course) -> String {
        let mut xml = Markup::default();
        xml.element("p:cxnSp", &self.namespaces(), |xml| {
            xml.element("p:nvCxnSpPr", &[], |xml| {
                self.identity(xml);
                xml.element("p:cNvCxnSpPr", &[], |xml| {
                    for (tag, end) in [("a:stCxn", &course.from), ("a:endCxn", &course.to)] {
                        if let Some((id, site)) = end {
                            xml.empty(tag, &[("id", id), ("idx", &site.to_string())]);
                        }
                    }
                });
                self.mark(xml);
            });
            xml.element("p:spPr", &[], |xml| {
                let turn = course.turn.to_string();
                let mut own = Vec::new();
                if course.turn != 0 {
                    own.push(("rot", turn.as_str()));
                }
                if course.mirrored_x {
                    own.push(("flipH", "1"));
                }
                if course.mirrored_y {
                    own.push(("flipV", "1"));
                }
                xml.element("a:xfrm", &own, |xml| transform(xml, course.frame));
                xml.element("a:prstGeom", &[("prst", geometry(kind))], |xml| {
                    xml.empty("a:avLst", &[]);
                });
                if kind != ShapePreset::Line {
                    xml.element("a:ln", &[], |xml| xml.empty("a:tailEnd", &[("type", "triangle")]));
                }
            });
            style(xml, ("1", "0", "tx1"));
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

/// The look that PowerPoint gives new shapes: outline and fill of the first accent, text in `text`.
fn style(xml: &mut Markup, (line, fill, text): (&str, &str, &str)) {
    xml.element("p:style", &[], |xml| {
        let accent = |xml: &mut Markup| xml.value("a:schemeClr", "accent1");
        xml.element("a:lnRef", &[("idx", line)], |xml| {
            if line == "1" {
                accent(xml);
            } else {
                xml.element("a:schemeClr", &[("val", "accent1")], |xml| {
                    xml.value("a:shade", "50000");
                });
            }
        });
        xml.element("a:fillRef", &[("idx", fill)], accent);
        xml.element("a:effectRef", &[("idx", "0")], accent);
        xml.element("a:fontRef", &[("idx", "minor")], |xml| {
            xml.value("a:schemeClr", text);
        });
    });
}

/// The preset geometry (ECMA-376 part 1, 20.1.10.56 `ST_ShapeType`).
fn geometry(kind: ShapePreset) -> &'static str {
    match kind {
        ShapePreset::TextBox | ShapePreset::Rectangle => "rect",
        ShapePreset::RoundedRectangle => "roundRect",
        ShapePreset::Ellipse => "ellipse",
        ShapePreset::Triangle => "triangle",
        ShapePreset::RightTriangle => "rtTriangle",
        ShapePreset::Diamond => "diamond",
        ShapePreset::Parallelogram => "parallelogram",
        ShapePreset::Trapezoid => "trapezoid",
        ShapePreset::Pentagon => "pentagon",
        ShapePreset::Hexagon => "hexagon",
        ShapePreset::Chevron => "chevron",
        ShapePreset::HomePlate => "homePlate",
        ShapePreset::RightArrow => "rightArrow",
        ShapePreset::LeftArrow => "leftArrow",
        ShapePreset::UpArrow => "upArrow",
        ShapePreset::DownArrow => "downArrow",
        ShapePreset::LeftRightArrow => "leftRightArrow",
        ShapePreset::Star => "star5",
        ShapePreset::Callout => "wedgeRoundRectCallout",
        ShapePreset::LeftBrace => "leftBrace",
        ShapePreset::RightBrace => "rightBrace",
        ShapePreset::Line => "line",
        ShapePreset::Arrow => "straightConnector1",
        ShapePreset::ElbowConnector => "bentConnector3",
        ShapePreset::CurvedConnector => "curvedConnector3",
    }
}
