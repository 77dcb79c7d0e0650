//! Appends cell formats to the styles part. Existing ones never change: other cells use them.

mod difference;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_opc::{Blob, Draft, Target};
use deskhand_operations::RefusalCode;
use deskhand_operations::workbook::{CellFormat, HorizontalAlignment};

use crate::error::{Outcome, refuse};
use crate::styles::{BUILT_IN, number};
use crate::workbook::Workbook;

const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml";
const RELATIONSHIP: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles";
/// The least that a styles part holds.
const BLANK: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    "\n",
    r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#,
    r#"<fonts count="1"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>"#,
    r#"<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>"#,
    r#"<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>"#,
    r#"<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>"#,
    r#"<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>"#,
    r#"<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>"#,
    "</styleSheet>"
);
/// Children of a font in the order that Excel writes and validators expect.
const FONT: &[&str] = &[
    "b",
    "i",
    "strike",
    "condense",
    "extend",
    "outline",
    "shadow",
    "u",
    "vertAlign",
    "sz",
    "color",
    "name",
    "family",
    "charset",
    "scheme",
];
/// Excel's own limit.
const MAX_XFS: usize = 64_000;

/// A list in the styles part that grows at its end.
#[derive(Debug, Default)]
struct Growing {
    existing: Vec<String>,
    added: Vec<String>,
}

impl Growing {
    /// The index of an entry, appended where it is not there yet.
    fn index_of(&mut self, xml: String) -> usize {
        if let Some(index) = self
            .existing
            .iter()
            .chain(&self.added)
            .position(|held| *held == xml)
        {
            return index;
        }
        self.added.push(xml);
        self.existing.len() + self.added.len() - 1
    }
}

/// New cell formats, made from old ones.
#[derive(Debug)]
pub(crate) struct StyleEdit {
    part: String,
    content: Blob,
    prefix: String,
    fonts: Growing,
    fills: Growing,
    xfs: Growing,
    /// Formats of rules.
    differences: Growing,
    /// Declared number formats: id and code.
    formats: Vec<(u32, String)>,
    formats_added: Vec<(u32, String)>,
    made: HashMap<(u32, usize), u32>,
    wanted: Vec<CellFormat>,
}

impl StyleEdit {
    /// Reads the styles part of a draft; adds one where there is none.
    pub(crate) fn new(workbook: &Workbook, draft: &mut Draft) -> Outcome<Self> {
        let held = draft
            .package()
            .related(&workbook.part, "styles")?
            .into_iter()
            .next();
        let part = if let Some(part) = held {
            part
        } else {
            add_blank(workbook, draft)?
        };
        let content = draft.package().part(&part)?;
        let tree = Tree::parse(&part, &content, workbook.package.limits())?;
        let root = tree.root();
        let raw = |name: &str| -> Growing {
            let nodes = root
                .child(name)
                .into_iter()
                .flat_map(|list| list.children().collect::<Vec<_>>());
            let text = |node: Node<'_, '_>| String::from_utf8_lossy(&content[node.span()]).into_owned();
            Growing {
                existing: nodes.map(text).collect(),
                added: Vec::new(),
            }
        };
        let formats = root
            .child("numFmts")
            .into_iter()
            .flat_map(|list| list.children().collect::<Vec<_>>());
        let formats = formats.filter_map(|node| {
            Some((
                number(&node, "numFmtId")?,
                node.attribute("formatCode")?.into_owned(),
            ))
        });
        let edit = Self {
            prefix: root.prefix_colon(),
            fonts: raw("fonts"),
            fills: raw("fills"),
            xfs: raw("cellXfs"),
            differences: raw("dxfs"),
            formats: formats.collect(),
            formats_added: Vec::new(),
            made: HashMap::new(),
            wanted: Vec::new(),
            part: part.clone(),
            content: content.clone(),
        };
        if edit.fonts.existing.is_empty() || edit.fills.existing.is_empty() || edit.xfs.existing.is_empty() {
            return refuse(
                RefusalCode::Corrupt,
                "The workbook's styles cannot be read; nothing was changed.",
            );
        }
        Ok(edit)
    }

