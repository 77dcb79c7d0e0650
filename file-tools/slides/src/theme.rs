//! Themes (ECMA-376 part 1, 20.1.6.9): the fonts and the twelve colours that slides refer to by name, and how names of
//! colours map to them.

use std::collections::{BTreeMap, HashMap};

use deskhand_opc::Package;
use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::Refusal;
use deskhand_operations::answer::{SlideMaster, ThemeColor};

use crate::part::{Part, related};

/// The colours of a scheme: as the file names them, and as answers do.
pub(crate) const COLORS: [(&str, &str); 12] = [
    ("dk1", "dark1"),
    ("lt1", "light1"),
    ("dk2", "dark2"),
    ("lt2", "light2"),
    ("accent1", "accent1"),
    ("accent2", "accent2"),
    ("accent3", "accent3"),
    ("accent4", "accent4"),
    ("accent5", "accent5"),
    ("accent6", "accent6"),
    ("hlink", "hyperlink"),
    ("folHlink", "followedHyperlink"),
];

/// The colours that a master maps to those of its theme: as the file names them, and as operations do.
pub(crate) const MAPPED: [(&str, &str); 4] = [
    ("tx1", "text1"),
    ("bg1", "background1"),
    ("tx2", "text2"),
    ("bg2", "background2"),
];

/// A colour of eight bits a channel.
pub(crate) type Rgb = [u8; 3];

/// A theme, as a master uses it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Theme {
    pub(crate) name: String,
    pub(crate) heading: String,
    pub(crate) body: String,
    /// By the file's names.
    pub(crate) colors: BTreeMap<String, Rgb>,
    /// The master's map from `tx1` and its kin to names of the theme.
    pub(crate) map: HashMap<String, String>,
}

impl Theme {
    /// The theme of a master; an empty one where it names none.
    pub(crate) fn of_master(package: &Package, master: &str) -> Result<Self, Refusal> {
        let part = Part::read(package, master)?;
        let tree = part.tree()?;
        let mut theme = match related(package, master, "theme")? {
            Some(part) => Self::read(&Part::read(package, &part)?)?,
            None => Self::default(),
        };
        if let Some(map) = tree.root().child("clrMap") {
            theme.map = map
                .tag()
                .attributes()
                .map(|attribute| (attribute.name.to_owned(), attribute.raw.to_owned()))
                .collect();
        }
        Ok(theme)
    }

    fn read(part: &Part) -> Result<Self, Refusal> {
        let tree = part.tree()?;
        let root = tree.root();
        let mut theme = Self {
            name: root.attribute("name").unwrap_or_default().into_owned(),
            ..Self::default()
        };
        let Some(elements) = root.child_in(Ns::Drawing, "themeElements") else {
            return Ok(theme);
        };
        let font = |kind: &str| {
            let latin = elements.child("fontScheme")?.child(kind)?.child("latin")?;
            latin.attribute("typeface").map(std::borrow::Cow::into_owned)
        };
        theme.heading = font("majorFont").unwrap_or_default();
        theme.body = font("minorFont").unwrap_or_default();
        for color in elements.child("clrScheme").iter().flat_map(Node::children) {
            if let Some(rgb) = color.children().next().and_then(literal) {
                theme.colors.insert(color.local().to_owned(), rgb);
            }
        }
        Ok(theme)
    }

    /// The colour behind a name as slides use it.
    pub(crate) fn color(&self, name: &str) -> Option<Rgb> {
        let mapped = self.map.get(name).map_or_else(
            || match name {
                "tx1" => "dk1",
                "bg1" => "lt1",
                "tx2" => "dk2",
                "bg2" => "lt2",
                other => other,
            },
            String::as_str,
        );
        self.colors.get(mapped).copied()
    }

    /// The theme as answers show it.
    pub(crate) fn answer(&self) -> SlideMaster {
        let colors = COLORS.iter().filter_map(|(file, shown)| {
            Some(ThemeColor {
                name: (*shown).to_owned(),
                color: hex(*self.colors.get(*file)?),
            })
        });
        SlideMaster {
            name: self.name.clone(),
            heading_font: self.heading.clone(),
            body_font: self.body.clone(),
            colors: colors.collect(),
        }
    }
}

/// `#RRGGBB`.
pub(crate) fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// A colour that is given by its value (`srgbClr`, `sysClr`).
pub(crate) fn literal(color: Node<'_, '_>) -> Option<Rgb> {
    let value = match color.local() {
        "srgbClr" => color.attribute("val")?,
        "sysClr" => color.attribute("lastClr")?,
        "prstClr" => return preset(&color.attribute("val")?),
        _ => return None,
    };
    parse(&value)
}

/// `RRGGBB`.
pub(crate) fn parse(value: &str) -> Option<Rgb> {
    if value.len() != 6 || !value.is_ascii() {
        return None;
    }
    let channel = |at: usize| u8::from_str_radix(value.get(at..at + 2)?, 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// The presets that decks use (20.1.10.48); the others are rare.
fn preset(name: &str) -> Option<Rgb> {
    Some(match name {
        "black" => [0, 0, 0],
        "white" => [255, 255, 255],
        "red" => [255, 0, 0],
        "green" => [0, 128, 0],
        "blue" => [0, 0, 255],
        "yellow" => [255, 255, 0],
        "gray" | "grey" => [128, 128, 128],
        _ => return None,
    })
}

/// A fill's colour as operations name it: of the theme, or `#RRGGBB`.
pub(crate) fn shown(fill: Node<'_, '_>) -> Option<String> {
    let color = fill.children().next()?;
    if color.local() == "schemeClr" {
        let value = color.attribute("val")?;
        let mut names = COLORS.iter().chain(&MAPPED);
        return names
            .find(|(file, _)| *file == value)
            .map(|(_, shown)| (*shown).to_owned());
    }
    literal(color).map(hex)
}
