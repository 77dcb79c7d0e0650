//! `range.copy`.

use std::collections::HashMap;

use deskhand_opc::Draft;
use deskhand_opc::figures::Figure;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{Copied, RangeCopy};
use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS, RefusalCode};

use crate::addresses;
use crate::cell_edit::{CellEdit, CellEdits, Content};
use crate::cells::Keep;
use crate::element_list;
use crate::error::{Outcome, refuse};
use crate::links;
use crate::merges;
use crate::note_edit::{self, TakenNote};
use crate::ops::clip::{Clip, Put};
use crate::ops::guards::Ground;
use crate::ops::{within, writing};
use crate::rules::{self, RuleKind};
use crate::sheet::Worksheet;
use crate::sources;
use crate::sqref;
use crate::workbook::Workbook;

/// Notes that one copy may make.
const MAX_NOTES: usize = 10_000;

/// One copy, asked for and measured.
struct Job {
    from: Area,
    /// All copies together.
    target: Area,
    /// How far each copy moves by rows and columns.
    moves: Vec<(i64, i64)>,
    what: Copied,
    transpose: bool,
}

impl Job {
    /// True where formats come along, and with them merged cells, conditional formats and validations.
    fn formats(&self) -> bool {
        matches!(self.what, Copied::All | Copied::Formats)
    }

    /// Where an area of the source comes to, once for each copy.
    fn targets(&self, area: Area) -> Vec<Area> {
        let place = |(rows, columns): &(i64, i64)| {
            if !self.transpose {
                return sqref::moved(area, *rows, *columns);
            }
            let (down, across) = (area.top - self.from.top, area.left - self.from.left);
            let top = i64::from(self.from.top) + rows + i64::from(across);
            let left = i64::from(self.from.left) + columns + i64::from(down);
            Area::of_size(top as u32, left as u32, area.columns(), area.rows())
        };
        self.moves.iter().filter_map(place).collect()
    }

    /// The place that a cell of the target comes from.
    fn source(&self, row: u32, column: u32) -> (u32, u32) {
        let (down, across) = (row - self.target.top, column - self.target.left);
        let (down, across) = if self.transpose {
            (across, down)
        } else {
            (down, across)
        };
        (
            self.from.top + down % self.from.rows(),
            self.from.left + across % self.from.columns(),
        )
    }
}

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, copy: &RangeCopy) -> Outcome<Applied> {
    let (from_index, from) = addresses::area(workbook, &copy.from)?;
    let (index, asked) = addresses::area(workbook, &copy.to)?;
    let (from, asked) = trimmed(workbook, (from_index, from), (index, asked))?;
    within(from.cells())?;
    let job = job(copy, from, asked)?;
    within(job.target.cells())?;
    let (source, sheet) = (workbook.worksheet(from_index)?, workbook.worksheet(index)?);
    let source_content = workbook.package.part(&source.part)?;
    let clip = Clip::read(workbook, &source.part, &source_content, from)?;
    let target_content = workbook.package.part(&sheet.part)?;
    let target = Worksheet::read(
        workbook,
        &sheet.part,
        &target_content,
        &Keep::Areas(vec![job.target]),
    )?;
    let ground = |sheet, scanned, area| Ground {
        package: &workbook.package,
        sheet,
        scanned,
        area,
    };
    if job.formats() {
        ground(source, &clip.sheet, from).no_cut_merges()?;
        ground(sheet, &target, job.target).no_cut_merges()?;
        ground(sheet, &target, job.target).is_open()?;
        merges::set(
            workbook,
            draft,
            &sheet.part,
            &|held| job.target.intersection(held).is_some(),
            &[],
        )?;
    }
    let changes = changes(&clip, &target, &job)?;
    let figures = figures(workbook, source.id, &clip, &job, &changes)?;
    let mut applied = writing::write(workbook, draft, index, job.target, &changes)?;
    sources::put(workbook, draft, sheet.id, figures.into_iter())?;
    if job.formats() {
        let merged = merged(&clip, &job);
        merges::set(workbook, draft, &sheet.part, &|_| false, &merged)?;
        let left = bring_rules(workbook, draft, &sheet.part, &clip, &job)?;
        applied.warnings.extend(left);
    }
    if job.what == Copied::All {
        bring_marks(workbook, draft, (from_index, index), &clip, &job)?;
    }
    applied.changed = job.target.cells() as u32;
    Ok(applied)
}