    /// The index of the style that is `old` with the format set.
    pub(crate) fn with(&mut self, old: u32, format: &CellFormat) -> Outcome<u32> {
        let wanted = self
            .wanted
            .iter()
            .position(|known| known == format)
            .unwrap_or_else(|| {
                self.wanted.push(format.clone());
                self.wanted.len() - 1
            });
        if let Some(made) = self.made.get(&(old, wanted)) {
            return Ok(*made);
        }
        let base = if (old as usize) < self.xfs.existing.len() {
            old
        } else {
            0
        };
        let xml = self.xf(&self.xfs.existing[base as usize].clone(), format)?;
        let made = self.xfs.index_of(xml);
        if made >= MAX_XFS {
            return refuse(
                RefusalCode::TooLarge,
                "The workbook has too many cell formats; nothing was changed.",
            );
        }
        self.made.insert((old, wanted), made as u32);
        Ok(made as u32)
    }

    /// The index of the style that is `base` with the border of another.
    pub(crate) fn with_border_of(&mut self, base: u32, other: u32) -> Outcome<u32> {
        let held = |index: u32| self.xfs.existing.get(index as usize).cloned();
        let (Some(base_xml), Some(other_xml)) = (held(base), held(other)) else {
            return Ok(base);
        };
        let border = |xml: &str| -> Outcome<String> {
            let wrapped = self.wrapped(xml);
            let tree = Tree::parse("styles", wrapped.as_bytes(), &deskhand_opc::Limits::default())?;
            let node = tree.root().children().next();
            let border = node.and_then(|node| node.attribute("borderId").map(std::borrow::Cow::into_owned));
            Ok(border.unwrap_or_else(|| "0".to_owned()))
        };
        let (own, wanted) = (border(&base_xml)?, border(&other_xml)?);
        if own == wanted {
            return Ok(base);
        }
        let xml = self.with_attribute(&base_xml, "borderId", &wanted)?;
        let plain = xml.replace(" applyBorder=\"1\"", "");
        let known = self
            .xfs
            .existing
            .iter()
            .position(|held| *held == xml || *held == plain);
        let made = match known {
            Some(index) => index,
            None => self.xfs.index_of(self.with_attribute(&xml, "applyBorder", "1")?),
        };
        if made >= MAX_XFS {
            return refuse(
                RefusalCode::TooLarge,
                "The workbook has too many cell formats; nothing was changed.",
            );
        }
        Ok(made as u32)
    }

    /// An element's XML with an attribute set.
    fn with_attribute(&self, xml: &str, name: &str, value: &str) -> Outcome<String> {
        let wrapped = self.wrapped(xml);
        let offset = wrapped.len() - xml.len() - self.prefix.len() - "</s>".len();
        let tree = Tree::parse("styles", wrapped.as_bytes(), &deskhand_opc::Limits::default())?;
        let mut set = xml.to_owned();
        if let Some(node) = tree.root().children().next() {
            let (at, new) = node.tag().set_attribute(name, value);
            let new = String::from_utf8_lossy(&new).into_owned();
            set.replace_range(at.start - offset..at.end - offset, &new);
        }
        Ok(set)
    }

