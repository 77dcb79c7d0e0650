//! Lists (ECMA-376 part 1, 17.9): the number or bullet that stands before a paragraph.

use std::collections::HashMap;

use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::Refusal;

use super::names::{is_on, value};
use super::styles::{NumberingMark, Styles};
use super::{Document, Part};

/// Levels of a list.
const LEVELS: usize = 9;

/// One level's look.
#[derive(Clone, Debug, Default)]
struct Level {
    format: String,
    text: String,
    start: u32,
    /// All numbers of the text as decimals.
    legal: bool,
    /// The level whose step restarts this one, from 1; 0 never. The level before it when absent.
    restart: Option<u8>,
    /// The paragraph style that belongs to the level.
    style: Option<String>,
}

/// A list as `abstractNum` defines it.
#[derive(Clone, Debug, Default)]
struct Definition {
    levels: Vec<Level>,
    /// The numbering style that holds the levels instead.
    link: Option<String>,
    /// The numbering style that this definition makes.
    made_for: Option<String>,
}

/// A `num`: a definition with overrides.
#[derive(Clone, Debug, Default)]
struct List {
    definition: u32,
    starts: HashMap<usize, u32>,
    levels: HashMap<usize, Level>,
}

/// The lists of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbering {
    definitions: HashMap<u32, Definition>,
    lists: HashMap<u32, List>,
    /// Definitions by the numbering style that they make.
    styled: HashMap<String, u32>,
}

/// The counters while a story is read from its beginning.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    /// By definition; a level that did not begin has none.
    counts: HashMap<u32, [Option<u32>; LEVELS]>,
    /// Lists whose own start was used.
    started: std::collections::HashSet<(u32, usize)>,
}

/// Where a paragraph stands in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub(super) level: u8,
    /// What stands before it; empty where nothing does.
    pub(super) label: String,
}

impl Numbering {
    /// The lists of a document; none where it has no such part.
    pub(super) fn read(document: &Document) -> Result<Self, Refusal> {
        match Part::related(&document.package, &document.main, "numbering")? {
            Some(part) => Ok(Self::parse(part.tree()?.root())),
            None => Ok(Self::default()),
        }
    }

    fn parse(root: Node<'_, '_>) -> Self {
        let mut numbering = Self::default();
        let number = |node: Node<'_, '_>, name: &str| node.prefixed(name)?.parse::<u32>().ok();
        for node in root.children().filter(|node| node.tag().ns == Ns::Word) {
            match node.local() {
                "abstractNum" => {
                    let Some(id) = number(node, "abstractNumId") else {
                        continue;
                    };
                    let definition = definition(node);
                    if let Some(style) = &definition.made_for {
                        numbering.styled.insert(style.clone(), id);
                    }
                    numbering.definitions.insert(id, definition);
                }
                "num" => {
                    let definition = value(node, "abstractNumId").and_then(|id| id.parse().ok());
                    if let (Some(id), Some(definition)) = (number(node, "numId"), definition) {
                        numbering.lists.insert(id, list(node, definition));
                    }
                }
                _ => {}
            }
        }
        numbering
    }

    /// Counts a paragraph and says what stands before it; `None` where it is in no list.
    pub(super) fn step(
        &self,
        counters: &mut Counters,
        own: Option<NumberingMark>,
        style: Option<&str>,
        styles: &Styles,
    ) -> Option<Place> {
        let inherited = style.map(|style| styles.numbering(style)).unwrap_or_default();
        let own = own.unwrap_or_default();
        let id = own.list.or(inherited.list).filter(|list| *list != 0)?;
        let list = self.lists.get(&id)?;
        let key = self.resolved(list.definition, styles);
        let definition = self.definitions.get(&key)?;
        let by_style = || {
            let levels = definition.levels.iter();
            let mut levels = levels.enumerate();
            let found = levels.find(|(_, level)| level.style.is_some() && level.style.as_deref() == style);
            found.map(|(index, _)| index)
        };
        let level = own.level.map(usize::from).or_else(by_style);
        let level = level
            .or(inherited.level.map(usize::from))
            .unwrap_or(0)
            .min(LEVELS - 1);
        let look = |index: usize| list.levels.get(&index).or_else(|| definition.levels.get(index));
        let start = |index: usize| {
            let own = list.starts.get(&index).copied();
            own.or_else(|| look(index).map(|level| level.start)).unwrap_or(1)
        };
        let counts = counters.counts.entry(key).or_default();
        // A list with a start of its own begins anew where it first appears.
        let begins = list.starts.contains_key(&level) && counters.started.insert((id, level));
        counts[level] = Some(match counts[level] {
            Some(count) if !begins => count.saturating_add(1),
            _ => start(level),
        });
        for (deeper, count) in counts.iter_mut().enumerate().skip(level + 1) {
            let restart = look(deeper)
                .and_then(|level| level.restart)
                .map_or(deeper, usize::from);
            if restart != 0 && level < restart {
                *count = None;
            }
        }
        for (shallower, count) in counts.iter_mut().enumerate().take(level) {
            *count = Some(count.unwrap_or_else(|| start(shallower)));
        }
        let label = look(level)
            .map(|shown| label(shown, counts, &look))
            .unwrap_or_default();
        Some(Place {
            level: level as u8 + 1,
            label,
        })
    }

