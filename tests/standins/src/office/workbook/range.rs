//! Members of a range.

use deskhand_operations::{Address, Area, MAX_COLUMNS, MAX_ROWS};
use serde_json::{Value, json};

use super::cells::{Facet, shape, wrong_size};
use super::{Argument, Fault, Member, Node, SheetId, Workbook, number_argument, text_argument};

impl Workbook {
    pub(super) fn get_range(
        &mut self,
        sheet: SheetId,
        area: Area,
        name: &str,
    ) -> Result<Member<Node>, Fault> {
        let value = match name {
            "worksheet" => return Ok(Member::Node(Node::Sheet(sheet))),
            "format" => return Ok(Member::Node(Node::Format(sheet, area))),
            "address" => Address::on(self.sheet_name(sheet)?, area).to_string().into(),
            "rowIndex" => area.top.into(),
            "columnIndex" => area.left.into(),
            "rowCount" => area.rows().into(),
            "columnCount" => area.columns().into(),
            // Excel answers -1 beyond 2^31 - 1 cells.
            "cellCount" => i32::try_from(area.cells()).unwrap_or(-1).into(),
            "isEntireColumn" => (area.rows() == MAX_ROWS).into(),
            "isEntireRow" => (area.columns() == MAX_COLUMNS).into(),
            "values" => self.grid(sheet, area, Facet::Values)?,
            "formulas" => self.grid(sheet, area, Facet::Formulas)?,
            "text" => self.grid(sheet, area, Facet::Text)?,
            "numberFormat" => self.grid(sheet, area, Facet::NumberFormat)?,
            "valueTypes" => self.grid(sheet, area, Facet::ValueTypes)?,
            "hasSpill" => Value::Bool(false),
            _ => return Err(Fault::missing(&format!("Range.{name}"))),
        };
        Ok(Member::Value(value))
    }

    pub(super) fn set_range(
        &mut self,
        sheet: SheetId,
        area: Area,
        name: &str,
        value: &Value,
    ) -> Result<(), Fault> {
        match name {
            "values" | "formulas" => {
                self.write_grid(sheet, area, value)?;
                self.raise_changed(sheet, area, Some("ThisLocalAddin"));
                Ok(())
            }
            "numberFormat" => {
                let at = shape(area, value)?;
                for row in area.top..=area.bottom {
                    for column in area.left..=area.right {
                        if let Value::String(format) = at(row, column) {
                            self.set_number_format(sheet, row, column, format)?;
                        }
                    }
                }
                self.changed();
                Ok(())
            }
            _ => Err(Fault::missing(&format!("setting Range.{name}"))),
        }
    }

    pub(super) fn call_range(
        &mut self,
        sheet: SheetId,
        area: Area,
        name: &str,
        arguments: &[Argument<Node>],
    ) -> Result<Member<Node>, Fault> {
        let of = |area: Area| Ok(Member::Node(Node::Range(sheet, area)));
        if let Some(area) = moved_by(area, name, arguments)? {
            return of(area);
        }
        match name {
            "getIntersection" | "getIntersectionOrNullObject" => {
                match other(sheet, arguments)?.and_then(|other| area.intersection(&other)) {
                    Some(both) => of(both),
                    None if name.ends_with("OrNullObject") => Ok(Member::Null),
                    None => Err(Fault::not_found()),
                }
            }
            "getBoundingRect" => match other(sheet, arguments)? {
                Some(other) => of(Area {
                    top: area.top.min(other.top),
                    left: area.left.min(other.left),
                    bottom: area.bottom.max(other.bottom),
                    right: area.right.max(other.right),
                }),
                None => Err(Fault::argument("The ranges are on different sheets.")),
            },
            "getUsedRange" | "getUsedRangeOrNullObject" => {
                let values = matches!(arguments.first(), Some(Argument::Value(Value::Bool(true))));
                match self.used(sheet, Some(area), values)? {
                    Some(used) => of(used),
                    None if name.ends_with("OrNullObject") => Ok(Member::Null),
                    None => of(Area::cell(area.top, area.left)),
                }
            }
            // office.js asks before it sends a large array in pieces.
            "_ValidateArraySize" => {
                let fits = number_argument(arguments, 0) == Some(i64::from(area.rows()))
                    && number_argument(arguments, 1) == Some(i64::from(area.columns()));
                fits.then_some(Member::Value(Value::Null)).ok_or_else(wrong_size)
            }
            "select" => {
                self.select(sheet, area);
                Ok(Member::Value(Value::Null))
            }
            "clear" => self
                .clear(sheet, area, text_argument(arguments, 0))
                .map(|()| Member::Value(Value::Null)),
            "getCellProperties" => match arguments.first() {
                Some(Argument::Value(wanted)) => self.cell_properties(sheet, area, wanted).map(Member::Value),
                _ => Err(Fault::argument("The properties to load are missing.")),
            },
            "setCellProperties" => match arguments.first() {
                Some(Argument::Value(wanted)) => self
                    .set_cell_properties(sheet, area, wanted)
                    .map(|()| Member::Value(Value::Null)),
                _ => Err(Fault::argument("The properties to set are missing.")),
            },
            _ => Err(Fault::missing(&format!("Range.{name}()"))),
        }
    }