    /// A cell format's XML with the wished changes.
    fn xf(&mut self, old: &str, format: &CellFormat) -> Outcome<String> {
        let wrapped = self.wrapped(old);
        let tree = Tree::parse("styles", wrapped.as_bytes(), &deskhand_opc::Limits::default())?;
        let Some(node) = tree.root().children().next() else {
            return refuse(
                RefusalCode::Corrupt,
                "The workbook's styles cannot be read; nothing was changed.",
            );
        };
        let mut attributes: Vec<(String, String)> = node
            .tag()
            .attributes()
            .map(|attribute| (attribute.name.to_owned(), attribute.raw.to_owned()))
            .collect();
        let mut set = |name: &str, value: String| match attributes.iter_mut().find(|(known, _)| known == name)
        {
            Some((_, held)) => *held = value,
            None => attributes.push((name.to_owned(), value)),
        };
        if let Some(code) = &format.number_format {
            set("numFmtId", self.number_format(code).to_string());
            set("applyNumberFormat", "1".to_owned());
        }
        let font_changes = format.bold.is_some()
            || format.italic.is_some()
            || format.font_color.is_some()
            || format.font_size.is_some();
        if font_changes {
            let font = self.font(number(&node, "fontId").unwrap_or_default(), format)?;
            set("fontId", font.to_string());
            set("applyFont", "1".to_owned());
        }
        if let Some(fill) = &format.fill_color {
            set("fillId", self.fill(fill).to_string());
            set("applyFill", "1".to_owned());
        }
        let aligned = format.horizontal.is_some() || format.wrap.is_some();
        if aligned {
            set("applyAlignment", "1".to_owned());
        }
        let p = &self.prefix;
        let mut inner = String::new();
        if aligned {
            inner.push_str(&alignment(node.child("alignment"), p, format));
        }
        for child in node
            .children()
            .filter(|child| !(aligned && child.local() == "alignment"))
        {
            inner.push_str(&wrapped[child.span()]);
        }
        let attributes = written(&attributes);
        Ok(if inner.is_empty() {
            format!("<{p}xf{attributes}/>")
        } else {
            format!("<{p}xf{attributes}>{inner}</{p}xf>")
        })
    }

    /// One element of the part as a document of its own.
    fn wrapped(&self, element: &str) -> String {
        let declaration = if self.prefix.is_empty() {
            "xmlns".to_owned()
        } else {
            format!("xmlns:{}", self.prefix.trim_end_matches(':'))
        };
        format!(
            "<{}s {declaration}=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">{element}</{}s>",
            self.prefix, self.prefix
        )
    }

    fn number_format(&mut self, code: &str) -> u32 {
        if let Some((id, _)) = BUILT_IN.iter().find(|(_, known)| *known == code) {
            return *id;
        }
        let all = || self.formats.iter().chain(&self.formats_added);
        if let Some((id, _)) = all().find(|(_, known)| known == code) {
            return *id;
        }
        let id = all().map(|(id, _)| *id).max().unwrap_or_default().max(163) + 1;
        self.formats_added.push((id, code.to_owned()));
        id
    }

    fn fill(&mut self, color: &str) -> usize {
        let p = &self.prefix;
        let hex = color.trim_start_matches('#');
        if hex.is_empty() {
            return 0;
        }
        self.fills.index_of(format!(
            r#"<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="FF{hex}"/><{p}bgColor indexed="64"/></{p}patternFill></{p}fill>"#
        ))
    }

