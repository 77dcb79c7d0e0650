//! The XML of new notes pages and of their master (ECMA-376 part 1, 19.3.1.25 and 19.3.1.26): a picture of the slide
//! above, its notes below, on a page of 7.5 by 10 inches.

use crate::dialect::Dialect;
use crate::insertion::namespaces;
use crate::markup::Markup;
use crate::text::Formatting;

/// Place and size on the page in EMU: left, top, width, height.
type Box4 = [i64; 4];

const PICTURE: Box4 = [685_800, 1_143_000, 5_486_400, 3_086_100];
const BODY: Box4 = [685_800, 4_400_550, 5_486_400, 3_600_450];
const NUMBER: Box4 = [3_884_613, 8_685_213, 2_971_800, 458_787];

/// A notes page with a text.
pub(crate) fn notes_slide(text: &str, dialect: Dialect) -> String {
    let mut xml = Markup::part();
    xml.element("p:notes", &namespaces(dialect), |xml| {
        xml.element("p:cSld", &[], |xml| {
            tree(xml, |xml| {
                shape(
                    xml,
                    (2, "Slide Image Placeholder 1"),
                    &[("type", "sldImg")],
                    None,
                    |_| {},
                );
                shape(
                    xml,
                    (3, "Notes Placeholder 2"),
                    &[("type", "body"), ("idx", "1")],
                    None,
                    |xml| body(xml, |xml| xml.raw(&Formatting::plain().paragraphs(text))),
                );
            });
        });
        xml.element("p:clrMapOvr", &[], |xml| xml.empty("a:masterClrMapping", &[]));
    });
    xml.finish()
}

/// The master of notes pages.
pub(crate) fn notes_master(dialect: Dialect) -> String {
    let mut xml = Markup::part();
    xml.element("p:notesMaster", &namespaces(dialect), |xml| {
        xml.element("p:cSld", &[], |xml| {
            xml.element("p:bg", &[], |xml| {
                xml.element("p:bgRef", &[("idx", "1001")], |xml| {
                    xml.value("a:schemeClr", "bg1");
                });
            });
            tree(xml, master_shapes);
        });
        let map = [
            ("bg1", "lt1"),
            ("tx1", "dk1"),
            ("bg2", "lt2"),
            ("tx2", "dk2"),
            ("accent1", "accent1"),
            ("accent2", "accent2"),
            ("accent3", "accent3"),
            ("accent4", "accent4"),
            ("accent5", "accent5"),
            ("accent6", "accent6"),
            ("hlink", "hlink"),
            ("folHlink", "folHlink"),
        ];
        xml.empty("p:clrMap", &map);
        xml.element("p:notesStyle", &[], |xml| {
            xml.element("a:lvl1pPr", &[("marL", "0"), ("algn", "l")], |xml| {
                xml.element("a:defRPr", &[("sz", "1200")], |xml| {
                    xml.element("a:solidFill", &[], |xml| xml.value("a:schemeClr", "tx1"));
                    xml.empty("a:latin", &[("typeface", "+mn-lt")]);
                    xml.empty("a:ea", &[("typeface", "+mn-ea")]);
                    xml.empty("a:cs", &[("typeface", "+mn-cs")]);
                });
            });
        });
    });
    xml.finish()
}

fn master_shapes(xml: &mut Markup) {
    let image = [("type", "sldImg"), ("idx", "2")];
    shape(
        xml,
        (2, "Slide Image Placeholder 1"),
        &image,
        Some(PICTURE),
        |_| {},
    );
    let notes = [("type", "body"), ("sz", "quarter"), ("idx", "3")];
    shape(xml, (3, "Notes Placeholder 2"), &notes, Some(BODY), |xml| {
        body(xml, |xml| xml.raw(&Formatting::plain().paragraphs("")));
    });
    let number = [("type", "sldNum"), ("sz", "quarter"), ("idx", "5")];
    shape(
        xml,
        (4, "Slide Number Placeholder 3"),
        &number,
        Some(NUMBER),
        |xml| {
            body(xml, |xml| {
                xml.element("a:p", &[], |xml| {
                    xml.empty("a:pPr", &[("algn", "r")]);
                    let field = [
                        ("id", "{5D1B0A6B-6E0B-4B0D-9C57-5A5B7C0B6A11}"),
                        ("type", "slidenum"),
                    ];
                    xml.element("a:fld", &field, |xml| {
                        xml.empty("a:rPr", &[("lang", "en-US")]);
                        xml.text("a:t", "‹#›");
                    });
                });
            });
        },
    );
}

fn tree(xml: &mut Markup, shapes: impl FnOnce(&mut Markup)) {
    xml.element("p:spTree", &[], |xml| {
        xml.element("p:nvGrpSpPr", &[], |xml| {
            xml.empty("p:cNvPr", &[("id", "1"), ("name", "")]);
            xml.empty("p:cNvGrpSpPr", &[]);
            xml.empty("p:nvPr", &[]);
        });
        xml.empty("p:grpSpPr", &[]);
        shapes(xml);
    });
}

fn body(xml: &mut Markup, paragraphs: impl FnOnce(&mut Markup)) {
    xml.element("p:txBody", &[], |xml| {
        xml.empty("a:bodyPr", &[]);
        xml.empty("a:lstStyle", &[]);
        paragraphs(xml);
    });
}

fn shape(
    xml: &mut Markup,
    (id, name): (u32, &str),
    mark: &[(&str, &str)],
    place: Option<Box4>,
    text: impl FnOnce(&mut Markup),
) {
    let is_picture = mark.contains(&("type", "sldImg"));
    xml.element("p:sp", &[], |xml| {
        xml.element("p:nvSpPr", &[], |xml| {
            xml.empty("p:cNvPr", &[("id", &id.to_string()), ("name", name)]);
            xml.element("p:cNvSpPr", &[], |xml| {
                let locks: &[(&str, &str)] = if is_picture {
                    &[("noGrp", "1"), ("noRot", "1"), ("noChangeAspect", "1")]
                } else {
                    &[("noGrp", "1")]
                };
                xml.empty("a:spLocks", locks);
            });
            xml.element("p:nvPr", &[], |xml| xml.empty("p:ph", mark));
        });
        match place {
            None => xml.empty("p:spPr", &[]),
            Some([left, top, width, height]) => xml.element("p:spPr", &[], |xml| {
                xml.element("a:xfrm", &[], |xml| {
                    xml.empty("a:off", &[("x", &left.to_string()), ("y", &top.to_string())]);
                    xml.empty(
                        "a:ext",
                        &[("cx", &width.to_string()), ("cy", &height.to_string())],
                    );
                });
                xml.element("a:prstGeom", &[("prst", "rect")], |xml| xml.empty("a:avLst", &[]));
                if is_picture {
                    xml.empty("a:noFill", &[]);
                    xml.element("a:ln", &[("w", "12700")], |xml| {
                        xml.element("a:solidFill", &[], |xml| xml.value("a:prstClr", "black"));
                    });
                }
            }),
        }
        text(xml);
    });
}