    /// The definition that holds the levels: it may be that of a numbering style.
    fn resolved(&self, definition: u32, styles: &Styles) -> u32 {
        let Some(link) = self
            .definitions
            .get(&definition)
            .and_then(|found| found.link.as_ref())
        else {
            return definition;
        };
        let by_style = || {
            let list = styles.numbering(link).list?;
            Some(self.lists.get(&list)?.definition)
        };
        self.styled
            .get(link)
            .copied()
            .or_else(by_style)
            .unwrap_or(definition)
    }
}

fn definition(node: Node<'_, '_>) -> Definition {
    let mut definition = Definition {
        levels: Vec::new(),
        link: value(node, "numStyleLink"),
        made_for: value(node, "styleLink"),
    };
    for node in node.children().filter(|node| node.is(Ns::Word, "lvl")) {
        let index = node
            .prefixed("ilvl")
            .and_then(|level| level.parse::<usize>().ok());
        let Some(index) = index.filter(|index| *index < LEVELS) else {
            continue;
        };
        if definition.levels.len() <= index {
            definition.levels.resize(index + 1, Level::default());
        }
        definition.levels[index] = level(node);
    }
    definition
}

fn level(node: Node<'_, '_>) -> Level {
    Level {
        format: value(node, "numFmt").unwrap_or_else(|| "decimal".to_owned()),
        text: value(node, "lvlText").unwrap_or_default(),
        start: value(node, "start")
            .and_then(|start| start.parse().ok())
            .unwrap_or(0),
        legal: node.child("isLgl").is_some_and(is_on),
        restart: value(node, "lvlRestart").and_then(|level| level.parse().ok()),
        style: value(node, "pStyle"),
    }
}

fn list(node: Node<'_, '_>, definition: u32) -> List {
    let mut list = List {
        definition,
        ..List::default()
    };
    for node in node.children().filter(|node| node.is(Ns::Word, "lvlOverride")) {
        let index = node
            .prefixed("ilvl")
            .and_then(|level| level.parse::<usize>().ok());
        let Some(index) = index.filter(|index| *index < LEVELS) else {
            continue;
        };
        if let Some(start) = value(node, "startOverride").and_then(|start| start.parse().ok()) {
            list.starts.insert(index, start);
        }
        if let Some(own) = node.child("lvl") {
            list.levels.insert(index, level(own));
        }
    }
    list
}

/// The label of a level: its text with the numbers of the levels in it.
fn label<'l>(
    shown: &Level,
    counts: &[Option<u32>; LEVELS],
    look: &dyn Fn(usize) -> Option<&'l Level>,
) -> String {
    if shown.format == "bullet" {
        // Bullets are often a private character of a symbol font.
        let known = |c: char| matches!(c, '\u{f000}'..='\u{f0ff}');
        return shown
            .text
            .chars()
            .map(|c| if known(c) { '•' } else { c })
            .collect();
    }
    let mut label = String::new();
    let mut rest = shown.text.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            label.push(character);
            continue;
        }
        match rest.next() {
            Some(digit @ '1'..='9') => {
                let index = digit as usize - '1' as usize;
                let format = look(index).map_or("decimal", |level| level.format.as_str());
                let format = if shown.legal { "decimal" } else { format };
                label.push_str(&formatted(counts[index].unwrap_or(0), format));
            }
            Some(other) => label.extend(['%', other]),
            None => label.push('%'),
        }
    }
    label
}

/// A number in a format of lists (ECMA-376 part 1, 17.18.59); unknown ones as decimals.
fn formatted(number: u32, format: &str) -> String {
    match format {
        "none" | "bullet" => String::new(),
        "upperRoman" => roman(number),
        "lowerRoman" => roman(number).to_lowercase(),
        "upperLetter" => letters(number),
        "lowerLetter" => letters(number).to_lowercase(),
        "decimalZero" => format!("{number:02}"),
        "ordinal" => {
            let ending = match (number % 10, number % 100) {
                (_, 11..=13) => "th",
                (1, _) => "st",
                (2, _) => "nd",
                (3, _) => "rd",
                _ => "th",
            };
            format!("{number}{ending}")
        }
        _ => number.to_string(),
    }
}

fn roman(mut number: u32) -> String {
    const DIGITS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if number > 32_767 {
        return number.to_string();
    }
    let mut text = String::new();
    for (value, digit) in DIGITS {
        while number >= value {
            number -= value;
            text.push_str(digit);
        }
    }
    text
}

/// `A` to `Z`, then `AA`, `BB`: the letter is repeated.
fn letters(number: u32) -> String {
    if number == 0 || number > 780 {
        return number.to_string();
    }
    let letter = char::from(b'A' + ((number - 1) % 26) as u8);
    std::iter::repeat_n(letter, (number - 1) as usize / 26 + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_word_writes_them() {
        let cases = [
            (4, "upperRoman", "IV"),
            (1999, "lowerRoman", "mcmxcix"),
            (1, "upperLetter", "A"),
            (26, "lowerLetter", "z"),
            (27, "lowerLetter", "aa"),
            (28, "upperLetter", "BB"),
            (7, "decimalZero", "07"),
            (11, "ordinal", "11th"),
            (22, "ordinal", "22nd"),
            (5, "none", ""),
            (5, "chicago", "5"),
        ];
        for (number, format, expected) in cases {
            assert_eq!(formatted(number, format), expected, "{number} as {format}");
        }
    }
}
