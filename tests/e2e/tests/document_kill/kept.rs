//! One file, the change sets that it was given, and what must be in it after any kill.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use deskhand_e2e::{Finished, Setup, command, finish};
use deskhand_test_support::{binary, python};
use serde_json::{Value, json};

use crate::chance::Chance;

const BOOK: &str = "workbooks/ironcalc__example.xlsx";
const DECK: &str = "decks/pptx-automizer__SlidesWithoutCreationIds.pptx";
const SHEET: &str = "Sheet1";
/// Places of a workbook that are written to: more than enough, so that some meet and most do not.
const ROWS: u64 = 8;
/// System calls that change something, and how many of each a command makes in one thread at the most.
const CALLS: [(&str, u64); 6] = [
    ("pwrite64", 13),
    ("fsync,fdatasync", 5),
    ("rename,renameat,renameat2,link,linkat,unlink,unlinkat", 2),
    ("write", 4),
    ("ftruncate,fchmod,fchown,mkdir", 10),
    ("openat", 26),
];

/// What was met, for the one who reads the result.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) sets: u64,
    /// Change sets that a kill prevented, or that found nothing to change.
    pub(crate) never: u64,
    pub(crate) killed_before: u64,
    pub(crate) killed_after: u64,
    pub(crate) back_in_order: u64,
    pub(crate) back_in_between: u64,
    pub(crate) refused: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.sets += other.sets;
        self.never += other.never;
        self.killed_before += other.killed_before;
        self.killed_after += other.killed_after;
        self.back_in_order += other.back_in_order;
        self.back_in_between += other.back_in_between;
        self.refused += other.refused;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Workbook,
    Deck,
}

/// A change set that is in the file, or was.
#[derive(Debug)]
struct Set {
    id: String,
    /// What it wrote, by place.
    writes: BTreeMap<String, Value>,
    /// The file before it.
    before: Vec<u8>,
    undone: bool,
}

/// The file.
pub(crate) struct Kept<'a> {
    setup: &'a Setup,
    kind: Kind,
    pub(crate) file: PathBuf,
    pub(crate) first: Vec<u8>,
    /// What the places held at first.
    places: BTreeMap<String, Value>,
    sets: Vec<Set>,
    pub(crate) counts: Counts,
    writes: u64,
}

