//! From glyphs to words and lines.

use super::glyphs::{GlyphMark, PageContent};

/// Words of a line that stand close to each other: what may be one cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Segment {
    pub(super) text: String,
    pub(super) left: f64,
    pub(super) right: f64,
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// Its base line.
    pub(super) y: f64,
    /// The size of its largest font.
    pub(super) size: f64,
    pub(super) segments: Vec<Segment>,
    /// The words one by one, for tables whose lines are drawn.
    pub(super) words: Vec<Segment>,
}

/// A gap from which on a space is meant, and one from which on something new begins; in sizes of the font.
const SPACE: f64 = 0.18;
const BREAK: f64 = 1.1;

impl Line {
    /// The text; wide gaps as several spaces.
    pub(super) fn text(&self) -> String {
        let texts: Vec<&str> = self
            .segments
            .iter()
            .map(|segment| segment.text.as_str())
            .collect();
        texts.join("   ")
    }
}

/// The lines of a page from top to bottom, those of turned text last.
pub(super) fn lines(content: &PageContent) -> Vec<Line> {
    let mut level: Vec<&GlyphMark> = content.glyphs.iter().filter(|glyph| !glyph.turned).collect();
    level.sort_by(|one, other| one.y.total_cmp(&other.y));
    let mut lines = Vec::new();
    let mut row: Vec<&GlyphMark> = Vec::new();
    let mut base = f64::NEG_INFINITY;
    for glyph in level {
        // Raised and lowered figures belong to the line that they stand at.
        if glyph.y - base > glyph.size.max(1.0) * 0.35 && !row.is_empty() {
            lines.extend(line(std::mem::take(&mut row)));
        }
        if row.is_empty() {
            base = glyph.y;
        }
        row.push(glyph);
    }
    lines.extend(line(row));
    lines.extend(turned(content));
    lines
}

/// Turned text in the order of the file, as one line a stretch.
fn turned(content: &PageContent) -> Option<Line> {
    let text: String = content
        .glyphs
        .iter()
        .filter(|glyph| glyph.turned)
        .map(|glyph| glyph.text.as_str())
        .collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let segment = Segment {
        text,
        left: 0.0,
        right: 0.0,
    };
    (!segment.text.is_empty()).then(|| Line {
        y: f64::MAX,
        size: 1.0,
        segments: vec![segment],
        words: Vec::new(),
    })
}

fn line(mut row: Vec<&GlyphMark>) -> Option<Line> {
    row.sort_by(|one, other| one.x.total_cmp(&other.x));
    // Text that is printed twice to look bold.
    row.dedup_by(|next, kept| next.text == kept.text && (next.x - kept.x).abs() < kept.size * 0.08);
    let size = row.iter().map(|glyph| glyph.size).fold(0.0, f64::max);
    let y = row.iter().find(|glyph| glyph.size >= size)?.y;
    let (mut segments, mut words) = (Vec::<Segment>::new(), Vec::<Segment>::new());
    let mut end = f64::NEG_INFINITY;
    for glyph in row {
        let blank = glyph.text.trim().is_empty();
        let gap = (glyph.x - end) / glyph.size;
        if blank {
            // A space moves on; how far the next letter is decides what it means.
            continue;
        }
        let right = glyph.x + glyph.width;
        let add = |list: &mut Vec<Segment>, breaks: bool, space: bool| match list.last_mut() {
            Some(last) if !breaks => {
                if space {
                    last.text.push(' ');
                }
                last.text.push_str(&glyph.text);
                last.right = last.right.max(right);
            }
            _ => list.push(Segment {
                text: glyph.text.clone(),
                left: glyph.x,
                right,
            }),
        };
        add(&mut segments, gap > BREAK, gap > SPACE);
        add(&mut words, gap > SPACE, false);
        end = right.max(end);
    }
    (!segments.is_empty()).then_some(Line {
        y,
        size,
        segments,
        words,
    })
}
