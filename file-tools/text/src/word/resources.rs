//! What new blocks need elsewhere in the document: styles, lists, links and pictures. Added to the draft where missing.

use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use deskhand_opc::xml::{Node, Ns, escape};
use deskhand_opc::{Draft, Target};
use deskhand_operations::Refusal;
use deskhand_operations::text::document::{NewBlock, NewText};

use super::names::Names;
use super::styles::Styles;
use super::{Document, Part};
use crate::{picture, refuse};

/// Twentieths of a point between the margins where the document says nothing: A4 with an inch on either side.
const USUAL_WIDTH: u32 = 9_026;
const NUMBERING_TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.numbering+xml";

/// A picture that was added to the package.
#[derive(Clone, Debug)]
pub(super) struct StoredPicture {
    pub(super) relationship: String,
    /// The drawing's id in the part.
    pub(super) number: u64,
    /// In pixels.
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Ids of what blocks refer to.
#[derive(Debug, Default)]
pub(super) struct Resources {
    headings: HashMap<u8, String>,
    styles: HashMap<String, String>,
    list_paragraph: Option<String>,
    hyperlink: Option<String>,
    table_grid: Option<String>,
    bullets: Option<u32>,
    /// For each group of list items that has numbered ones.
    numbered: HashMap<usize, u32>,
    links: HashMap<String, String>,
    pictures: Vec<StoredPicture>,
    text_width: u32,
}

impl Resources {
    /// Finds or adds what the blocks need; `part` is where they go, `root` its root.
    pub(super) fn prepare(
        document: &Document,
        draft: &mut Draft,
        part: &str,
        names: &Names,
        root: Node<'_, '_>,
        blocks: &[NewBlock],
    ) -> Result<Self, Refusal> {
        let mut resources = Self {
            text_width: text_width(document)?,
            ..Self::default()
        };
        resources.find_styles(document, draft, blocks)?;
        resources.add_lists(document, draft, names, blocks)?;
        resources.add_links(draft, part, names, blocks)?;
        resources.add_pictures(draft, part, names, root, blocks)?;
        Ok(resources)
    }

    pub(super) fn heading(&self, level: u8) -> Option<&str> {
        self.headings.get(&level).map(String::as_str)
    }

    pub(super) fn style(&self, name: &str) -> Option<&str> {
        self.styles.get(name).map(String::as_str)
    }

    pub(super) fn list_paragraph(&self) -> Option<&str> {
        self.list_paragraph.as_deref()
    }

    pub(super) fn hyperlink(&self) -> Option<&str> {
        self.hyperlink.as_deref()
    }

    pub(super) fn table_grid(&self) -> Option<&str> {
        self.table_grid.as_deref()
    }

    /// The list of a group of items.
    pub(super) fn list(&self, group: usize, numbered: bool) -> Option<u32> {
        if numbered {
            self.numbered.get(&group).copied()
        } else {
            self.bullets
        }
    }

    pub(super) fn link(&self, target: &str) -> Option<&str> {
        self.links.get(target).map(String::as_str)
    }

    pub(super) fn picture(&self, index: usize) -> Option<&StoredPicture> {
        self.pictures.get(index)
    }

    /// In twentieths of a point.
    pub(super) fn text_width(&self) -> u32 {
        self.text_width
    }

    fn find_styles(
        &mut self,
        document: &Document,
        draft: &mut Draft,
        blocks: &[NewBlock],
    ) -> Result<(), Refusal> {
        let styles = Styles::read(document)?;
        let id = |kind: &str, name: &str| styles.named(kind, name).map(|style| style.id.clone());
        self.list_paragraph = id("paragraph", "List Paragraph");
        self.hyperlink = id("character", "Hyperlink");
        self.table_grid = id("table", "Table Grid");
        let mut levels = BTreeSet::new();
        for block in blocks {
            match block {
                NewBlock::Heading { level, .. } => drop(levels.insert(*level)),
                NewBlock::Paragraph {
                    style: Some(name), ..
                } => {
                    let id = id("paragraph", name).ok_or_else(|| unknown_style(name, &styles))?;
                    self.styles.insert(name.clone(), id);
                }
                _ => {}
            }
        }
        let mut missing = Vec::new();
        for level in levels {
            match id("paragraph", &format!("heading {level}")) {
                Some(id) => drop(self.headings.insert(level, id)),
                None => missing.push(level),
            }
        }
        self.add_headings(document, draft, &styles, &missing)
    }