/// Whole columns and rows as far as cells reach, those of the target too: what lies behind is empty on both sides.
fn trimmed(
    workbook: &Workbook,
    (from_index, from): (usize, Area),
    (index, asked): (usize, Area),
) -> Outcome<(Area, Area)> {
    let columns = |area: Area| area.top == 0 && area.bottom == MAX_ROWS - 1;
    let rows = |area: Area| area.left == 0 && area.right == MAX_COLUMNS - 1;
    let fits = |whole: &dyn Fn(Area) -> bool, at: u32| {
        whole(from) && (whole(asked) || (asked.cells() == 1 && at == 0))
    };
    let (tall, wide) = (fits(&columns, asked.top), fits(&rows, asked.left));
    if !tall && !wide {
        return Ok((from, asked));
    }
    let (mut bottom, mut right) = (0, 0);
    for sheet in [from_index, index] {
        let sheet = workbook.worksheet(sheet)?;
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
        let reach = scanned
            .data
            .used
            .into_iter()
            .chain(scanned.merged.iter().copied());
        for area in reach {
            (bottom, right) = (bottom.max(area.bottom), right.max(area.right));
        }
    }
    let cut = |area: Area| Area {
        bottom: if tall && columns(area) {
            bottom
        } else {
            area.bottom
        },
        right: if wide && rows(area) { right } else { area.right },
        ..area
    };
    Ok((cut(from), cut(asked)))
}

/// Measures the copy: the target is a multiple of the source, or its top left cell.
fn job(copy: &RangeCopy, from: Area, asked: Area) -> Outcome<Job> {
    let (mut rows, mut columns) = (from.rows(), from.columns());
    if copy.transpose {
        std::mem::swap(&mut rows, &mut columns);
    }
    let target = if asked.cells() == 1 {
        Area::of_size(asked.top, asked.left, rows, columns)
    } else {
        Some(asked)
    };
    let Some(target) = target else {
        return refuse(
            RefusalCode::BadInput,
            format!(
                "`{}` does not fit on the sheet from `{}`; nothing was changed.",
                copy.from, copy.to
            ),
        );
    };
    if target.rows() % rows != 0 || target.columns() % columns != 0 {
        return refuse(
            RefusalCode::BadInput,
            format!(
                "`{}` is no multiple of the {rows} by {columns} cells to copy; nothing was changed.",
                copy.to
            ),
        );
    }
    let mut moves = Vec::new();
    for row in (target.top..=target.bottom).step_by(rows as usize) {
        for column in (target.left..=target.right).step_by(columns as usize) {
            moves.push((
                i64::from(row) - i64::from(from.top),
                i64::from(column) - i64::from(from.left),
            ));
        }
    }
    Ok(Job {
        from,
        target,
        moves,
        what: copy.what.unwrap_or_default(),
        transpose: copy.transpose,
    })
}

/// What the cells of the target shall hold.
fn changes(clip: &Clip<'_>, target: &Worksheet<'_>, job: &Job) -> Outcome<CellEdits> {
    let mut changes = CellEdits::new();
    for row in job.target.top..=job.target.bottom {
        for column in job.target.left..=job.target.right {
            let (from_row, from_column) = job.source(row, column);
            let put = Put {
                prefix: &target.prefix,
                row,
                column,
                values: job.what == Copied::Values,
                transpose: job.transpose,
            };
            let content = if job.what == Copied::Formats {
                Content::Keep
            } else {
                clip.content(from_row, from_column, put)?
            };
            let style = job.formats().then(|| clip.style(from_row, from_column));
            let held = target
                .data
                .cells
                .binary_search_by_key(&(row, column), |cell| (cell.row, cell.column));
            let nothing = content == Content::Keep || content.is_nothing();
            let same_look = style.is_none_or(|style| style == target.style_for_new(row, column));
            if !(held.is_err() && nothing && same_look) {
                changes.insert((row, column), CellEdit { content, style });
            }
        }
    }
    Ok(changes)
}

