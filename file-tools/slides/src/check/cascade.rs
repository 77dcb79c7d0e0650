//! What text and shapes inherit: from the placeholders of layout and master, from the master's text styles, and from the
//! presentation (ECMA-376 part 1, 19.3.1.51 `txStyles`, 21.1.2.4 `lstStyle`).

use deskhand_opc::xml::{Node, Ns};

use super::color;
use crate::shape::PlaceholderMark;
use crate::theme::{Rgb, Theme};

/// The parts that a slide inherits from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sheets<'c> {
    pub(crate) slide: Node<'c, 'c>,
    pub(crate) layout: Option<Node<'c, 'c>>,
    pub(crate) master: Option<Node<'c, 'c>>,
    pub(crate) presentation: Node<'c, 'c>,
    pub(crate) theme: &'c Theme,
}

/// One shape with the shapes that it inherits from.
#[derive(Clone, Debug)]
pub(crate) struct Inherited<'c> {
    sheets: Sheets<'c>,
    /// The shape, the layout's placeholder, the master's placeholder.
    pub(crate) chain: Vec<Node<'c, 'c>>,
    mark: Option<PlaceholderMark>,
}

/// How a run of text looks in the end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunLook {
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) font: String,
    /// Nothing where it cannot be worked out.
    pub(crate) color: Option<Rgb>,
}

impl<'c> Sheets<'c> {
    /// A shape of the slide with what it inherits from.
    pub(crate) fn of_shape(self, node: Node<'c, 'c>, mark: Option<&PlaceholderMark>) -> Inherited<'c> {
        let mut chain = vec![node];
        if let Some(mark) = mark {
            let layout = self.layout.and_then(|root| placeholder(root, mark, false));
            // The master has one placeholder of a kind, whatever kind the layout gave it.
            let kind = layout.and_then(mark_of).unwrap_or_else(|| mark.clone());
            chain.extend(layout);
            chain.extend(self.master.and_then(|root| placeholder(root, &kind, true)));
        }
        Inherited {
            sheets: self,
            chain,
            mark: mark.cloned(),
        }
    }
}

fn mark_of(node: Node<'_, '_>) -> Option<PlaceholderMark> {
    let mark = node
        .descendants()
        .find(|inner| inner.is(Ns::Presentation, "ph"))?;
    Some(PlaceholderMark::of(mark))
}

fn placeholder<'c>(root: Node<'c, 'c>, mark: &PlaceholderMark, by_kind: bool) -> Option<Node<'c, 'c>> {
    let shapes = || {
        root.descendants()
            .filter(|node| node.is(Ns::Presentation, "sp") || node.is(Ns::Presentation, "pic"))
            .filter_map(|node| Some((node, mark_of(node)?)))
    };
    let group = |kind: &str| match kind {
        "title" | "ctrTitle" => "title".to_owned(),
        "dt" | "ftr" | "sldNum" => kind.to_owned(),
        _ => "body".to_owned(),
    };
    let of_kind = || {
        shapes()
            .find(|(_, other)| group(&other.kind) == group(&mark.kind))
            .map(|(node, _)| node)
    };
    if by_kind || mark.is_title() {
        return of_kind();
    }
    let same = shapes().find(|(_, other)| other.index == mark.index && !other.is_title());
    same.map(|(node, _)| node).or_else(of_kind)
}

impl<'c> Inherited<'c> {
    /// The text bodies of the chain.
    fn bodies(&self) -> impl Iterator<Item = Node<'c, 'c>> {
        self.chain
            .iter()
            .filter_map(|node| node.child_in(Ns::Presentation, "txBody"))
    }

    /// An attribute of the body's properties.
    pub(crate) fn body(&self, name: &str) -> Option<String> {
        let mut properties = self
            .bodies()
            .filter_map(|body| body.child_in(Ns::Drawing, "bodyPr"));
        properties.find_map(|node| node.attribute(name).map(std::borrow::Cow::into_owned))
    }

