//! Formats of ranges: number format, font, fill, alignment and column width.

use deskhand_operations::Area;
use deskhand_operations::workbook::{CellFormat, HorizontalAlignment as Wanted};
use ironcalc_base::types::{Alignment, Color, HorizontalAlignment, Style};
use serde_json::{Value, json};

use super::cells::{number_format_of, shape};
use super::{Fault, Member, Node, SheetId, Workbook};

/// Cells whose styles one call may touch; whole columns are formatted through their used part.
const MAX_STYLED: u64 = 1_000_000;

impl Workbook {
    fn style(&self, index: u32, row: u32, column: u32) -> Style {
        self.model
            .get_style_for_cell(index, row as i32 + 1, column as i32 + 1)
            .unwrap_or_default()
    }

    /// The cells that a format call reaches.
    fn styled(&self, sheet: SheetId, area: Area) -> Result<Area, Fault> {
        if area.cells() <= MAX_STYLED {
            return Ok(area);
        }
        self.used(sheet, Some(area), false)?
            .filter(|used| used.cells() <= MAX_STYLED)
            .ok_or_else(|| Fault::missing("formats of more than a million cells"))
    }

    pub(super) fn get_format(
        &mut self,
        node: &Node,
        sheet: SheetId,
        area: Area,
        name: &str,
    ) -> Result<Member<Node>, Fault> {
        match (node, name) {
            (Node::Format(..), "fill") => return Ok(Member::Node(Node::Fill(sheet, area))),
            (Node::Format(..), "font") => return Ok(Member::Node(Node::Font(sheet, area))),
            (Node::Format(..), "columnWidth") => return self.column_width(sheet, area).map(Member::Value),
            _ => {}
        }
        let index = self.index(sheet)?;
        let area = self.styled(sheet, area)?;
        let mut all: Option<Value> = None;
        for row in area.top..=area.bottom {
            for column in area.left..=area.right {
                let value = self.property(node, name, &self.style(index, row, column))?;
                match &all {
                    Some(first) if *first != value => {
                        // Excel answers an empty text for mixed colours and null for all else.
                        return Ok(Member::Value(if name == "color" {
                            "".into()
                        } else {
                            Value::Null
                        }));
                    }
                    _ => all = Some(value),
                }
            }
        }
        Ok(Member::Value(all.unwrap_or(Value::Null)))
    }

    fn property(&self, node: &Node, name: &str, style: &Style) -> Result<Value, Fault> {
        let theme = &self.model.workbook.theme;
        let colour = |colour: &Color, fallback: &str| match colour {
            Color::None => fallback.to_owned(),
            colour => colour.to_rgb(theme).to_uppercase(),
        };
        Ok(match (node, name) {
            (Node::Format(..), "horizontalAlignment") => horizontal(style).into(),
            (Node::Format(..), "wrapText") => style.alignment.as_ref().is_some_and(|a| a.wrap_text).into(),
            (Node::Fill(..), "color") => colour(&style.fill.color, "#FFFFFF").into(),
            (Node::Fill(..), "pattern") => if style.fill.color.is_none() {
                "None"
            } else {
                "Solid"
            }
            .into(),
            (Node::Font(..), "color") => colour(&style.font.color, "#000000").into(),
            (Node::Font(..), "bold") => style.font.b.into(),
            (Node::Font(..), "italic") => style.font.i.into(),
            (Node::Font(..), "size") => style.font.sz.into(),
            (Node::Font(..), "name") => style.font.name.clone().into(),
            _ => return Err(Fault::missing(&format!("{}.{name}", node.kind()))),
        })
    }

    /// `getCellProperties`: the wanted branches of each cell.
    pub(super) fn cell_properties(
        &mut self,
        sheet: SheetId,
        area: Area,
        wanted: &Value,
    ) -> Result<Value, Fault> {
        let index = self.index(sheet)?;
        let area = self.styled(sheet, area)?;
        let mut rows = Vec::new();
        for row in area.top..=area.bottom {
            let mut cells = Vec::new();
            for column in area.left..=area.right {
                let style = self.style(index, row, column);
                cells.push(self.wanted(wanted, &style, sheet, area)?);
            }
            rows.push(Value::Array(cells));
        }
        Ok(Value::Array(rows))
    }