    /// Adds the built-in headings that the document lacks; not to a document without styles.
    fn add_headings(
        &mut self,
        document: &Document,
        draft: &mut Draft,
        styles: &Styles,
        levels: &[u8],
    ) -> Result<(), Refusal> {
        let part = Part::related(&document.package, &document.main, "styles")?;
        let Some(part) = part.filter(|_| !levels.is_empty()) else {
            return Ok(());
        };
        let tree = part.tree()?;
        let names = Names::of(tree.root(), tree.is_strict());
        let normal = styles.normal().map(|style| style.id.as_str());
        let mut markup = String::new();
        for level in levels {
            let mut id = format!("Heading{level}");
            while styles.has(&id) {
                id.push('x');
            }
            markup.push_str(&heading_style(&names, *level, &id, normal));
            self.headings.insert(*level, id);
        }
        let edit = tree.root().append(&markup);
        draft
            .edit(&part.name, [edit])
            .map_err(|error| refuse::patch(&error))
    }

    fn add_lists(
        &mut self,
        document: &Document,
        draft: &mut Draft,
        names: &Names,
        blocks: &[NewBlock],
    ) -> Result<(), Refusal> {
        let (groups, bullets) = list_groups(blocks);
        if groups.is_empty() && !bullets {
            return Ok(());
        }
        let part = numbering_part(document, draft, names)?;
        let tree = part.tree()?;
        let root = tree.root();
        let names = Names::of(root, tree.is_strict());
        let used = |element: &str, attribute: &str| {
            let nodes = root.children().filter(|node| node.is(Ns::Word, element));
            nodes
                .filter_map(|node| node.prefixed(attribute)?.parse::<u32>().ok())
                .max()
        };
        let (mut definition, mut list) = (
            used("abstractNum", "abstractNumId").map_or(0, |id| id.saturating_add(1)),
            used("num", "numId").map_or(1, |id| id.saturating_add(1)),
        );
        let (mut definitions, mut lists) = (String::new(), String::new());
        if bullets {
            definitions.push_str(&list_definition(&names, definition, false));
            lists.push_str(&list_element(&names, list, definition, false));
            self.bullets = Some(list);
            (definition, list) = (definition + 1, list + 1);
        }
        if !groups.is_empty() {
            definitions.push_str(&list_definition(&names, definition, true));
        }
        for group in groups {
            lists.push_str(&list_element(&names, list, definition, true));
            self.numbered.insert(group, list);
            list += 1;
        }
        // Definitions stand before lists, lists before what may follow them.
        let first = root
            .children()
            .find(|node| node.is(Ns::Word, "num") || node.local() == "numIdMacAtCleanup");
        let last = root.children().find(|node| node.local() == "numIdMacAtCleanup");
        let edits = match (first, last) {
            (None, _) => vec![root.append(&(definitions + &lists))],
            (Some(first), None) => vec![first.before(&definitions), root.append(&lists)],
            (Some(first), Some(last)) => vec![first.before(&definitions), last.before(&lists)],
        };
        draft
            .edit(&part.name, edits)
            .map_err(|error| refuse::patch(&error))
    }

    fn add_links(
        &mut self,
        draft: &mut Draft,
        part: &str,
        names: &Names,
        blocks: &[NewBlock],
    ) -> Result<(), Refusal> {
        for link in links(blocks) {
            if !self.links.contains_key(link) {
                let target = Target::External(link.to_owned());
                let id = draft.add_relationship(part, &names.relationship("hyperlink"), &target);
                self.links
                    .insert(link.to_owned(), id.map_err(|error| refuse::patch(&error))?);
            }
        }
        Ok(())
    }

