//! `workbook.info`.

use std::borrow::Cow;

use deskhand_opc::Target;
use deskhand_opc::xml::{Node, Tree};
use deskhand_operations::answer::{
    ChartContent, DefinedName, NamedArea, PictureContent, SheetContent, WorkbookContent,
};

use crate::cells::Keep;
use crate::chart::read;
use crate::drawings::{self, Object};
use crate::error::Outcome;
use crate::sources;
use crate::stream::SheetPart;
use crate::tables;
use crate::workbook::{SheetEntry, SheetKind, Workbook, is_true};

/// Charts and pictures of one sheet, series of one chart, links and connections that are told.
const MAX_OBJECTS: usize = 200;
const MAX_SERIES: usize = 50;

pub(super) fn answer(workbook: &Workbook) -> Outcome<WorkbookContent> {
    let sheets = workbook
        .sheets
        .iter()
        .map(|sheet| content(workbook, sheet))
        .collect::<Outcome<Vec<_>>>()?;
    let told = workbook
        .names
        .iter()
        .filter(|name| !name.name.starts_with("_xlnm."));
    let names = told.map(|name| DefinedName {
        name: name.name.clone(),
        refers_to: name.refers_to.clone(),
        hidden: name.hidden,
    });
    let mut answer = WorkbookContent {
        kind: "workbook".to_owned(),
        sheets,
        names: names.collect(),
        label: workbook.package.label()?,
        external_links: external_links(workbook)?,
        connections: connections(workbook)?,
        sources: sources::count(workbook)?,
        ..WorkbookContent::default()
    };
    let part = workbook.package.part(&workbook.part)?;
    let tree = Tree::parse(&workbook.part, &part, workbook.package.limits())?;
    for (sheet, node) in answer.sheets.iter_mut().zip(tabs(tree.root())) {
        sheet.very_hidden = node.attribute("state").is_some_and(|state| state == "veryHidden");
    }
    let mode = setting(tree.root(), "calcPr", "calcMode");
    answer.calculation = mode.and_then(|mode| match mode.as_ref() {
        "manual" => Some("manual".to_owned()),
        "autoNoTable" => Some("automaticExceptTables".to_owned()),
        _ => None,
    });
    answer.features = features(workbook, &tree)?;
    Ok(answer)
}

fn tabs<'t, 'a>(root: Node<'t, 'a>) -> impl Iterator<Item = Node<'t, 'a>> {
    root.child("sheets")
        .into_iter()
        .flat_map(|sheets| sheets.children())
}

fn setting<'a>(root: Node<'_, 'a>, element: &str, attribute: &str) -> Option<Cow<'a, str>> {
    root.child(element)?.attribute(attribute)
}

/// What else is to be known of the file.
fn features(workbook: &Workbook, tree: &Tree<'_>) -> Outcome<Vec<String>> {
    let says = |element: &str, attribute: &str| {
        setting(tree.root(), element, attribute).is_some_and(|value| is_true(&value))
    };
    let denies = |element: &str, attribute: &str| {
        setting(tree.root(), element, attribute).is_some_and(|value| !is_true(&value))
    };
    let types = workbook.package.content_types()?;
    let macros = workbook.package.parts().any(|part| {
        let kind = types.of(part).unwrap_or_default();
        kind == "application/vnd.ms-office.vbaProject" || kind.contains("macrosheet")
    });
    let known = [
        ("macros", macros),
        ("signed", workbook.package.is_signed()?),
        ("structureProtected", says("workbookProtection", "lockStructure")),
        ("dates1904", workbook.date_1904),
        ("iterates", says("calcPr", "iterate")),
        ("precisionAsShown", denies("calcPr", "fullPrecision")),
        ("strict", tree.is_strict()),
    ];
    let there = known.into_iter().filter(|(_, there)| *there);
    Ok(there.map(|(name, _)| name.to_owned()).collect())
}

/// The workbooks and servers that external links lead to.
fn external_links(workbook: &Workbook) -> Outcome<Vec<String>> {
    let mut links = Vec::new();
    for part in workbook.package.related(&workbook.part, "externalLink")? {
        let targets = workbook.package.relationships(&part)?.into_iter();
        let outside = targets.filter_map(|relationship| match relationship.target {
            Target::External(target) => Some(target),
            Target::Part(_) => None,
        });
        let before = links.len();
        links.extend(outside);
        if links.len() == before {
            let content = workbook.package.part(&part)?;
            let tree = Tree::parse(&part, &content, workbook.package.limits())?;
            let link = tree.root().children().find(|node| node.local() == "ddeLink");
            let said = |node: Node<'_, '_>, name: &str| node.attribute(name).unwrap_or_default().into_owned();
            links.extend(link.map(|node| format!("{}|{}", said(node, "ddeService"), said(node, "ddeTopic"))));
        }
    }
    links.truncate(MAX_OBJECTS);
    Ok(links)
}

