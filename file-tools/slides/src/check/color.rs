//! Colours as they are seen: resolved from names and changes of brightness, what stands behind a text, and the contrast
//! between the two (WCAG 2.2, 1.4.3).

use deskhand_opc::xml::{Node, Ns};

use crate::theme::{Rgb, Theme, literal};

/// What stands behind something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// One colour.
    Plain(Rgb),
    /// Nothing: what is below shows.
    Nothing,
    /// A picture, a gradient, or what cannot be worked out.
    Unknown,
}

/// The colour of a solid fill; nothing for other fills.
pub(crate) fn solid(fill: Node<'_, '_>, theme: &Theme) -> Option<Rgb> {
    if fill.local() != "solidFill" {
        return None;
    }
    resolve(fill.children().next()?, theme)
}

/// A colour with its changes; nothing where it lets something through, or changes in a way that is not known here.
pub(crate) fn resolve(color: Node<'_, '_>, theme: &Theme) -> Option<Rgb> {
    let base = match color.local() {
        "schemeClr" => theme.color(&color.attribute("val")?)?,
        _ => literal(color)?,
    };
    let mut rgb = base.map(|channel| f64::from(channel) / 255.0);
    for change in color.children() {
        // In thousandths of a percent; in strict files also written with a percent sign.
        let value = change.attribute("val")?;
        let share = match value.strip_suffix('%') {
            Some(percent) => percent.parse::<f64>().ok()? / 100.0,
            None => value.parse::<f64>().ok()? / 100_000.0,
        };
        match change.local() {
            "lumMod" => rgb = with_light(rgb, |light| light * share),
            "lumOff" => rgb = with_light(rgb, |light| light + share),
            "shade" => rgb = rgb.map(|channel| channel * share),
            "tint" => rgb = rgb.map(|channel| channel * share + (1.0 - share)),
            "alpha" if share >= 0.999 => {}
            "satMod" => {}
            _ => return None,
        }
    }
    Some(rgb.map(|channel| (channel.clamp(0.0, 1.0) * 255.0).round() as u8))
}

/// Changes the lightness of a colour, hue and saturation staying (HSL).
fn with_light([red, green, blue]: [f64; 3], change: impl Fn(f64) -> f64) -> [f64; 3] {
    let (high, low) = (red.max(green).max(blue), red.min(green).min(blue));
    let light = f64::midpoint(high, low);
    let spread = high - low;
    let saturation = if spread == 0.0 {
        0.0
    } else {
        spread / (1.0 - (2.0 * light - 1.0).abs()).max(1e-9)
    };
    let new = change(light).clamp(0.0, 1.0);
    let new_spread = saturation.min(1.0) * (1.0 - (2.0 * new - 1.0).abs());
    let from = new - new_spread / 2.0;
    let place = |channel: f64| {
        if spread == 0.0 {
            new
        } else {
            from + (channel - low) / spread * new_spread
        }
    };
    [place(red), place(green), place(blue)]
}

/// The fill of a shape's properties or of a background's.
pub(crate) fn fill_of(properties: Node<'_, '_>, theme: &Theme) -> Option<Behind> {
    let fill = properties.children().find(|child| {
        child.tag().ns == Ns::Drawing && (child.local() == "noFill" || child.local().ends_with("Fill"))
    })?;
    Some(match fill.local() {
        "noFill" => Behind::Nothing,
        "solidFill" => solid(fill, theme).map_or(Behind::Unknown, Behind::Plain),
        _ => Behind::Unknown,
    })
}

/// The background of a slide, layout or master; nothing where it has none of its own.
pub(crate) fn background(root: Node<'_, '_>, theme: &Theme) -> Option<Behind> {
    let background = root.child("cSld")?.child("bg")?;
    if let Some(properties) = background.child("bgPr") {
        return Some(fill_of(properties, theme).unwrap_or(Behind::Unknown));
    }
    let reference = background.child("bgRef")?;
    // 1001 is the first background of the theme, which is plain in all of Office's themes.
    let is_plain = reference.attribute("idx").is_some_and(|index| index == "1001");
    let color = reference.children().next().filter(|_| is_plain);
    let color = color.and_then(|color| resolve(color, theme));
    Some(color.map_or(Behind::Unknown, Behind::Plain))
}

/// The contrast of two colours, from 1 to 21.
pub(crate) fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(rgb: Rgb) -> f64 {
    let linear = rgb.map(|channel| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.040_45 {
            channel / 12.92
        } else {
            ((channel + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

#[cfg(test)]
mod tests {
    use deskhand_opc::Limits;
    use deskhand_opc::xml::Tree;

    use super::*;

    #[test]
    fn contrast_is_that_of_the_guideline() {
        for (one, other, expected) in [
            ([0, 0, 0], [255, 255, 255], 21.0),
            ([255, 255, 255], [255, 255, 255], 1.0),
            ([0x76, 0x76, 0x76], [255, 255, 255], 4.54),
            ([255, 0, 0], [255, 255, 255], 4.0),
        ] {
            let found = contrast(one, other);
            assert!(
                (found - expected).abs() < 0.01,
                "{found} for {one:?} on {other:?}"
            );
        }
    }

    #[test]
    fn shades_are_those_that_powerpoint_shows() {
        // "Darker 25 %" and "Lighter 40 %" of the accent 4472C4, as PowerPoint's palette has them.
        let resolved = |changes: &str| {
            let xml = format!(
                "<a:srgbClr xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" val=\"4472C4\">{changes}</a:srgbClr>"
            );
            let tree = Tree::parse("c", xml.as_bytes(), &Limits::default()).unwrap();
            resolve(tree.root(), &Theme::default())
        };
        let near = |found: Option<Rgb>, expected: Rgb| {
            let found = found.unwrap();
            assert!(
                found
                    .iter()
                    .zip(expected)
                    .all(|(one, other)| one.abs_diff(other) <= 2),
                "{found:?}"
            );
        };
        near(resolved("<a:lumMod val=\"75000\"/>"), [0x2F, 0x55, 0x97]);
        near(
            resolved("<a:lumMod val=\"60000\"/><a:lumOff val=\"40000\"/>"),
            [0x8F, 0xAA, 0xDC],
        );
        assert_eq!(resolved("<a:alpha val=\"50000\"/>"), None);
    }
}
