//! The theme of a new deck: plain colours, one font, no effects.

use std::fmt::Write as _;

use deskhand_opc::xml::escape;

/// The twelve colours in the order of the schema.
const COLORS: [(&str, &str); 10] = [
    ("dk2", "44546A"),
    ("lt2", "E7E6E6"),
    ("accent1", "2F5597"),
    ("accent2", "C55A11"),
    ("accent3", "7F7F7F"),
    ("accent4", "BF9000"),
    ("accent5", "2E75B6"),
    ("accent6", "538135"),
    ("hlink", "0563C1"),
    ("folHlink", "954F72"),
];

/// Its name, which is also the master's.
const NAME: &str = "Plain";
const FONT: &str = "Calibri";

/// The part (ECMA-376 part 1, 20.1.6.9).
pub(super) fn theme() -> String {
    let mut colors = String::new();
    for (name, color) in COLORS {
        // Writing into a string cannot fail.
        let _ = write!(colors, "<a:{name}><a:srgbClr val=\"{color}\"/></a:{name}>");
    }
    let font = |kind: &str| {
        format!(
            "<a:{kind}><a:latin typeface=\"{}\"/><a:ea typeface=\"\"/><a:cs typeface=\"\"/></a:{kind}>",
            escape(FONT)
        )
    };
    let fill = "<a:solidFill><a:schemeClr val=\"phClr\"/></a:solidFill>";
    let fills = fill.repeat(3);
    let mut lines = String::new();
    for width in [6_350, 12_700, 19_050] {
        let _ = write!(lines, "<a:ln w=\"{width}\">{fill}</a:ln>");
    }
    let effects = "<a:effectStyle><a:effectLst/></a:effectStyle>".repeat(3);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n<a:theme \
         xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" name=\"{NAME}\"><a:themeElements>\
         <a:clrScheme name=\"{NAME}\"><a:dk1><a:sysClr val=\"windowText\" lastClr=\"000000\"/></a:dk1>\
         <a:lt1><a:sysClr val=\"window\" lastClr=\"FFFFFF\"/></a:lt1>{colors}</a:clrScheme>\
         <a:fontScheme name=\"{NAME}\">{}{}</a:fontScheme><a:fmtScheme name=\"{NAME}\">\
         <a:fillStyleLst>{fills}</a:fillStyleLst><a:lnStyleLst>{lines}</a:lnStyleLst>\
         <a:effectStyleLst>{effects}</a:effectStyleLst><a:bgFillStyleLst>{fills}</a:bgFillStyleLst>\
         </a:fmtScheme></a:themeElements></a:theme>",
        font("majorFont"),
        font("minorFont"),
    )
}
