//! The plain master and its layouts, in points on a slide of 960 by 540; a narrower slide has everything narrower.

use crate::dialect::Dialect;
use crate::insertion::namespaces;
use crate::markup::Markup;

const DIALECT: Dialect = Dialect::Transitional;
/// EMU in a point.
const POINT: i64 = 12_700;
/// Width of a 16:9 slide, in EMU.
const WIDE: i64 = 12_192_000;

/// Left, top, width and height in points.
type Place = [i64; 4];

const TITLE: Place = [60, 30, 840, 90];
const BODY: Place = [60, 138, 840, 342];
const DATE: Place = [60, 498, 216, 26];
const FOOTER: Place = [318, 498, 324, 26];
const NUMBER: Place = [684, 498, 216, 26];

/// How a placeholder of a layout looks, where not as on the master.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    /// Size of the first level in points; 0 for the master's.
    size: u32,
    centred: bool,
    /// The text stands at the bottom.
    bottom: bool,
    /// No bullets.
    plain: bool,
}

/// A placeholder: kind, index (0 where it has none), name, place.
#[derive(Clone, Copy, Debug)]
struct Holder {
    kind: &'static str,
    index: u32,
    name: &'static str,
    place: Option<Place>,
    look: Look,
}

/// A layout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described {
    kind: &'static str,
    name: &'static str,
    holders: &'static [Holder],
}

const AS_MASTER: Look = Look {
    size: 0,
    centred: false,
    bottom: false,
    plain: false,
};
const HEAD: Look = Look {
    size: 24,
    bottom: true,
    plain: true,
    ..AS_MASTER
};
const CAPTION: Look = Look {
    size: 16,
    plain: true,
    ..AS_MASTER
};
const SUBTITLE: Look = Look {
    size: 24,
    centred: true,
    plain: true,
    ..AS_MASTER
};
const LOW_TITLE: Look = Look {
    size: 32,
    bottom: true,
    ..AS_MASTER
};

const fn holder(
    kind: &'static str,
    index: u32,
    name: &'static str,
    place: Option<Place>,
    look: Look,
) -> Holder {
    Holder {
        kind,
        index,
        name,
        place,
        look,
    }
}

const PLAIN_TITLE: Holder = holder("title", 0, "Title", None, AS_MASTER);

const fn content(index: u32, place: Option<Place>) -> Holder {
    holder("obj", index, "Content Placeholder", place, AS_MASTER)
}

const fn text(index: u32, place: Place, look: Look) -> Holder {
    holder("body", index, "Text Placeholder", Some(place), look)
}

/// The layouts, in the order in which they are offered.
pub(super) const LAYOUTS: &[Described] = &[
    Described {
        kind: "title",
        name: "Title Slide",
        holders: &[
            holder(
                "ctrTitle",
                0,
                "Title",
                Some([120, 96, 720, 168]),
                Look {
                    size: 54,
                    centred: true,
                    bottom: true,
                    plain: false,
                },
            ),
            holder("subTitle", 1, "Subtitle", Some([120, 282, 720, 120]), SUBTITLE),
        ],
    },
    Described {
        kind: "obj",
        name: "Title and Content",
        holders: &[PLAIN_TITLE, content(1, None)],
    },
    Described {
        kind: "secHead",
        name: "Section Header",
        holders: &[
            holder(
                "title",
                0,
                "Title",
                Some([60, 132, 840, 204]),
                Look {
                    size: 54,
                    bottom: true,
                    ..AS_MASTER
                },
            ),
            text(1, [60, 354, 840, 108], HEAD_BELOW),
        ],
    },
    Described {
        kind: "twoObj",
        name: "Two Content",
        holders: &[
            PLAIN_TITLE,
            content(1, Some([60, 138, 408, 342])),
            content(2, Some([492, 138, 408, 342])),
        ],
    },
    Described {
        kind: "twoTxTwoObj",
        name: "Comparison",
        holders: &[
            PLAIN_TITLE,
            text(1, [60, 132, 408, 54], HEAD),
            content(2, Some([60, 192, 408, 288])),
            text(3, [492, 132, 408, 54], HEAD),
            content(4, Some([492, 192, 408, 288])),
        ],
    },
    Described {
        kind: "titleOnly",
        name: "Title Only",
        holders: &[PLAIN_TITLE],
    },
    Described {
        kind: "blank",
        name: "Blank",
        holders: &[],
    },
    Described {
        kind: "objTx",
        name: "Content with Caption",
        holders: &[
            holder("title", 0, "Title", Some([60, 36, 312, 126]), LOW_TITLE),
            content(1, Some([408, 60, 492, 420])),
            text(2, [60, 168, 312, 312], CAPTION),
        ],
    },
    Described {
        kind: "picTx",
        name: "Picture with Caption",
        holders: &[
            holder("title", 0, "Title", Some([60, 36, 312, 126]), LOW_TITLE),
            holder(
                "pic",
                1,
                "Picture Placeholder",
                Some([408, 60, 492, 420]),
                Look {
                    size: 32,
                    plain: true,
                    ..AS_MASTER
                },
            ),
            text(2, [60, 168, 312, 312], CAPTION),
        ],
    },
];