/// The sources of the copied figures, by the cells that they come to.
fn figures(
    workbook: &Workbook,
    sheet: u32,
    clip: &Clip<'_>,
    job: &Job,
    changes: &CellEdits,
) -> Outcome<Vec<((u32, u32), Figure)>> {
    let mut held: HashMap<(u32, u32), Vec<Figure>> = HashMap::new();
    for (cell, figure) in sources::within(workbook, sheet, job.from)? {
        held.entry(cell).or_default().push(figure);
    }
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let mut copies = Vec::new();
    for ((row, column), change) in changes {
        let from = job.source(*row, *column);
        let (Some(figures), Some(cell)) = (held.get(&from), clip.cell(from.0, from.1)) else {
            continue;
        };
        let copied = |figure| sources::copied(figure, cell, clip.strings(), &change.content);
        copies.extend(
            figures
                .iter()
                .filter_map(copied)
                .map(|figure| ((*row, *column), figure)),
        );
    }
    Ok(copies)
}

/// The merged cells of the source, on each copy.
fn merged(clip: &Clip<'_>, job: &Job) -> Vec<Area> {
    let inside = |merged: &&Area| merged.intersection(&job.from) == Some(**merged);
    let all = clip.sheet.merged.iter().filter(inside);
    all.flat_map(|merged| job.targets(*merged)).collect()
}

/// Puts the notes, threads and hyperlinks of the source in the place of those of the target.
fn bring_marks(
    workbook: &Workbook,
    draft: &mut Draft,
    (from, to): (usize, usize),
    clip: &Clip<'_>,
    job: &Job,
) -> Outcome<()> {
    let (source, sheet) = (workbook.worksheet(from)?, workbook.worksheet(to)?);
    let taken = note_edit::take(&workbook.package, source, job.from)?;
    if taken.len() * job.moves.len() > MAX_NOTES {
        return refuse(
            RefusalCode::TooLarge,
            format!("One copy may make at most {MAX_NOTES} notes; nothing was changed."),
        );
    }
    let places = |note: &TakenNote| job.targets(Area::cell(note.cell.0, note.cell.1));
    let notes: Vec<(&TakenNote, (u32, u32))> = taken
        .iter()
        .flat_map(|note| {
            places(note)
                .into_iter()
                .map(move |cell| (note, (cell.top, cell.left)))
        })
        .collect();
    let gone = |(row, column): (u32, u32)| job.target.contains(row, column);
    note_edit::clear(workbook, draft, sheet, &gone, !notes.is_empty())?;
    note_edit::put(workbook, draft, to, &notes)?;
    let taken = links::take(workbook, source, &clip.sheet, job.from)?;
    let targets = |area: Area| job.targets(area);
    links::put(workbook, draft, sheet, job.target, &taken, &targets, from == to)
}

/// Puts the conditional formats and validations of the source in the place of those of the target.
fn bring_rules(
    workbook: &Workbook,
    draft: &mut Draft,
    part: &str,
    clip: &Clip<'_>,
    job: &Job,
) -> Outcome<Vec<String>> {
    let limits = workbook.package.limits();
    let mut warnings = Vec::new();
    for kind in [RuleKind::Validation, RuleKind::Format] {
        let content = draft.package().part(part)?;
        let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
        let pieces = rules::pieces(&clip.sheet, limits, kind, job.from, &scanned.prefix)?;
        let edits = rules::take_out(&scanned, limits, kind, job.target)?;
        draft.edit(part, edits)?;
        if pieces.is_empty() {
            continue;
        }
        if job.transpose {
            warnings.push("Conditional formats and data validations were not transposed.".to_owned());
            continue;
        }
        let content = draft.package().part(part)?;
        let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
        let xml: Vec<String> = pieces.iter().map(|piece| piece.on(&job.moves)).collect();
        let edits = match kind {
            RuleKind::Validation => {
                element_list::edits(&scanned, limits, "dataValidations", &|_| false, &xml)?
            }
            RuleKind::Format => {
                let mut last = rules::last_priority(&scanned, limits)?;
                let xml = rules::renumbered(&xml.concat(), &mut last);
                vec![scanned.insert("conditionalFormatting", &xml)]
            }
        };
        draft.edit(part, edits)?;
    }
    Ok(warnings)
}
