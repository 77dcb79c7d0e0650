//! `pageSetup`.

use deskhand_opc::Draft;
use deskhand_opc::xml::escape;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{Margins, Orientation, PageSetup, PaperSize};
use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::element_list::{self, Edit};
use crate::error::{Outcome, refuse};
use crate::names::{self, NewName};
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

/// Characters of a header or footer that Excel takes.
const MAX_HEADER: usize = 255;
/// Pages that everything may be fitted to.
const MAX_PAGES: u32 = 32_767;
/// Points in an inch: margins are in inches in files.
const INCH: f64 = 72.0;
/// The widest margin, in points.
const WIDEST: f64 = 49.0 * INCH;
/// Names that Excel gives to what is printed, and to what is on every page.
const PRINT_AREA: &str = "_xlnm.Print_Area";
const PRINT_TITLES: &str = "_xlnm.Print_Titles";

/// The edits for one element.
type Step = fn(&Worksheet<'_>, &Draft, &PageSetup) -> Outcome<Vec<Edit>>;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, page: &PageSetup) -> Outcome<Applied> {
    let Some(index) = workbook.sheet_index(&page.sheet) else {
        return addresses::no_sheet(workbook, &page.sheet);
    };
    let sheet = workbook.worksheet(index)?;
    check(page)?;
    // From the last element to the first, so that each finds its neighbours as they stand.
    let steps: [Step; 5] = [
        header_footer,
        |sheet, _, page| Ok(page_setup(sheet, page)),
        |sheet, _, page| Ok(margins(sheet, page)),
        |sheet, _, page| Ok(print_options(sheet, page)),
        fit_to_page,
    ];
    for step in steps {
        let content = draft.package().part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
        let edits = step(&scanned, draft, page)?;
        draft.edit(&sheet.part, edits)?;
    }
    print_names(workbook, draft, index, page)?;
    Ok(Applied {
        target: sheet.name.clone(),
        changed: 1,
        ..Applied::default()
    })
}

fn check(page: &PageSetup) -> Outcome<()> {
    let bad = |why: &str| refuse(RefusalCode::BadInput, format!("{why}; nothing was changed."));
    if page.scale.is_some_and(|scale| !(10..=400).contains(&scale)) {
        return bad("A scale lies between 10 and 400 percent");
    }
    if page.scale.is_some() && (page.fit_width.is_some() || page.fit_height.is_some()) {
        return bad("A page is scaled or fitted, not both");
    }
    let pages = page.fit_width.iter().chain(&page.fit_height);
    if pages.clone().any(|pages| *pages > MAX_PAGES) {
        return bad("That is more pages than Excel fits to");
    }
    let texts = page.header.iter().chain(&page.footer);
    if texts.clone().any(|text| text.encode_utf16().count() > MAX_HEADER) {
        return bad("A header or footer has at most 255 characters");
    }
    let margins = page.margins.clone().unwrap_or_default();
    if sides(&margins)
        .iter()
        .filter_map(|(_, _, points)| *points)
        .any(|points| !(0.0..=WIDEST).contains(&points))
    {
        return bad("A margin lies between 0 and 49 inches");
    }
    Ok(())
}

