//! Changing a cell of a large workbook, beside deflating its sheet once.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use deskhand_opc::{Blob, Draft, Limits, Package};
use deskhand_operations::WorkbookOperation;
use deskhand_sheet::Workbook;
use deskhand_workspace::{Expected, Folders, RelativePath};

use crate::{Done, Files, SHEET, opened, refused};

/// The sheet's content deflated once, at the level of the product.
pub(crate) fn deflate(files: &Files) -> Done<Duration> {
    let content = opened(&files.workbook)?.part(SHEET)?;
    let begun = Instant::now();
    let mut encoder = flate2::write::DeflateEncoder::new(std::io::sink(), flate2::Compression::new(6));
    encoder.write_all(&content)?;
    encoder.finish()?;
    Ok(begun.elapsed())
}

fn changed_file(path: &Path) -> PathBuf {
    path.with_extension("changed.xlsx")
}

fn patch_file(path: &Path) -> PathBuf {
    path.with_extension("patch")
}

/// Places of numbers, far from each other.
fn places(package: &Package, count: u64) -> Done<Vec<usize>> {
    let size = package.part_size(SHEET)?;
    let mut reader = package.part_reader(SHEET)?;
    let mut places = Vec::new();
    for place in 0..count {
        let from = (place * 2 + 1) * size / (count * 2 + 1);
        reader.skip_to(from);
        let near = reader.take_bytes(2_000)?;
        let found = near.windows(3).position(|window| window == b"<v>");
        places.push(from as usize + found.ok_or("no number")? + 3);
    }
    Ok(places)
}

/// Opens, changes cells and writes the file; patch and write count.
pub(crate) fn edit(files: &Files, count: u64) -> Done<Duration> {
    let path = &files.workbook;
    let package = opened(path)?;
    let places = places(&package, count)?;
    let begun = Instant::now();
    let mut draft = Draft::new(&package);
    let edits = places
        .into_iter()
        .map(|place| (place..place + 1, Blob::from("9")));
    draft.edit(SHEET, edits)?;
    let changed = draft.package().clone();
    let mut out = BufWriter::new(File::create(changed_file(path))?);
    changed.write_to(&mut out)?;
    out.flush()?;
    Ok(begun.elapsed())
}

/// Opens the changed file, takes the change back and writes it; all of that counts.
pub(crate) fn undo(files: &Files) -> Done<Duration> {
    let path = &files.workbook;
    let package = opened(path)?;
    let mut draft = Draft::new(&package);
    let place = places(&package, 1)?[0];
    draft.edit(SHEET, [(place..place + 1, Blob::from("9"))])?;
    let mut out = BufWriter::new(File::create(changed_file(path))?);
    draft.package().write_to(&mut out)?;
    out.flush()?;
    let set = draft.finish();
    let begun = Instant::now();
    let mut package = opened(&changed_file(path))?;
    package.apply(&set.invert())?;
    let mut out = BufWriter::new(File::create(patch_file(path))?);
    package.write_to(&mut out)?;
    out.flush()?;
    let taken = begun.elapsed();
    if std::fs::read(patch_file(path))? != std::fs::read(path)? {
        return Err("the file is not what it was".into());
    }
    Ok(taken)
}

/// What a user waits for: a cell is written by the operation, with formulas that follow and the check of the result, and
/// the file is saved.
pub(crate) fn save_with_check(files: &Files) -> Done<Duration> {
    let path = changed_file(&files.workbook);
    std::fs::copy(&files.workbook, &path)?;
    let operation = r#"{"op":"range.write","range":"Sheet1!B50000","cells":[[42]]}"#;
    let operation: WorkbookOperation = serde_json::from_str(operation)?;
    let begun = Instant::now();
    let folder = Folders::new(None).attach(path.parent().ok_or("no folder")?)?;
    let below = RelativePath::from_path(Path::new(path.file_name().ok_or("no name")?))?;
    let read = folder.fingerprint(&below)?.ok_or("no file")?;
    let package = deskhand_opc::open_file(folder.open_for_read(&below)?, &Limits::default())?;
    let mut workbook = Workbook::open(package).map_err(refused)?;
    let planned = workbook.plan(&operation).map_err(refused)?;
    workbook.apply(&planned.patches).map_err(refused)?;
    folder.replace_with(&below, Expected::Content(read), |out| {
        workbook.package().write_to(out)
    })?;
    Ok(begun.elapsed())
}