    fn add_pictures(
        &mut self,
        draft: &mut Draft,
        part: &str,
        names: &Names,
        root: Node<'_, '_>,
        blocks: &[NewBlock],
    ) -> Result<(), Refusal> {
        let mut number: Option<u64> = None;
        for block in blocks {
            let NewBlock::Picture { data, .. } = block else {
                continue;
            };
            let bytes = base64::engine::general_purpose::STANDARD.decode(data);
            let bytes = bytes.map_err(|_| refuse::bad_input("the picture is not in base64"))?;
            let picture = picture::read(&bytes)?;
            let name = draft.free_name("word/media/image", &format!(".{}", picture.extension));
            let target = Target::Part(name.clone());
            let relationship = draft
                .add_part(&name, bytes, picture.content_type)
                .and_then(|()| draft.add_relationship(part, &names.relationship("image"), &target))
                .map_err(|error| refuse::patch(&error))?;
            let own = number.unwrap_or_else(|| highest_drawing(root)) + 1;
            number = Some(own);
            self.pictures.push(StoredPicture {
                relationship,
                number: own,
                width: picture.width,
                height: picture.height,
            });
        }
        Ok(())
    }
}

/// The part with the lists, a new one where there is none.
fn numbering_part(document: &Document, draft: &mut Draft, names: &Names) -> Result<Part, Refusal> {
    if let Some(part) = Part::related(&document.package, &document.main, "numbering")? {
        return Ok(part);
    }
    let name = draft.free_name("word/numbering", ".xml");
    let empty = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:numbering xmlns:w=\"{}\"></w:numbering>",
        names.word()
    );
    let target = Target::Part(name.clone());
    draft
        .add_part(&name, empty, NUMBERING_TYPE)
        .and_then(|()| draft.add_relationship(&document.main, &names.relationship("numbering"), &target))
        .map_err(|error| refuse::patch(&error))?;
    Part::read(draft.package(), &name)
}

/// The highest id of a drawing in a part; absurd ones aside.
fn highest_drawing(root: Node<'_, '_>) -> u64 {
    let properties = root.descendants().filter(|node| node.local() == "docPr");
    let ids = properties.filter_map(|node| node.attribute("id")?.parse::<u64>().ok());
    ids.filter(|id| *id < 2_000_000_000).max().unwrap_or(0)
}

fn unknown_style(name: &str, styles: &Styles) -> Refusal {
    let mut names = styles.names("paragraph");
    names.truncate(30);
    refuse::not_found(format!(
        "the document has no paragraph style '{name}'; it has '{}'",
        names.join("', '")
    ))
}

/// The groups of list items that have numbered ones, and whether there are bulleted ones.
fn list_groups(blocks: &[NewBlock]) -> (BTreeSet<usize>, bool) {
    let (mut groups, mut bullets) = (BTreeSet::new(), false);
    let (mut group, mut in_list) = (0, false);
    for block in blocks {
        if let NewBlock::ListItem { numbered, .. } = block {
            in_list = true;
            if *numbered {
                groups.insert(group);
            } else {
                bullets = true;
            }
        } else {
            group += usize::from(in_list);
            in_list = false;
        }
    }
    (groups, bullets)
}

/// The targets of all links in blocks.
fn links(blocks: &[NewBlock]) -> impl Iterator<Item = &str> {
    let texts = blocks.iter().flat_map(|block| match block {
        NewBlock::Heading { text, .. }
        | NewBlock::Paragraph { text, .. }
        | NewBlock::ListItem { text, .. } => vec![text],
        NewBlock::Table { rows, .. } => rows.iter().flatten().collect(),
        NewBlock::PageBreak {} | NewBlock::Picture { .. } => Vec::new(),
    });
    let runs = texts.flat_map(|text| match text {
        NewText::Runs(runs) => runs.as_slice(),
        NewText::Plain(_) => &[],
    });
    runs.filter_map(|run| run.link.as_deref())
}