impl fmt::Debug for Kept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sets = self.sets.iter().map(|set| (&set.id, &set.writes, set.undone));
        f.debug_struct("Kept")
            .field("file", &self.file)
            .field("sets", &sets.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Writes one cell of the sheet.
pub(crate) fn write(cell: &str, value: impl Into<Value>) -> Value {
    json!({ "op": "range.write", "range": format!("{SHEET}!{cell}"), "cells": [[value.into()]] })
}

impl<'a> Kept<'a> {
    /// A copy of a fixture.
    pub(crate) fn new(setup: &'a Setup, kind: Kind, episode: u64) -> Self {
        let file = match kind {
            Kind::Workbook => setup.fixture(BOOK, &format!("book{episode}.xlsx")),
            Kind::Deck => setup.fixture(DECK, &format!("deck{episode}.pptx")),
        };
        Self::of(setup, kind, file)
    }

    /// A workbook with 3,000 rows, and more on a sheet that nothing is written to.
    pub(crate) fn large(setup: &'a Setup) -> Self {
        let file = setup.path().join("large.xlsx");
        let program = "import sys, openpyxl\nbook = openpyxl.Workbook(write_only=True)\nsheet = book.create_sheet('Sheet1')\n\
                       for row in range(12000):\n\
                       \x20   if row == 3000: sheet = book.create_sheet('More')\n\
                       \x20   sheet.append([(row * 7919 + column * 104729) % 1000003 / 7 for column in range(8)])\n\
                       book.save(sys.argv[1])";
        let made = Command::new(python()).args(["-c", program]).arg(&file).status();
        assert!(made.expect("python").success());
        Self::of(setup, Kind::Workbook, file)
    }

    fn of(setup: &'a Setup, kind: Kind, file: PathBuf) -> Self {
        let first = fs::read(&file).expect("the file");
        let mut kept = Self {
            setup,
            kind,
            file,
            first,
            places: BTreeMap::new(),
            sets: Vec::new(),
            counts: Counts::default(),
            writes: 0,
        };
        kept.places = kept.read();
        kept
    }

    fn name(&self) -> &str {
        self.file.to_str().expect("a name in Unicode")
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.file).expect("the file")
    }

    /// What the places hold.
    fn read(&self) -> BTreeMap<String, Value> {
        match self.kind {
            Kind::Workbook => {
                let range = format!("{SHEET}!B2:F{}", ROWS + 1);
                let answer = self.json(&["document", "read", self.name(), "--range", &range, "--json"]);
                // Only what holds something is told, from the first cell on.
                let rows = answer["values"].as_array().cloned().unwrap_or_default();
                let at = |row: usize, column: usize| {
                    rows.get(row)
                        .map_or(Value::Null, |row| row[[0, 1, 4][column]].clone())
                };
                let cells = (0..ROWS as usize).flat_map(|row| (0..3).map(move |column| (row, column)));
                cells
                    .map(|(row, column)| (cell(row as u64, column as u64), at(row, column)))
                    .collect()
            }
            Kind::Deck => {
                let info = self.json(&["document", "info", self.name(), "--json"]);
                let slides = info["slides"].as_array().expect("slides").iter();
                let shapes = slides.flat_map(|slide| {
                    let shapes = slide["shapes"].as_array().cloned().unwrap_or_default();
                    shapes
                        .into_iter()
                        .map(|shape| (slide["id"].clone(), shape))
                        .collect::<Vec<_>>()
                });
                let with_text =
                    shapes.filter(|(_, shape)| shape["text"].as_str().is_some_and(|text| !text.is_empty()));
                with_text
                    .map(|(slide, shape)| (json!([slide, shape["id"]]).to_string(), shape["text"].clone()))
                    .take(12)
                    .collect()
            }
        }
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let done = self.setup.run(arguments);
        assert_eq!(done.code(), Some(0), "{arguments:?}: {}", done.err);
        serde_json::from_str(&done.out).expect("JSON")
    }

    /// One to three operations that nothing else was given.
    pub(crate) fn operations(&mut self, chance: &mut Chance, any: bool) -> Vec<Value> {
        let count = chance.below(3) + 1;
        (0..count).map(|_| self.operation(chance, any)).collect()
    }

    fn operation(&mut self, chance: &mut Chance, any: bool) -> Value {
        self.writes += 1;
        let number = self.writes;
        let text = format!(
            "text {number} of a length {}",
            "that differs ".repeat(chance.below(4) as usize)
        );
        if self.kind == Kind::Deck {
            let index = chance.below(self.places.len() as u64) as usize;
            let place = self.places.keys().nth(index).expect("a place");
            let [slide, shape]: [Value; 2] = serde_json::from_str(place).expect("a place");
            return match chance.below(if any { 4 } else { 3 }) {
                3 => {
                    json!({ "op": "table.add", "slide": slide, "name": format!("Table {number}"), "rows": [["Year", "Sum"], ["2026", number.to_string()]],
                        "frame": { "left": 60, "top": 60, "width": 300, "height": 60 } })
                }
                _ => json!({ "op": "text.set", "slide": slide, "shape": shape, "text": text.trim_end() }),
            };
        }
        let place = cell(chance.below(ROWS), chance.below(3));
        let range = format!("{SHEET}!{place}");
        match chance.below(if any { 8 } else { 3 }) {
            0 => write(&place, text),
            1 | 2 => write(&place, number as f64 + 0.5),
            3 => json!({ "op": "range.format", "range": range, "format": { "bold": true } }),
            4 => json!({ "op": "sheet.add", "name": format!("New {number}") }),
            5 => json!({ "op": "rows.insert", "range": format!("{SHEET}!3:4") }),
            6 => json!({ "op": "range.clear", "range": range }),
            _ => write(&place, format!("={SHEET}!A2*{number}")),
        }
    }

    /// Applies a change set; every other time it is killed somewhere.
    pub(crate) fn apply(&mut self, chance: &mut Chance, operations: &[Value]) {
        let before = self.bytes();
        let arguments = ["document", "apply", self.name(), "--ops", "-", "--json"].map(str::to_owned);
        let input = json!({ "ops": operations }).to_string();
        let done = self.maybe_killed(chance, &arguments, &input);
        let known: BTreeSet<&str> = self.sets.iter().map(|set| set.id.as_str()).collect();
        let id = match done.code() {
            Some(0) => {
                let id = id_of(&done);
                assert_eq!(id.is_some(), self.bytes() != before, "{input}");
                id
            }
            Some(code) => panic!("exit code {code} for {input}: {}", done.err),
            None => {
                let new = self.history().into_keys().find(|id| !known.contains(id.as_str()));
                assert_eq!(new.is_some(), self.bytes() != before, "{input}");
                if new.is_some() {
                    self.counts.killed_after += 1;
                } else {
                    self.counts.killed_before += 1;
                }
                new
            }
        };
        match id {
            Some(id) => self.remember(id, before, operations),
            None => self.counts.never += 1,
        }
    }

    /// Applies a change set without a kill.
    pub(crate) fn apply_whole(&mut self, operations: &[Value]) {
        let before = self.bytes();
        let run = command(
            self.setup.path(),
            &["document", "apply", self.name(), "--ops", "-", "--json"],
        );
        let done = finish(run, &json!(operations).to_string());
        assert_eq!(done.code(), Some(0), "{}", done.err);
        self.remember(id_of(&done).expect("a change set"), before, operations);
    }

    fn remember(&mut self, id: String, before: Vec<u8>, operations: &[Value]) {
        self.counts.sets += 1;
        let writes = operations.iter().filter_map(written).collect();
        self.sets.push(Set {
            id,
            writes,
            before,
            undone: false,
        });
    }

    /// Takes any change set back that is in the file. What a later one rests on is refused and left.
    pub(crate) fn undo_any(&mut self, chance: &mut Chance) {
        let there: Vec<usize> = (0..self.sets.len())
            .filter(|index| !self.sets[*index].undone)
            .collect();
        if !there.is_empty() {
            let index = there[chance.below(there.len() as u64) as usize];
            self.undo(chance, index);
        }
    }

    fn undo(&mut self, chance: &mut Chance, index: usize) {
        let before = self.bytes();
        let id = self.sets[index].id.clone();
        let later = self.sets[index + 1..].iter().any(|set| !set.undone);
        let done = self.maybe_killed(
            chance,
            &["document", "undo", &id, "--json"].map(str::to_owned),
            "",
        );
        match done.code() {
            Some(0) => self.sets[index].undone = true,
            Some(2) => {
                assert!(
                    later && done.err.contains("[DOC_UNDO_CONFLICT]"),
                    "{}: {self:?}",
                    done.err
                );
                assert!(self.bytes() == before, "a refusal changed the file");
                self.counts.refused += 1;
                return;
            }
            Some(code) => panic!("exit code {code}: {}", done.err),
            None => {
                let undone = self.history()[&id];
                assert_eq!(undone, self.bytes() != before, "{id}");
                self.sets[index].undone = undone;
                if !undone {
                    return;
                }
            }
        }
        if later {
            self.counts.back_in_between += 1;
        } else {
            self.counts.back_in_order += 1;
        }
    }

    /// Takes everything back, the last first, and finds the bytes of each step again.
    pub(crate) fn undo_in_order(&mut self, chance: &mut Chance) {
        for index in (0..self.sets.len()).rev() {
            while !self.sets[index].undone {
                self.undo(chance, index);
            }
            assert!(
                self.bytes() == self.sets[index].before,
                "not the bytes before {index}: {self:?}"
            );
        }
    }

    /// Takes everything back in an order of chance; what is refused comes later.
    pub(crate) fn undo_all(&mut self, chance: &mut Chance) {
        for _ in 0..self.sets.len() {
            self.undo_any(chance);
        }
        for index in (0..self.sets.len()).rev() {
            while !self.sets[index].undone {
                self.undo(chance, index);
            }
        }
    }

    /// Every place holds what the last change set in the file wrote there, or what it held at first.
    pub(crate) fn reads_as_it_should(&self) {
        let mut expected = self.places.clone();
        for set in self.sets.iter().filter(|set| !set.undone) {
            expected.extend(set.writes.clone());
        }
        assert_eq!(self.read(), expected, "{self:?}");
    }

    /// Another program writes; nothing that is taken back afterwards touches what it wrote.
    pub(crate) fn others_write(&mut self, chance: &mut Chance) {
        let theirs = Setup::empty();
        let place = match self.kind {
            Kind::Workbook => cell(ROWS - 1, 2),
            Kind::Deck => self.places.keys().next().expect("a place").clone(),
        };
        let operation = self.one(&place, "theirs");
        let done = finish(
            command(theirs.path(), &["document", "apply", self.name(), "--ops", "-"]),
            &json!([operation]).to_string(),
        );
        assert_eq!(done.code(), Some(0), "{}", done.err);
        for index in (0..self.sets.len()).rev() {
            let before = self.bytes();
            let id = self.sets[index].id.clone();
            let done = self.maybe_killed(chance, &["document", "undo", &id].map(str::to_owned), "");
            if done.code() == Some(2) {
                assert!(self.bytes() == before, "a refusal changed the file");
            }
            assert_eq!(self.read()[&place], "theirs", "{self:?}");
        }
    }

    /// No command left a file beside the document: what a killed one left, the next one took away.
    pub(crate) fn leaves_nothing_behind(&mut self) {
        self.apply_whole(&[self.one(self.places.keys().next().expect("a place"), "last")]);
        let entries = fs::read_dir(self.setup.path()).expect("the folder");
        let strange: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|name| Path::new(name).extension().is_none() || name.starts_with('.'))
            .filter(|name| !["data", "config", "cache", "state", "logs", "run"].contains(&name.as_str()))
            .collect();
        assert_eq!(strange, Vec::<String>::new());
    }

    /// Writes a text to one place.
    fn one(&self, place: &str, text: &str) -> Value {
        match self.kind {
            Kind::Workbook => write(place, text),
            Kind::Deck => {
                let [slide, shape]: [Value; 2] = serde_json::from_str(place).expect("a place");
                json!({ "op": "text.set", "slide": slide, "shape": shape, "text": text })
            }
        }
    }

    /// The change sets that the command line knows, and whether each is undone.
    fn history(&self) -> BTreeMap<String, bool> {
        let history = self.json(&["document", "history", self.name(), "--json"]);
        let sets = history["changeSets"].as_array().expect("change sets").iter();
        sets.map(|set| {
            let id = set["changeSet"].as_str().expect("an id").to_owned();
            (id, set["undone"].as_bool().expect("true or false"))
        })
        .collect()
    }

    fn maybe_killed(&self, chance: &mut Chance, arguments: &[String], input: &str) -> Finished {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if chance.below(2) == 0 {
            return finish(command(self.setup.path(), &arguments), input);
        }
        let (calls, most) = CALLS[chance.below(CALLS.len() as u64) as usize];
        let at = chance.below(most) + 1;
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
        strace.args(["-e", &format!("inject={calls}:signal=KILL:when={at}")]);
        strace.arg(binary("deskhand")).args(&arguments);
        strace.env("DESKHAND_HOME", self.setup.path());
        strace
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let done = finish(strace, input);
        let ended = done.status.signal().is_none_or(|signal| signal == 9);
        assert!(ended, "{:?}: {}", done.status, done.err);
        done
    }
}

fn cell(row: u64, column: u64) -> String {
    format!("{}{}", ["B", "C", "F"][column as usize], row + 2)
}

/// The change set; none where there was nothing to change.
fn id_of(done: &Finished) -> Option<String> {
    let answer: Value = serde_json::from_str(&done.out).expect("JSON");
    answer["changeSet"].as_str().map(str::to_owned)
}

/// What an operation writes, and where.
fn written(operation: &Value) -> Option<(String, Value)> {
    match operation["op"].as_str()? {
        "range.write" => {
            let place = operation["range"].as_str()?.rsplit('!').next()?;
            Some((place.to_owned(), operation["cells"][0][0].clone()))
        }
        "text.set" => {
            let place = json!([operation["slide"], operation["shape"]]).to_string();
            Some((place, operation["text"].clone()))
        }
        _ => None,
    }
}
