//! A deck without slides: a plain master with the layouts that people expect by name.

use deskhand_opc::{Draft, Limits, Package, PatchError, Target};
use deskhand_operations::deck::SlideSize;

use super::master::{LAYOUTS, layout, master};
use super::theme::theme;
use crate::dialect::Dialect;
use crate::geometry::EmuFrame;
use crate::insertion::namespaces;
use crate::markup::Markup;

const TYPES: &str = "application/vnd.openxmlformats-officedocument.presentationml";
const THEME_TYPE: &str = "application/vnd.openxmlformats-officedocument.theme+xml";
const MASTER: &str = "ppt/slideMasters/slideMaster1.xml";
const PRESENTATION: &str = "ppt/presentation.xml";
const THEME: &str = "ppt/theme/theme1.xml";
const TABLE_STYLES: &str = "ppt/tableStyles.xml";

/// The first number of masters and layouts (ECMA-376 part 1, 19.7.16 `ST_SlideMasterId`).
const FIRST: u32 = 2_147_483_648;

/// Half an inch under the size of the paper on which notes are printed, in EMU.
const NOTES: (&str, &str) = ("6858000", "9144000");

const DIALECT: Dialect = Dialect::Transitional;

/// All parts of the deck.
pub(super) fn deck(size: SlideSize) -> Result<Draft, PatchError> {
    let mut draft = Draft::new(&Package::new(&Limits::default()));
    let size = EmuFrame {
        left: 0,
        top: 0,
        width: match size {
            SlideSize::Wide => 12_192_000,
            SlideSize::Standard => 9_144_000,
        },
        height: 6_858_000,
    };
    let part = |name: &str| Target::Part(name.to_owned());
    let mut layouts = Vec::with_capacity(LAYOUTS.len());
    for (number, described) in (1u32..).zip(LAYOUTS) {
        let name = format!("ppt/slideLayouts/slideLayout{number}.xml");
        draft.add_part(
            &name,
            layout(described, size.width),
            &format!("{TYPES}.slideLayout+xml"),
        )?;
        draft.add_relationship(&name, &DIALECT.relationship("slideMaster"), &part(MASTER))?;
        let id = draft.add_relationship(MASTER, &DIALECT.relationship("slideLayout"), &part(&name))?;
        layouts.push(((FIRST + number).to_string(), id));
    }
    draft.add_relationship(MASTER, &DIALECT.relationship("theme"), &part(THEME))?;
    draft.add_part(
        MASTER,
        master(&layouts, size.width),
        &format!("{TYPES}.slideMaster+xml"),
    )?;
    draft.add_part(THEME, theme(), THEME_TYPE)?;
    let id = draft.add_relationship(PRESENTATION, &DIALECT.relationship("slideMaster"), &part(MASTER))?;
    draft.add_relationship(PRESENTATION, &DIALECT.relationship("theme"), &part(THEME))?;
    draft.add_relationship(
        PRESENTATION,
        &DIALECT.relationship("tableStyles"),
        &part(TABLE_STYLES),
    )?;
    draft.add_part(TABLE_STYLES, table_styles(), &format!("{TYPES}.tableStyles+xml"))?;
    draft.add_part(
        PRESENTATION,
        presentation(&id, size),
        &format!("{TYPES}.presentation.main+xml"),
    )?;
    draft.add_relationship("", &DIALECT.relationship("officeDocument"), &part(PRESENTATION))?;
    Ok(draft)
}

fn presentation(master: &str, size: EmuFrame) -> String {
    let mut xml = Markup::part();
    xml.element("p:presentation", &namespaces(DIALECT), |xml| {
        xml.element("p:sldMasterIdLst", &[], |xml| {
            xml.empty("p:sldMasterId", &[("id", &FIRST.to_string()), ("r:id", master)]);
        });
        let (width, height) = (size.width.to_string(), size.height.to_string());
        let mut sides = vec![("cx", width.as_str()), ("cy", height.as_str())];
        if size.width == 9_144_000 {
            sides.push(("type", "screen4x3"));
        }
        xml.empty("p:sldSz", &sides);
        xml.empty("p:notesSz", &[("cx", NOTES.0), ("cy", NOTES.1)]);
    });
    xml.finish()
}

/// No styles of its own; the default is the one that PowerPoint has built in ("Medium Style 2 - Accent 1").
fn table_styles() -> String {
    let mut xml = Markup::part();
    let attributes = [
        ("xmlns:a", DIALECT.drawing()),
        ("def", "{5C22544A-7EE6-4342-B048-85BDC9FD1C3A}"),
    ];
    xml.empty("a:tblStyleLst", &attributes);
    xml.finish()
}