    fn font(&mut self, old: u32, format: &CellFormat) -> Outcome<usize> {
        let raw = self
            .fonts
            .existing
            .get(old as usize)
            .or_else(|| self.fonts.existing.first())
            .cloned()
            .unwrap_or_default();
        let wrapped = self.wrapped(&raw);
        let tree = Tree::parse("styles", wrapped.as_bytes(), &deskhand_opc::Limits::default())?;
        let p = self.prefix.clone();
        let mut children: Vec<(String, String)> = Vec::new();
        for child in tree.root().children().next().iter().flat_map(Node::children) {
            children.push((child.local().to_owned(), wrapped[child.span()].to_owned()));
        }
        let mut set = |local: &str, xml: Option<String>| {
            children.retain(|(held, _)| held != local);
            children.extend(xml.map(|xml| (local.to_owned(), xml)));
        };
        if let Some(bold) = format.bold {
            set("b", bold.then(|| format!("<{p}b/>")));
        }
        if let Some(italic) = format.italic {
            set("i", italic.then(|| format!("<{p}i/>")));
        }
        if let Some(size) = format.font_size {
            set("sz", Some(format!(r#"<{p}sz val="{size}"/>"#)));
        }
        if let Some(color) = &format.font_color {
            let hex = color.trim_start_matches('#');
            set(
                "color",
                (!hex.is_empty()).then(|| format!(r#"<{p}color rgb="FF{hex}"/>"#)),
            );
        }
        children.sort_by_key(|(local, _)| FONT.iter().position(|known| known == local).unwrap_or(FONT.len()));
        let inner: String = children.into_iter().map(|(_, xml)| xml).collect();
        Ok(self.fonts.index_of(format!("<{p}font>{inner}</{p}font>")))
    }

    /// Writes the additions into the draft.
    pub(crate) fn finish(self, draft: &mut Draft) -> Outcome<()> {
        let tree = Tree::parse(&self.part, &self.content, draft.package().limits())?;
        let root = tree.root();
        let mut edits: Vec<(Range<usize>, Blob)> = Vec::new();
        if !self.formats_added.is_empty() {
            let p = &self.prefix;
            let mut xml = String::new();
            for (id, code) in &self.formats_added {
                let _ = write!(
                    xml,
                    r#"<{p}numFmt numFmtId="{id}" formatCode="{}"/>"#,
                    escape(code)
                );
            }
            match root.child("numFmts") {
                Some(list) => grow(
                    &mut edits,
                    &list,
                    &xml,
                    self.formats.len() + self.formats_added.len(),
                ),
                None => edits.push(root.prepend(&format!(
                    r#"<{p}numFmts count="{}">{xml}</{p}numFmts>"#,
                    self.formats_added.len()
                ))),
            }
        }
        for (name, growing) in [
            ("fonts", &self.fonts),
            ("fills", &self.fills),
            ("cellXfs", &self.xfs),
        ] {
            if let (Some(list), false) = (root.child(name), growing.added.is_empty()) {
                grow(
                    &mut edits,
                    &list,
                    &growing.added.concat(),
                    growing.existing.len() + growing.added.len(),
                );
            }
        }
        edits.extend(self.new_differences(root));
        draft.edit(&self.part, edits)?;
        Ok(())
    }
}

/// Adds the least styles part to a workbook without one.
fn add_blank(workbook: &Workbook, draft: &mut Draft) -> Outcome<String> {
    let part = draft.free_name("xl/styles", ".xml");
    draft.add_part(&part, BLANK, TYPE)?;
    draft.add_relationship(&workbook.part, RELATIONSHIP, &Target::Part(part.clone()))?;
    Ok(part)
}

/// Attributes as they stand in a tag; values are escaped already.
fn written(attributes: &[(String, String)]) -> String {
    let mut xml = String::new();
    for (name, value) in attributes {
        let _ = write!(xml, r#" {name}="{value}""#);
    }
    xml
}

/// Appends to a list and sets its count.
fn grow(edits: &mut Vec<(Range<usize>, Blob)>, list: &Node<'_, '_>, xml: &str, count: usize) {
    edits.push(list.append(xml));
    if !list.self_closing() {
        edits.push(list.tag().set_attribute("count", &count.to_string()));
    }
}

fn alignment(old: Option<Node<'_, '_>>, p: &str, format: &CellFormat) -> String {
    let mut attributes: Vec<(String, String)> = old
        .iter()
        .flat_map(|node| node.tag().attributes())
        .map(|attribute| (attribute.name.to_owned(), attribute.raw.to_owned()))
        .collect();
    let mut set = |name: &str, value: &str| {
        attributes.retain(|(held, _)| held != name);
        attributes.push((name.to_owned(), value.to_owned()));
    };
    if let Some(horizontal) = format.horizontal {
        set(
            "horizontal",
            match horizontal {
                HorizontalAlignment::General => "general",
                HorizontalAlignment::Left => "left",
                HorizontalAlignment::Center => "center",
                HorizontalAlignment::Right => "right",
            },
        );
    }
    if let Some(wrap) = format.wrap {
        set("wrapText", if wrap { "1" } else { "0" });
    }
    let attributes = written(&attributes);
    format!("<{p}alignment{attributes}/>")
}