const HEAD_BELOW: Look = Look {
    size: 24,
    plain: true,
    ..AS_MASTER
};

/// The part of a layout on a slide of a width in EMU.
pub(super) fn layout(described: &Described, width: i64) -> String {
    let mut xml = Markup::part();
    let mut root = namespaces(DIALECT).to_vec();
    root.extend([("type", described.kind), ("preserve", "1")]);
    xml.element("p:sldLayout", &root, |xml| {
        xml.element("p:cSld", &[("name", described.name)], |xml| {
            shape_tree(xml, |xml| {
                let footers = footers(None);
                for (id, holder) in (2u32..).zip(described.holders.iter().chain(&footers)) {
                    shape(xml, id, holder, width);
                }
            });
        });
        xml.element("p:clrMapOvr", &[], |xml| xml.empty("a:masterClrMapping", &[]));
    });
    xml.finish()
}

/// The part of the master, with its layouts by number and relationship.
pub(super) fn master(layouts: &[(String, String)], width: i64) -> String {
    let mut xml = Markup::part();
    xml.element("p:sldMaster", &namespaces(DIALECT), |xml| {
        xml.element("p:cSld", &[], |xml| {
            xml.element("p:bg", &[], |xml| {
                xml.element("p:bgRef", &[("idx", "1001")], |xml| {
                    xml.value("a:schemeClr", "bg1");
                });
            });
            shape_tree(xml, |xml| {
                let own = [
                    holder("title", 0, "Title Placeholder", Some(TITLE), AS_MASTER),
                    holder("body", 1, "Text Placeholder", Some(BODY), AS_MASTER),
                ];
                let footers = footers(Some([DATE, FOOTER, NUMBER]));
                for (id, holder) in (2u32..).zip(own.iter().chain(&footers)) {
                    shape(xml, id, holder, width);
                }
            });
        });
        let accents: Vec<String> = (1..=6).map(|number| format!("accent{number}")).collect();
        let mut map = vec![("bg1", "lt1"), ("tx1", "dk1"), ("bg2", "lt2"), ("tx2", "dk2")];
        map.extend(accents.iter().map(|name| (name.as_str(), name.as_str())));
        map.extend([("hlink", "hlink"), ("folHlink", "folHlink")]);
        xml.empty("p:clrMap", &map);
        xml.element("p:sldLayoutIdLst", &[], |xml| {
            for (number, id) in layouts {
                xml.empty("p:sldLayoutId", &[("id", number), ("r:id", id)]);
            }
        });
        text_styles(xml);
    });
    xml.finish()
}

