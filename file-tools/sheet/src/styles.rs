//! Reads the styles part (ECMA-376 part 1, 18.8): what a cell's style index means.

use deskhand_opc::Fingerprint;
use deskhand_opc::xml::{Node, Tree};
use deskhand_operations::workbook::{CellFormat, HorizontalAlignment};

use crate::error::Outcome;
use crate::workbook::{Workbook, is_true};

/// One cell format.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Style {
    pub(crate) format: CellFormat,
    /// False where a protected sheet lets the cell be edited.
    pub(crate) locked: bool,
}

/// The font of the first cell format, by which widths are measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DefaultFont {
    pub(crate) name: String,
    /// In points.
    pub(crate) size: f64,
}

impl Default for DefaultFont {
    fn default() -> Self {
        Self {
            name: "Calibri".to_owned(),
            size: 11.0,
        }
    }
}

/// The cell formats by index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Styles {
    styles: Vec<Style>,
    font: DefaultFont,
}

/// Number formats that need no declaration (18.8.30), English.
pub(crate) const BUILT_IN: &[(u32, &str)] = &[
    (0, "General"),
    (1, "0"),
    (2, "0.00"),
    (3, "#,##0"),
    (4, "#,##0.00"),
    (9, "0%"),
    (10, "0.00%"),
    (11, "0.00E+00"),
    (12, "# ?/?"),
    (13, "# ??/??"),
    (14, "m/d/yyyy"),
    (15, "d-mmm-yy"),
    (16, "d-mmm"),
    (17, "mmm-yy"),
    (18, "h:mm AM/PM"),
    (19, "h:mm:ss AM/PM"),
    (20, "h:mm"),
    (21, "h:mm:ss"),
    (22, "m/d/yyyy h:mm"),
    (37, "#,##0_);(#,##0)"),
    (38, "#,##0_);[Red](#,##0)"),
    (39, "#,##0.00_);(#,##0.00)"),
    (40, "#,##0.00_);[Red](#,##0.00)"),
    (45, "mm:ss"),
    (46, "[h]:mm:ss"),
    (47, "mm:ss.0"),
    (48, "##0.0E+0"),
    (49, "@"),
];

impl Styles {
    /// Reads the workbook's styles; none where it has no such part.
    pub(crate) fn read(workbook: &Workbook) -> Outcome<Self> {
        let Some(part) = workbook
            .package
            .related(&workbook.part, "styles")?
            .into_iter()
            .next()
        else {
            return Ok(Self::default());
        };
        let content = workbook.package.part(&part)?;
        let tree = Tree::parse(&part, &content, workbook.package.limits())?;
        let theme = theme_colors(workbook)?;
        let root = tree.root();
        let list =
            |name: &str| -> Vec<Node<'_, '_>> { root.child(name).iter().flat_map(Node::children).collect() };
        let (fonts, fills, formats) = (list("fonts"), list("fills"), list("numFmts"));
        let styles = list("cellXfs")
            .iter()
            .map(|xf| style(xf, &fonts, &fills, &formats, &theme))
            .collect();
        let mut font = DefaultFont::default();
        if let Some(node) = fonts.first() {
            let held = |name: &str| {
                node.child(name)?
                    .attribute("val")
                    .map(std::borrow::Cow::into_owned)
            };
            font.name = held("name").unwrap_or(font.name);
            let size = held("sz").and_then(|size| size.parse().ok());
            font.size = size
                .filter(|size| (1.0..=409.0).contains(size))
                .unwrap_or(font.size);
        }
        Ok(Self { styles, font })
    }

    /// The style of an index; the first one's where there is none such.
    pub(crate) fn of(&self, index: u32) -> Style {
        let default = || Style {
            format: CellFormat::default(),
            locked: true,
        };
        self.styles.get(index as usize).cloned().unwrap_or_else(default)
    }

    /// The number format of an index.
    pub(crate) fn number_format(&self, index: u32) -> &str {
        let style = self.styles.get(index as usize);
        style
            .and_then(|style| style.format.number_format.as_deref())
            .unwrap_or("General")
    }

    /// A mark of each format by index: equal marks mean the same look, in other workbooks too.
    pub(crate) fn marks(&self) -> Vec<u64> {
        let mark = |style: &Style| {
            let mut mark = Fingerprint::default();
            mark.add(format!("{style:?}").as_bytes());
            mark.value()
        };
        let plain = self.styles.first().map(mark);
        // A cell that is not there looks like the first format.
        self.styles
            .iter()
            .map(|style| {
                if Some(mark(style)) == plain {
                    0
                } else {
                    mark(style)
                }
            })
            .collect()
    }

    /// The font by which widths are measured.
    pub(crate) fn default_font(&self) -> &DefaultFont {
        &self.font
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.styles.len()
    }
}

/// True for a number format that shows dates or times.
pub(crate) fn shows_dates(code: &str) -> bool {
    // The first section is the one of positive numbers, which dates are.
    let mut characters = code.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            ';' => return false,
            '"' => while characters.next().is_some_and(|next| next != '"') {},
            '\\' | '_' | '*' => drop(characters.next()),
            '[' => {
                let inside: String = characters.by_ref().take_while(|next| *next != ']').collect();
                let elapsed = inside
                    .chars()
                    .all(|c| matches!(c.to_ascii_lowercase(), 'h' | 'm' | 's'));
                if elapsed && !inside.is_empty() {
                    return true;
                }
            }
            'G' | 'g'
                if characters
                    .peek()
                    .is_some_and(|next| next.eq_ignore_ascii_case(&'e')) =>
            {
                return false;
            }
            other if matches!(other.to_ascii_lowercase(), 'y' | 'm' | 'd' | 'h' | 's') => return true,
            _ => {}
        }
    }
    false
}