    fn clear(&mut self, sheet: SheetId, area: Area, what: Option<&str>) -> Result<(), Fault> {
        if what != Some("Contents") {
            return Err(Fault::missing(&format!("Range.clear({})", what.unwrap_or("All"))));
        }
        if let Some(used) = self.used(sheet, Some(area), true)? {
            self.write_grid(sheet, used, &json!(""))?;
        }
        self.raise_changed(sheet, area, Some("ThisLocalAddin"));
        Ok(())
    }
}

/// The range that a member takes as its argument; `None` on another sheet.
fn other(sheet: SheetId, arguments: &[Argument<Node>]) -> Result<Option<Area>, Fault> {
    match arguments.first() {
        Some(Argument::Node(Node::Range(on, area))) => Ok((*on == sheet).then_some(*area)),
        Some(Argument::Value(Value::String(text))) => Area::parse(text)
            .map(Some)
            .map_err(|error| Fault::argument(error.to_string())),
        _ => Err(Fault::argument("The other range is missing.")),
    }
}

/// The area that a member of navigation answers; `None` for other members.
fn moved_by(area: Area, name: &str, arguments: &[Argument<Node>]) -> Result<Option<Area>, Fault> {
    let number = |index| number_argument(arguments, index).unwrap_or(0);
    let found = match name {
        "getCell" => moved(Area::cell(area.top, area.left), number(0), number(1), 0, 0),
        "getOffsetRange" => moved(area, number(0), number(1), 0, 0),
        "getResizedRange" => moved(area, 0, 0, number(0), number(1)),
        "getAbsoluteResizedRange" => {
            let rows = u32::try_from(number(0)).unwrap_or(0);
            let columns = u32::try_from(number(1)).unwrap_or(0);
            Area::of_size(area.top, area.left, rows, columns)
        }
        "getRow" => moved(
            Area {
                bottom: area.top,
                ..area
            },
            number(0),
            0,
            0,
            0,
        ),
        "getColumn" => moved(
            Area {
                right: area.left,
                ..area
            },
            0,
            number(0),
            0,
            0,
        ),
        _ => return Ok(None),
    };
    found
        .map(Some)
        .ok_or_else(|| Fault::argument("The range lies beyond the end of the sheet."))
}

/// An area moved and grown; `None` beyond the sheet.
fn moved(area: Area, down: i64, right: i64, taller: i64, wider: i64) -> Option<Area> {
    let top = u32::try_from(i64::from(area.top) + down).ok()?;
    let left = u32::try_from(i64::from(area.left) + right).ok()?;
    let rows = u32::try_from(i64::from(area.rows()) + taller).ok()?;
    let columns = u32::try_from(i64::from(area.columns()) + wider).ok()?;
    Area::of_size(top, left, rows, columns)
}