    fn wanted(&self, wanted: &Value, style: &Style, sheet: SheetId, area: Area) -> Result<Value, Fault> {
        let mut cell = json!({});
        for (name, inner) in wanted.as_object().into_iter().flatten() {
            if name != "format" {
                return Err(Fault::missing(&format!("getCellProperties of {name}")));
            }
            for (name, inner) in inner.as_object().into_iter().flatten() {
                let node = match name.as_str() {
                    "fill" => Node::Fill(sheet, area),
                    "font" => Node::Font(sheet, area),
                    _ => {
                        cell["format"][name] = self.property(&Node::Format(sheet, area), name, style)?;
                        continue;
                    }
                };
                for (leaf, _) in inner.as_object().into_iter().flatten() {
                    cell["format"][name][leaf] = self.property(&node, leaf, style)?;
                }
            }
        }
        Ok(cell)
    }

    /// `setCellProperties`: each cell's branches.
    pub(super) fn set_cell_properties(
        &mut self,
        sheet: SheetId,
        area: Area,
        wanted: &Value,
    ) -> Result<(), Fault> {
        let at = shape(area, wanted)?;
        for row in area.top..=area.bottom {
            for column in area.left..=area.right {
                let cell = Area::cell(row, column);
                for (name, inner) in at(row, column)["format"].as_object().into_iter().flatten() {
                    let node = match name.as_str() {
                        "fill" => Node::Fill(sheet, cell),
                        "font" => Node::Font(sheet, cell),
                        _ => {
                            self.set_format(&Node::Format(sheet, cell), sheet, cell, name, inner)?;
                            continue;
                        }
                    };
                    for (leaf, value) in inner.as_object().into_iter().flatten() {
                        self.set_format(&node, sheet, cell, leaf, value)?;
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn set_number_format(
        &mut self,
        sheet: SheetId,
        row: u32,
        column: u32,
        format: &str,
    ) -> Result<(), Fault> {
        let stored = if format == "General" {
            "general".to_owned()
        } else {
            format.to_owned()
        };
        self.restyle(sheet, Area::cell(row, column), |style| {
            style.num_fmt.clone_from(&stored);
        })?;
        self.record
            .number_format(sheet, Area::cell(row, column), number_format_of(format));
        Ok(())
    }

    pub(super) fn set_format(
        &mut self,
        node: &Node,
        sheet: SheetId,
        area: Area,
        name: &str,
        value: &Value,
    ) -> Result<(), Fault> {
        let wrong = || Fault::argument(format!("`{value}` is not a value of {}.{name}.", node.kind()));
        let flag = || value.as_bool().ok_or_else(wrong);
        let mut format = CellFormat::default();
        match (node, name) {
            (Node::Font(..), "bold") => format.bold = Some(flag()?),
            (Node::Font(..), "italic") => format.italic = Some(flag()?),
            (Node::Font(..), "size") => format.font_size = Some(value.as_f64().ok_or_else(wrong)?),
            (Node::Font(..), "color") => format.font_color = Some(colour(value).ok_or_else(wrong)?),
            (Node::Fill(..), "color") => format.fill_color = Some(colour(value).ok_or_else(wrong)?),
            (Node::Format(..), "wrapText") => format.wrap = Some(flag()?),
            (Node::Format(..), "horizontalAlignment") => {
                format.horizontal = Some(alignment(value).ok_or_else(wrong)?);
            }
            _ => return Err(Fault::missing(&format!("setting {}.{name}", node.kind()))),
        }
        self.apply(sheet, area, &format)
    }

    pub(super) fn call_format(
        &mut self,
        node: &Node,
        sheet: SheetId,
        area: Area,
        name: &str,
    ) -> Result<Member<Node>, Fault> {
        match (node, name) {
            (Node::Fill(..), "clear") => {
                self.apply(
                    sheet,
                    area,
                    &CellFormat {
                        fill_color: Some(String::new()),
                        ..CellFormat::default()
                    },
                )?;
            }
            (Node::Format(..), "autofitColumns") => self.fit_columns(sheet, area)?,
            _ => return Err(Fault::missing(&format!("{}.{name}()", node.kind()))),
        }
        Ok(Member::Value(Value::Null))
    }

    fn apply(&mut self, sheet: SheetId, area: Area, format: &CellFormat) -> Result<(), Fault> {
        let reached = self.styled(sheet, area)?;
        let rgb = |text: &String| {
            if text.is_empty() {
                Color::None
            } else {
                Color::Rgb(text.clone())
            }
        };
        self.restyle(sheet, reached, |style| {
            if let Some(bold) = format.bold {
                style.font.b = bold;
            }
            if let Some(italic) = format.italic {
                style.font.i = italic;
            }
            if let Some(size) = format.font_size {
                style.font.sz = size.round() as i32;
            }
            if let Some(colour) = &format.font_color {
                style.font.color = rgb(colour);
            }
            if let Some(colour) = &format.fill_color {
                style.fill.color = rgb(colour);
            }
            if let Some(wrap) = format.wrap {
                style.alignment.get_or_insert_with(Alignment::default).wrap_text = wrap;
            }
            if let Some(wanted) = format.horizontal {
                style.alignment.get_or_insert_with(Alignment::default).horizontal = match wanted {
                    Wanted::General => HorizontalAlignment::General,
                    Wanted::Left => HorizontalAlignment::Left,
                    Wanted::Center => HorizontalAlignment::Center,
                    Wanted::Right => HorizontalAlignment::Right,
                };
            }
        })?;
        self.record.format(sheet, area, format);
        Ok(())
    }

    fn restyle(&mut self, sheet: SheetId, area: Area, change: impl Fn(&mut Style)) -> Result<(), Fault> {
        let index = self.index(sheet)?;
        for row in area.top..=area.bottom {
            for column in area.left..=area.right {
                let mut style = self.style(index, row, column);
                change(&mut style);
                let set = self
                    .model
                    .set_cell_style(index, row as i32 + 1, column as i32 + 1, &style);
                set.map_err(Fault::operation)?;
            }
        }
        self.changed();
        Ok(())
    }

    fn column_width(&self, sheet: SheetId, area: Area) -> Result<Value, Fault> {
        let index = self.index(sheet)?;
        let pixels = self
            .model
            .get_column_width(index, area.left as i32 + 1)
            .map_err(Fault::operation)?;
        Ok(json!(pixels * 0.75))
    }

    /// Widens columns to their longest text, at about seven pixels a letter.
    fn fit_columns(&mut self, sheet: SheetId, area: Area) -> Result<(), Fault> {
        let index = self.index(sheet)?;
        let Some(used) = self.used(sheet, Some(area), true)? else {
            return Ok(());
        };
        for column in used.left..=used.right {
            let longest = (used.top..=used.bottom)
                .map(|row| self.text(index, row, column).chars().count())
                .max();
            let pixels = (longest.unwrap_or(0) as f64 * 7.5 + 22.0).clamp(48.0, 420.0);
            self.model
                .set_column_width(index, column as i32 + 1, pixels)
                .map_err(Fault::operation)?;
        }
        self.record.fit_columns(sheet, area);
        self.changed();
        Ok(())
    }
}

fn horizontal(style: &Style) -> &'static str {
    match style.alignment.as_ref().map(|alignment| &alignment.horizontal) {
        Some(HorizontalAlignment::Left) => "Left",
        Some(HorizontalAlignment::Center) => "Center",
        Some(HorizontalAlignment::Right) => "Right",
        Some(HorizontalAlignment::Fill) => "Fill",
        Some(HorizontalAlignment::Justify) => "Justify",
        Some(HorizontalAlignment::CenterContinuous) => "CenterAcrossSelection",
        Some(HorizontalAlignment::Distributed) => "Distributed",
        Some(HorizontalAlignment::General) | None => "General",
    }
}

fn alignment(value: &Value) -> Option<Wanted> {
    match value.as_str()? {
        "General" => Some(Wanted::General),
        "Left" => Some(Wanted::Left),
        "Center" => Some(Wanted::Center),
        "Right" => Some(Wanted::Right),
        _ => None,
    }
}

/// `#RRGGBB`; Excel takes names too, this host does not.
fn colour(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let digits = text.strip_prefix('#')?;
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_uppercase())
}