/// The width between the margins of the last section, in twentieths of a point.
fn text_width(document: &Document) -> Result<u32, Refusal> {
    let part = Part::read(&document.package, &document.main)?;
    let tree = part.tree()?;
    let section = tree.root().child("body").and_then(|body| body.child("sectPr"));
    let number = |child: &str, names: [&str; 2]| {
        let node = section?.child(child)?;
        let value = names.iter().find_map(|name| node.prefixed(name))?;
        value.parse::<u32>().ok()
    };
    let width = number("pgSz", ["w", "w"]).unwrap_or(11_906);
    let margins = number("pgMar", ["left", "start"]).zip(number("pgMar", ["right", "end"]));
    let (left, right) = margins.unwrap_or((1_440, 1_440));
    let width = width.saturating_sub(left.saturating_add(right));
    Ok(if (1_000..=40_000).contains(&width) {
        width
    } else {
        USUAL_WIDTH
    })
}

/// A built-in heading: bold, smaller with each level.
pub(super) fn heading_style(names: &Names, level: u8, id: &str, normal: Option<&str>) -> String {
    let value = |name: &str, value: &str| names.empty(name, &[("val", &escape(value))]);
    let mut content = value("name", &format!("heading {level}"));
    if let Some(normal) = normal {
        content.push_str(&(value("basedOn", normal) + &value("next", normal)));
    }
    content.push_str(&value("uiPriority", "9"));
    content.push_str(&names.empty("qFormat", &[]));
    let spacing = names.empty(
        "spacing",
        &[
            ("before", if level == 1 { "360" } else { "200" }),
            ("after", "80"),
        ],
    );
    let paragraph = [
        names.empty("keepNext", &[]),
        names.empty("keepLines", &[]),
        spacing,
        value("outlineLvl", &(level - 1).to_string()),
    ];
    content.push_str(&names.element("pPr", &[], &paragraph.concat()));
    let size = ["40", "32", "28", "24"]
        .get(usize::from(level) - 1)
        .copied()
        .unwrap_or("22");
    let run = [
        names.empty("b", &[]),
        names.empty("bCs", &[]),
        value("sz", size),
        value("szCs", size),
    ];
    content.push_str(&names.element("rPr", &[], &run.concat()));
    names.element(
        "style",
        &[("type", "paragraph"), ("styleId", &escape(id))],
        &content,
    )
}

/// A definition with nine levels, each indented by half an inch.
fn list_definition(names: &Names, id: u32, numbered: bool) -> String {
    let value = |name: &str, value: &str| names.empty(name, &[("val", value)]);
    let mut content = value("multiLevelType", "hybridMultilevel");
    for level in 0..9_usize {
        let (format, text) = if numbered {
            let format = ["decimal", "lowerLetter", "lowerRoman"][level % 3];
            (format, format!("%{}.", level + 1))
        } else {
            (
                "bullet",
                ["\u{2022}", "\u{25e6}", "\u{25aa}"][level % 3].to_owned(),
            )
        };
        let start = if names.strict { "start" } else { "left" };
        let indent = names.empty(
            "ind",
            &[(start, &(720 * (level + 1)).to_string()), ("hanging", "360")],
        );
        // Without `lvlJc` numbers stand at the start (ECMA-376 part 1, 17.9.7), which is what both dialects agree on.
        let parts = [
            value("start", "1"),
            value("numFmt", format),
            value("lvlText", &text),
            names.element("pPr", &[], &indent),
        ];
        content.push_str(&names.element("lvl", &[("ilvl", &level.to_string())], &parts.concat()));
    }
    names.element("abstractNum", &[("abstractNumId", &id.to_string())], &content)
}

/// A list of a definition; a numbered one begins at 1.
fn list_element(names: &Names, id: u32, definition: u32, restarts: bool) -> String {
    let mut content = names.empty("abstractNumId", &[("val", &definition.to_string())]);
    if restarts {
        let start = names.empty("startOverride", &[("val", "1")]);
        content.push_str(&names.element("lvlOverride", &[("ilvl", "0")], &start));
    }
    names.element("num", &[("numId", &id.to_string())], &content)
}