fn fit_to_page(sheet: &Worksheet<'_>, draft: &Draft, page: &PageSetup) -> Outcome<Vec<Edit>> {
    let fits = page.fit_width.is_some() || page.fit_height.is_some();
    if !fits && page.scale.is_none() {
        return Ok(Vec::new());
    }
    let p = &sheet.prefix;
    let Some(held) = sheet.fragment("sheetPr", draft.package().limits())? else {
        let xml = format!(r#"<{p}sheetPr><{p}pageSetUpPr fitToPage="1"/></{p}sheetPr>"#);
        return Ok(if fits {
            vec![sheet.insert("sheetPr", &xml)]
        } else {
            Vec::new()
        });
    };
    let root = held.tree.root();
    let edit = match root.child("pageSetUpPr") {
        Some(node) if fits => Some(node.tag().set_attribute("fitToPage", "1")),
        Some(node) => node.tag().remove_attribute("fitToPage"),
        // It is the last child of `sheetPr`.
        None => fits.then(|| root.append(&format!(r#"<{p}pageSetUpPr fitToPage="1"/>"#))),
    };
    Ok(edit.into_iter().map(|edit| held.edit(edit)).collect())
}

fn print_options(sheet: &Worksheet<'_>, page: &PageSetup) -> Vec<Edit> {
    let Some(gridlines) = page.gridlines else {
        return Vec::new();
    };
    let value = gridlines.then(|| "1".to_owned());
    element_list::attributes(sheet, "printOptions", &[("gridLines", value)])
}

/// The sides with Excel's own margins in inches, and those asked for in points.
fn sides(margins: &Margins) -> [(&'static str, f64, Option<f64>); 6] {
    [
        ("left", 0.7, margins.left),
        ("right", 0.7, margins.right),
        ("top", 0.75, margins.top),
        ("bottom", 0.75, margins.bottom),
        ("header", 0.3, margins.header),
        ("footer", 0.3, margins.footer),
    ]
}

fn margins(sheet: &Worksheet<'_>, page: &PageSetup) -> Vec<Edit> {
    let Some(margins) = &page.margins else {
        return Vec::new();
    };
    let is_new = sheet.find("pageMargins").is_none();
    // The schema wants all six.
    let set: Vec<(&str, Option<String>)> = sides(margins)
        .into_iter()
        .filter_map(|(side, own, points)| match points {
            Some(points) => Some((side, Some((points / INCH).to_string()))),
            None if is_new => Some((side, Some(own.to_string()))),
            None => None,
        })
        .collect();
    element_list::attributes(sheet, "pageMargins", &set)
}

fn page_setup(sheet: &Worksheet<'_>, page: &PageSetup) -> Vec<Edit> {
    let mut set: Vec<(&str, Option<String>)> = Vec::new();
    if let Some(paper) = page.paper {
        // ECMA-376 part 1, 18.3.1.63.
        let code = match paper {
            PaperSize::Letter => 1,
            PaperSize::Tabloid => 3,
            PaperSize::Legal => 5,
            PaperSize::A3 => 8,
            PaperSize::A4 => 9,
            PaperSize::A5 => 11,
        };
        set.push(("paperSize", Some(code.to_string())));
    }
    if let Some(scale) = page.scale {
        set.push(("scale", Some(scale.to_string())));
    }
    for (name, pages) in [("fitToWidth", page.fit_width), ("fitToHeight", page.fit_height)] {
        if let Some(pages) = pages {
            set.push((name, Some(pages.to_string())));
        }
    }
    if let Some(orientation) = page.orientation {
        let name = match orientation {
            Orientation::Portrait => "portrait",
            Orientation::Landscape => "landscape",
        };
        set.push(("orientation", Some(name.to_owned())));
    }
    element_list::attributes(sheet, "pageSetup", &set)
}

fn header_footer(sheet: &Worksheet<'_>, draft: &Draft, page: &PageSetup) -> Outcome<Vec<Edit>> {
    let wanted = [("oddHeader", &page.header), ("oddFooter", &page.footer)];
    let p = &sheet.prefix;
    let xml = |name: &str, text: &str| {
        if text.is_empty() {
            String::new()
        } else {
            format!(r#"<{p}{name} xml:space="preserve">{}</{p}{name}>"#, escape(text))
        }
    };
    let Some(held) = sheet.fragment("headerFooter", draft.package().limits())? else {
        let inner: String = wanted
            .iter()
            .filter_map(|(name, text)| Some(xml(name, text.as_deref()?)))
            .collect();
        if inner.is_empty() {
            return Ok(Vec::new());
        }
        let element = format!("<{p}headerFooter>{inner}</{p}headerFooter>");
        return Ok(vec![sheet.insert("headerFooter", &element)]);
    };
    let root = held.tree.root();
    let (mut edits, mut first) = (Vec::new(), String::new());
    for (name, text) in wanted {
        let Some(text) = text else { continue };
        match root.child(name) {
            Some(node) => edits.push(held.edit(node.replace(&xml(name, text)))),
            None if name == "oddFooter" && root.child("oddHeader").is_some() => {
                let header = root.child("oddHeader").map(|node| node.after(&xml(name, text)));
                edits.extend(header.map(|edit| held.edit(edit)));
            }
            None => first.push_str(&xml(name, text)),
        }
    }
    if !first.is_empty() {
        edits.push(held.edit(root.prepend(&first)));
    }
    Ok(edits)
}

/// What is printed, and what is on every page: names of the sheet.
pub(super) fn print_names(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    page: &PageSetup,
) -> Outcome<()> {
    let sheet = &workbook.sheets[index].name;
    let held = |name: &str| {
        let mut names = workbook.names.iter();
        names.find(|entry| entry.local == Some(index) && entry.name.eq_ignore_ascii_case(name))
    };
    if let Some(area) = &page.print_area {
        let areas = areas(area)?;
        let text: Vec<String> = areas.iter().map(|area| names::absolute(sheet, *area)).collect();
        set(workbook, draft, index, PRINT_AREA, &text.join(","))?;
    }
    if page.title_rows.is_none() && page.title_columns.is_none() {
        return Ok(());
    }
    let old = held(PRINT_TITLES).map(|entry| deskhand_formula::references(&entry.refers_to).ranges);
    let kept = |whole: fn(&Area) -> bool| {
        let areas = old.iter().flatten().map(|range| range.area);
        areas.filter(whole).collect::<Vec<Area>>()
    };
    let is_rows: fn(&Area) -> bool = |area| area.left == 0 && area.right == MAX_COLUMNS - 1;
    let is_columns: fn(&Area) -> bool = |area| area.top == 0 && area.bottom == MAX_ROWS - 1;
    let titles = |asked: &Option<String>, whole: fn(&Area) -> bool| match asked {
        None => Ok(kept(whole)),
        Some(text) => {
            let areas = areas(text)?;
            if areas.len() > 1 || !areas.iter().all(whole) {
                return refuse(
                    RefusalCode::BadInput,
                    format!(
                        "`{text}` is not whole rows such as 1:2, or whole columns such as A:B; nothing was changed."
                    ),
                );
            }
            Ok(areas)
        }
    };
    let mut all = titles(&page.title_columns, is_columns)?;
    all.extend(titles(&page.title_rows, is_rows)?);
    let text: Vec<String> = all.iter().map(|area| names::absolute(sheet, *area)).collect();
    set(workbook, draft, index, PRINT_TITLES, &text.join(","))
}

/// Areas without sheet, parted by commas; none in an empty text.
fn areas(text: &str) -> Outcome<Vec<Area>> {
    let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
    Ok(texts.map(Area::parse).collect::<Result<Vec<Area>, _>>()?)
}

fn set(workbook: &Workbook, draft: &mut Draft, index: usize, name: &str, refers_to: &str) -> Outcome<()> {
    if refers_to.is_empty() {
        return names::remove(workbook, draft, name, Some(index));
    }
    let new = NewName {
        name,
        local: Some(index),
        refers_to,
        ..NewName::default()
    };
    names::set(workbook, draft, &new)
}