/// Date, footer and number of the slide; on layouts where the master has them.
fn footers(places: Option<[Place; 3]>) -> [Holder; 3] {
    let place = |index: usize| places.map(|places| places[index]);
    [
        holder("dt", 10, "Date Placeholder", place(0), AS_MASTER),
        holder("ftr", 11, "Footer Placeholder", place(1), AS_MASTER),
        holder("sldNum", 12, "Slide Number Placeholder", place(2), AS_MASTER),
    ]
}

fn shape_tree(xml: &mut Markup, shapes: impl FnOnce(&mut Markup)) {
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

fn shape(xml: &mut Markup, id: u32, holder: &Holder, width: i64) {
    let (number, index) = (id.to_string(), holder.index.to_string());
    let is_footer = matches!(holder.kind, "dt" | "ftr" | "sldNum");
    // Placeholders for any content have no type.
    let mut mark = Vec::new();
    if holder.kind != "obj" {
        mark.push(("type", holder.kind));
    }
    if is_footer {
        mark.push(("sz", "quarter"));
    }
    if holder.index > 0 {
        mark.push(("idx", index.as_str()));
    }
    xml.element("p:sp", &[], |xml| {
        xml.element("p:nvSpPr", &[], |xml| {
            let name = format!("{} {}", holder.name, id - 1);
            xml.empty("p:cNvPr", &[("id", &number), ("name", &name)]);
            xml.element("p:cNvSpPr", &[], |xml| xml.empty("a:spLocks", &[("noGrp", "1")]));
            xml.element("p:nvPr", &[], |xml| xml.empty("p:ph", &mark));
        });
        match holder.place {
            None => xml.empty("p:spPr", &[]),
            Some(place) => place_of(xml, place, width),
        }
        xml.element("p:txBody", &[], |xml| body(xml, holder, is_footer));
    });
}

fn place_of(xml: &mut Markup, [left, top, across, down]: Place, width: i64) {
    let narrowed = |points: i64| (points * POINT * width / WIDE).to_string();
    let (top, down) = ((top * POINT).to_string(), (down * POINT).to_string());
    xml.element("p:spPr", &[], |xml| {
        xml.element("a:xfrm", &[], |xml| {
            xml.empty("a:off", &[("x", &narrowed(left)), ("y", &top)]);
            xml.empty("a:ext", &[("cx", &narrowed(across)), ("cy", &down)]);
        });
        xml.element("a:prstGeom", &[("prst", "rect")], |xml| xml.empty("a:avLst", &[]));
    });
}

/// What stands in a placeholder, and how.
fn body(xml: &mut Markup, holder: &Holder, is_footer: bool) {
    let is_own_title = holder.place == Some(TITLE) && holder.kind == "title";
    let anchor = if holder.look.bottom {
        Some(("anchor", "b"))
    } else {
        (is_footer || is_own_title).then_some(("anchor", "ctr"))
    };
    let anchor: Vec<(&str, &str)> = anchor.into_iter().collect();
    xml.element("a:bodyPr", &anchor, |xml| xml.empty("a:normAutofit", &[]));
    first_level(xml, holder, is_footer);
    xml.element("a:p", &[], |xml| prompt(xml, holder.kind));
}

/// The first level of a placeholder that does not look as on the master.
fn first_level(xml: &mut Markup, holder: &Holder, is_footer: bool) {
    let Look {
        size, centred, plain, ..
    } = holder.look;
    let on_master = is_footer && holder.place.is_some();
    if size == 0 && !centred && !on_master {
        xml.empty("a:lstStyle", &[]);
        return;
    }
    let align = match holder.kind {
        "ftr" => Some("ctr"),
        "sldNum" => Some("r"),
        "dt" => Some("l"),
        _ => centred.then_some("ctr"),
    };
    let mut attributes = Vec::new();
    if plain {
        attributes.extend([("marL", "0"), ("indent", "0")]);
    }
    attributes.extend(align.map(|align| ("algn", align)));
    let size = if is_footer { 12 } else { size } * 100;
    xml.element("a:lstStyle", &[], |xml| {
        xml.element("a:lvl1pPr", &attributes, |xml| {
            if plain {
                xml.empty("a:buNone", &[]);
            }
            xml.element("a:defRPr", &[("sz", &size.to_string())], |xml| {
                if is_footer {
                    xml.element("a:solidFill", &[], |xml| xml.value("a:schemeClr", "tx2"));
                }
            });
        });
    });
}

/// The prompt of a placeholder; the field of a number.
fn prompt(xml: &mut Markup, kind: &str) {
    let language = [("lang", "en-US")];
    let prompt = match kind {
        "dt" | "ftr" => return xml.empty("a:endParaRPr", &language),
        "sldNum" => {
            let field = [
                ("id", "{6C1B7C36-8C7E-4B39-9E27-3B1E4E5D7A02}"),
                ("type", "slidenum"),
            ];
            return xml.element("a:fld", &field, |xml| {
                xml.empty("a:rPr", &language);
                xml.text("a:t", "‹#›");
            });
        }
        "title" | "ctrTitle" => "Click to edit title",
        "subTitle" => "Click to edit subtitle",
        "pic" => "Click the icon to add a picture",
        _ => "Click to edit text",
    };
    xml.element("a:r", &[], |xml| {
        xml.empty("a:rPr", &language);
        xml.text("a:t", prompt);
    });
}

/// The text styles of the master (ECMA-376 part 1, 19.3.1.52).
fn text_styles(xml: &mut Markup) {
    xml.element("p:txStyles", &[], |xml| {
        xml.element("p:titleStyle", &[], |xml| {
            level(xml, 1, (40, "+mj-lt"), None);
        });
        xml.element("p:bodyStyle", &[], |xml| {
            for (number, size) in (1u32..=9).zip([24, 20, 18, 16, 16, 16, 16, 16, 16]) {
                level(xml, number, (size, "+mn-lt"), Some(number));
            }
        });
        xml.element("p:otherStyle", &[], |xml| {
            for number in 1..=9 {
                level(xml, number, (18, "+mn-lt"), None);
            }
        });
    });
}

/// A level of text; `depth` is that of its bullet.
fn level(xml: &mut Markup, number: u32, (size, font): (u32, &str), depth: Option<u32>) {
    let mut attributes = vec![("algn".to_owned(), "l".to_owned())];
    if let Some(depth) = depth {
        // A quarter of an inch for the bullet, half an inch a level.
        let left = 228_600 + 457_200 * (depth - 1);
        attributes.insert(0, ("marL".to_owned(), left.to_string()));
        attributes.insert(1, ("indent".to_owned(), "-228600".to_owned()));
    }
    let attributes: Vec<(&str, &str)> = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    xml.element(&format!("a:lvl{number}pPr"), &attributes, |xml| {
        if depth.is_some() {
            xml.element("a:lnSpc", &[], |xml| xml.empty("a:spcPct", &[("val", "90000")]));
            let before = if number == 1 { "1000" } else { "500" };
            xml.element("a:spcBef", &[], |xml| xml.empty("a:spcPts", &[("val", before)]));
            xml.empty("a:buFont", &[("typeface", "Arial")]);
            xml.empty("a:buChar", &[("char", "•")]);
        } else {
            xml.empty("a:buNone", &[]);
        }
        xml.element(
            "a:defRPr",
            &[("sz", &(size * 100).to_string()), ("kern", "1200")],
            |xml| {
                xml.element("a:solidFill", &[], |xml| xml.value("a:schemeClr", "tx1"));
                xml.empty("a:latin", &[("typeface", font)]);
                let (east, complex) = if font == "+mj-lt" {
                    ("+mj-ea", "+mj-cs")
                } else {
                    ("+mn-ea", "+mn-cs")
                };
                xml.empty("a:ea", &[("typeface", east)]);
                xml.empty("a:cs", &[("typeface", complex)]);
            },
        );
    });
}