    /// The way text is made to fit: `noAutofit`, `normAutofit` or `spAutoFit`.
    pub(crate) fn autofit(&self) -> Option<Node<'c, 'c>> {
        let properties = self
            .bodies()
            .filter_map(|body| body.child_in(Ns::Drawing, "bodyPr"));
        let mut kinds = properties.filter_map(|node| {
            node.children()
                .find(|child| matches!(child.local(), "noAutofit" | "normAutofit" | "spAutoFit"))
        });
        kinds.next()
    }

    /// The properties of a level, nearest first: of the shape's own lists, of its placeholders', of the master's
    /// styles, of the presentation.
    pub(crate) fn levels(&self, level: usize) -> Vec<Node<'c, 'c>> {
        let name = format!("lvl{}pPr", level.min(8) + 1);
        let of_level = |list: Node<'c, 'c>| {
            list.children()
                .find(|child| child.local() == name)
                .or_else(|| list.children().find(|child| child.local() == "defPPr"))
        };
        let mut lists: Vec<Node<'c, 'c>> = self
            .bodies()
            .filter_map(|body| body.child_in(Ns::Drawing, "lstStyle"))
            .collect();
        if let Some(mark) = &self.mark {
            let style = match mark.kind.as_str() {
                "title" | "ctrTitle" => "titleStyle",
                "dt" | "ftr" | "sldNum" => "otherStyle",
                _ => "bodyStyle",
            };
            let styles = self.sheets.master.and_then(|master| master.child("txStyles"));
            lists.extend(styles.and_then(|styles| styles.child(style)));
        }
        lists.extend(self.sheets.presentation.child("defaultTextStyle"));
        lists.into_iter().filter_map(of_level).collect()
    }

    /// How a run looks; `run` are its own properties.
    pub(crate) fn run(&self, run: Option<Node<'c, 'c>>, level: usize) -> RunLook {
        let defaults: Vec<Node<'c, 'c>> = self
            .levels(level)
            .into_iter()
            .filter_map(|properties| properties.child("defRPr"))
            .collect();
        let all = || run.into_iter().chain(defaults.iter().copied());
        let size = all().find_map(|node| node.attribute("sz")?.parse::<f64>().ok());
        let bold = all().find_map(|node| node.attribute("b").map(|bold| bold == "1" || bold == "true"));
        let face = all().find_map(|node| {
            let face = node.child("latin")?.attribute("typeface")?;
            Some(face.into_owned())
        });
        let theme = self.sheets.theme;
        let font = match face.as_deref() {
            Some("+mj-lt") => theme.heading.clone(),
            Some("+mn-lt") | None => theme.body.clone(),
            Some(face) => face.to_owned(),
        };
        RunLook {
            size: size.unwrap_or(1800.0) / 100.0,
            bold: bold.unwrap_or(false),
            font,
            color: self.text_color(run, &defaults),
        }
    }

    fn text_color(&self, run: Option<Node<'c, 'c>>, defaults: &[Node<'c, 'c>]) -> Option<Rgb> {
        let theme = self.sheets.theme;
        let fill = |node: &Node<'c, 'c>| {
            node.children().find(|child| {
                matches!(
                    child.local(),
                    "solidFill" | "gradFill" | "noFill" | "pattFill" | "blipFill"
                )
            })
        };
        if let Some(own) = run.as_ref().and_then(fill) {
            return color::solid(own, theme);
        }
        // The shape's style stands before what the presentation gives all text.
        let style = self.chain.first().and_then(|node| node.child("style"));
        let reference = style.and_then(|style| style.child_in(Ns::Drawing, "fontRef"));
        if let Some(named) = reference.and_then(|reference| reference.children().next()) {
            return color::resolve(named, theme);
        }
        match defaults.iter().find_map(fill) {
            Some(inherited) => color::solid(inherited, theme),
            None => theme.color("tx1"),
        }
    }
}