/// The names of connections.
fn connections(workbook: &Workbook) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for part in workbook.package.related(&workbook.part, "connections")? {
        let content = workbook.package.part(&part)?;
        let tree = Tree::parse(&part, &content, workbook.package.limits())?;
        let connections = tree.root().children().filter(|node| node.local() == "connection");
        names.extend(connections.filter_map(|node| node.attribute("name").map(Cow::into_owned)));
    }
    names.truncate(MAX_OBJECTS);
    Ok(names)
}

/// One sheet.
pub(super) fn content(workbook: &Workbook, sheet: &SheetEntry) -> Outcome<SheetContent> {
    let mut content = SheetContent {
        name: sheet.name.clone(),
        visible: sheet.visible,
        ..SheetContent::default()
    };
    objects(workbook, sheet, &mut content)?;
    if sheet.kind != SheetKind::Worksheet {
        content.kind = other_kind(workbook, sheet)?;
        return Ok(content);
    }
    let part = SheetPart::without_rows(&workbook.package, &sheet.part)?;
    let scanned = part.read(workbook, &Keep::Areas(Vec::new()))?;
    content.used_range = scanned.data.used.map(|area| area.to_string());
    content.protected = scanned.protected;
    for table in tables::of_sheet(&workbook.package, sheet)? {
        content.tables.push(NamedArea {
            name: table.name,
            range: table.area.to_string(),
            columns: table.columns,
        });
    }
    for part in workbook.package.related(&sheet.part, "pivotTable")? {
        let bytes = workbook.package.part(&part)?;
        let tree = Tree::parse(&part, &bytes, workbook.package.limits())?;
        content
            .pivots
            .extend(tree.root().attribute("name").map(Cow::into_owned));
    }
    Ok(content)
}

/// What a tab without cells is.
fn other_kind(workbook: &Workbook, sheet: &SheetEntry) -> Outcome<Option<String>> {
    let relationships = workbook.package.relationships(&workbook.part)?;
    let own = relationships
        .iter()
        .find(|relationship| relationship.id == sheet.relationship);
    let known = [
        ("/chartsheet", "chart"),
        ("/dialogsheet", "dialog"),
        ("/xlMacrosheet", "macro"),
        ("/xlIntlMacrosheet", "macro"),
    ];
    let kind = own.and_then(|own| known.iter().find(|(ending, _)| own.kind.ends_with(ending)));
    Ok(kind.map(|(_, kind)| (*kind).to_owned()))
}

/// Charts and pictures.
fn objects(workbook: &Workbook, sheet: &SheetEntry, content: &mut SheetContent) -> Outcome<()> {
    let charts = drawings::charts(&workbook.package, sheet)?;
    for chart in charts.iter().take(MAX_OBJECTS) {
        content.chart_details.push(chart_content(workbook, chart)?);
    }
    content.charts = charts.into_iter().map(|chart| chart.name).collect();
    let pictures = drawings::pictures(&workbook.package, sheet)?;
    content.pictures = pictures
        .into_iter()
        .take(MAX_OBJECTS)
        .map(|picture| PictureContent {
            name: picture.name,
            place: picture.place.map(|place| place.to_string()),
            alt_text: picture.alt_text,
        })
        .collect();
    Ok(())
}

fn chart_content(workbook: &Workbook, chart: &Object) -> Outcome<ChartContent> {
    let mut content = ChartContent {
        name: chart.name.clone(),
        kind: "other".to_owned(),
        place: chart.place.map(|place| place.to_string()),
        ..ChartContent::default()
    };
    let Some(part) = &chart.part else {
        return Ok(content);
    };
    let bytes = workbook.package.part(part)?;
    let tree = Tree::parse(part, &bytes, workbook.package.limits())?;
    if chart.extended {
        // The layout says what it is: `waterfall`, `funnel`, `treemap`.
        let layout = tree
            .root()
            .descendants()
            .find_map(|node| node.attribute("layoutId"));
        content.kind = layout.map_or_else(|| "other".to_owned(), Cow::into_owned);
        return Ok(content);
    }
    content.title = read::chart(&tree).and_then(read::title);
    if let Some(plot) = read::plot(&tree) {
        content.kind = plot.kind();
        content.series = plot.ranges(MAX_SERIES);
    }
    Ok(content)
}