/// The number in an attribute.
pub(crate) fn number(node: &Node<'_, '_>, name: &str) -> Option<u32> {
    node.attribute(name).and_then(|value| value.parse().ok())
}

/// The code of a number format id.
fn number_format(id: u32, formats: &[Node<'_, '_>]) -> String {
    let declared = formats.iter().find(|node| number(node, "numFmtId") == Some(id));
    let declared = declared
        .and_then(|node| node.attribute("formatCode"))
        .map(std::borrow::Cow::into_owned);
    let built_in = || {
        BUILT_IN
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, code)| (*code).to_owned())
    };
    declared.or_else(built_in).unwrap_or_else(|| "General".to_owned())
}

fn style(
    xf: &Node<'_, '_>,
    fonts: &[Node<'_, '_>],
    fills: &[Node<'_, '_>],
    formats: &[Node<'_, '_>],
    theme: &[String],
) -> Style {
    let font = fonts.get(number(xf, "fontId").unwrap_or_default() as usize);
    let fill = fills.get(number(xf, "fillId").unwrap_or_default() as usize);
    let on = |name: &str| {
        font.and_then(|font| font.child(name))
            .map(|node| node.attribute("val").is_none_or(|value| is_true(&value)))
    };
    let pattern = fill.and_then(|fill| fill.child("patternFill"));
    let solid = pattern.filter(|pattern| {
        pattern
            .attribute("patternType")
            .is_some_and(|kind| kind != "none")
    });
    let alignment = xf.child("alignment");
    let horizontal = alignment
        .and_then(|node| node.attribute("horizontal"))
        .map(|value| match value.as_ref() {
            "left" => HorizontalAlignment::Left,
            "center" => HorizontalAlignment::Center,
            "right" => HorizontalAlignment::Right,
            _ => HorizontalAlignment::General,
        });
    let size = font
        .and_then(|font| font.child("sz"))
        .and_then(|node| node.attribute("val")?.parse().ok());
    let format = CellFormat {
        number_format: Some(number_format(number(xf, "numFmtId").unwrap_or_default(), formats)),
        bold: Some(on("b").unwrap_or(false)),
        italic: Some(on("i").unwrap_or(false)),
        font_color: font
            .and_then(|font| font.child("color"))
            .and_then(|node| color(&node, theme)),
        font_size: size,
        fill_color: Some(
            solid
                .and_then(|node| color(&node.child("fgColor")?, theme))
                .unwrap_or_default(),
        ),
        horizontal: Some(horizontal.unwrap_or(HorizontalAlignment::General)),
        wrap: Some(
            alignment
                .and_then(|node| node.attribute("wrapText"))
                .is_some_and(|wrap| is_true(&wrap)),
        ),
    };
    let protection = xf.child("protection").and_then(|node| node.attribute("locked"));
    Style {
        format,
        locked: protection.is_none_or(|locked| is_true(&locked)),
    }
}

/// A colour as `#RRGGBB`; `None` for automatic and indexed ones.
fn color(node: &Node<'_, '_>, theme: &[String]) -> Option<String> {
    let hex = match node.attribute("rgb") {
        Some(rgb) => rgb.get(rgb.len().checked_sub(6)?..)?.to_owned(),
        None => theme.get(number(node, "theme")? as usize)?.clone(),
    };
    let tint = node
        .attribute("tint")
        .and_then(|tint| tint.parse::<f64>().ok())
        .unwrap_or_default()
        .clamp(-1.0, 1.0);
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?);
        Some(
            (if tint < 0.0 {
                value * (1.0 + tint)
            } else {
                value + (255.0 - value) * tint
            })
            .round() as u8,
        )
    };
    Some(format!(
        "#{:02X}{:02X}{:02X}",
        channel(0)?,
        channel(2)?,
        channel(4)?
    ))
}

/// The theme's colours in the order of their indices (18.8.3): light and dark are swapped against the part's order.
fn theme_colors(workbook: &Workbook) -> Outcome<Vec<String>> {
    let Some(part) = workbook
        .package
        .related(&workbook.part, "theme")?
        .into_iter()
        .next()
    else {
        return Ok(Vec::new());
    };
    let content = workbook.package.part(&part)?;
    let tree = Tree::parse(&part, &content, workbook.package.limits())?;
    let scheme = tree.root().descendants().find(|node| node.local() == "clrScheme");
    let mut colors: Vec<String> = scheme
        .iter()
        .flat_map(Node::children)
        .map(|slot| {
            let value = slot.children().next();
            let value = value.and_then(|node| node.attribute("lastClr").or_else(|| node.attribute("val")));
            value.unwrap_or_default().into_owned()
        })
        .collect();
    if colors.len() >= 4 {
        colors.swap(0, 1);
        colors.swap(2, 3);
    }
    Ok(colors)
}

#[cfg(test)]
mod tests {
    use super::shows_dates;

    #[test]
    fn formats_of_dates_are_told_from_those_of_numbers() {
        for code in [
            "yyyy-mm-dd",
            "m/d/yyyy",
            "[h]:mm",
            "h:mm AM/PM",
            "[$-409]d-mmm-yy;@",
            "\"am\" dd",
            "mmm",
        ] {
            assert!(shows_dates(code), "{code}");
        }
        for code in [
            "General",
            "0.00",
            "#,##0",
            "[Red]0",
            "\"days\" 0",
            "0\\d",
            "0.0E+0",
            "@",
            "_d0",
            "[$USD] 0",
            "0;yyyy",
        ] {
            assert!(!shows_dates(code), "{code}");
        }
    }
}
