//! The figures: which tasks make them, what they aim at, and how they are shown.

use serde_json::json;

use crate::{Done, Files, ROUNDS, SLOW, TASKS, Taken, apart, make, say};

/// What is divided or shown of a task.
#[derive(Clone, Copy)]
enum Of {
    Wall,
    Cpu,
    Peak,
}

/// A figure: its name, the task, what of it, the task that it is divided by, and what it should be at most.
type Figure = (&'static str, &'static str, Of, Option<&'static str>, Option<f64>);

const FIGURES: [Figure; 23] = [
    (
        "read: time, of calamine's",
        "stream cells",
        Of::Wall,
        Some("calamine cells"),
        Some(0.65),
    ),
    (
        "read: CPU, of calamine's",
        "stream cells",
        Of::Cpu,
        Some("calamine cells"),
        Some(0.65),
    ),
    (
        "read: time, of python-calamine's",
        "stream cells",
        Of::Wall,
        Some("python-calamine"),
        None,
    ),
    (
        "read: time, of fastexcel's",
        "stream cells",
        Of::Wall,
        Some("fastexcel"),
        None,
    ),
    (
        "read: time, of openpyxl's",
        "stream cells",
        Of::Wall,
        Some("openpyxl read"),
        None,
    ),
    (
        "read: time, of LibreOffice's to csv",
        "stream cells",
        Of::Wall,
        Some("LibreOffice to csv"),
        None,
    ),
    ("read: peak, MiB", "stream cells", Of::Peak, None, Some(30.0)),
    (
        "edit a cell: patch and write, of one deflate",
        "edit 1 cell",
        Of::Wall,
        Some("deflate"),
        Some(1.3),
    ),
    (
        "edit a cell: peak, MiB",
        "edit 1 cell",
        Of::Peak,
        None,
        Some(16.0),
    ),
    (
        "edit a cell: open, plan, check and save, ms",
        "save with check",
        Of::Wall,
        None,
        None,
    ),
    (
        "edit a cell: all of that, of LibreOffice's open and save",
        "save with check",
        Of::Wall,
        Some("LibreOffice to xlsx"),
        None,
    ),
    (
        "edit a cell: all of that, of openpyxl's",
        "save with check",
        Of::Wall,
        Some("openpyxl edit"),
        None,
    ),
    (
        "edit a cell: all of that, of umya's",
        "save with check",
        Of::Wall,
        Some("umya edit"),
        None,
    ),
    (
        "write: time, of rust_xlsxwriter's",
        "write rows",
        Of::Wall,
        Some("rust_xlsxwriter rows"),
        Some(1.05),
    ),
    (
        "write: time, of XlsxWriter's",
        "write rows",
        Of::Wall,
        Some("XlsxWriter rows"),
        None,
    ),
    (
        "write: time, of umya's",
        "write rows",
        Of::Wall,
        Some("umya rows"),
        None,
    ),
    ("write: peak, MiB", "write rows", Of::Peak, None, Some(10.0)),
    (
        "recalculate 100,000 formulas: time, of formualizer's",
        "recalculate",
        Of::Wall,
        Some("formualizer file"),
        Some(1.1),
    ),
    (
        "the calculation alone: time, of formualizer's",
        "calculate",
        Of::Wall,
        Some("formualizer calculates"),
        Some(1.1),
    ),
    (
        "recalculate: time, of LibreOffice's",
        "recalculate",
        Of::Wall,
        Some("LibreOffice computes"),
        None,
    ),
    (
        "read 200 of 10 million rows: time, of polars'",
        "csv.read",
        Of::Wall,
        Some("polars rows"),
        None,
    ),
    (
        "read 200 of 10 million rows: peak, MiB",
        "csv.read",
        Of::Peak,
        None,
        None,
    ),
    (
        "list a deck of 300 slides, ms",
        "list deck",
        Of::Wall,
        None,
        Some(100.0),
    ),
];

/// Runs everything and prints it: a table, or one JSON line for each figure.
pub(crate) fn all(files: &Files, as_figures: bool) -> Done {
    make::missing(files)?;
    let best = measured()?;
    if !as_figures {
        table(&best);
    }
    for (name, task, of, beside, aim) in FIGURES {
        let value = value(&best, task, of)? / beside.map_or(Ok(1.0), |beside| value(&best, beside, of))?;
        if as_figures {
            say(&json!({"name": name, "value": value, "atMost": aim}).to_string());
            continue;
        }
        let verdict = match aim {
            Some(aim) if value <= aim => format!("at most {aim}: met"),
            Some(aim) => format!("at most {aim}: NOT MET"),
            None => String::new(),
        };
        say(&format!("{name:<56} {value:>10.3}  {verdict}"));
    }
    Ok(())
}

fn table(best: &[(&'static str, Taken)]) {
    say(&format!(
        "{:<24} {:>10} {:>10} {:>10}",
        "100,000 x 20 cells", "ms", "ms of CPU", "MiB"
    ));
    for (name, taken) in best {
        say(&format!(
            "{name:<24} {:>10.1} {:>10.0} {:>10.1}",
            taken.wall, taken.cpu, taken.peak
        ));
    }
    say("");
}

fn value(best: &[(&'static str, Taken)], task: &str, of: Of) -> Done<f64> {
    let taken = best.iter().find(|taken| taken.0 == task);
    let taken = taken.ok_or("there is no such task")?.1;
    Ok(match of {
        Of::Wall => taken.wall,
        Of::Cpu => taken.cpu,
        Of::Peak => taken.peak,
    })
}

/// The best of the rounds of each task, in their order.
fn measured() -> Done<Vec<(&'static str, Taken)>> {
    let mut best: Vec<(&str, Taken)> = Vec::new();
    for round in 0..ROUNDS {
        for (at, (name, _)) in TASKS.iter().enumerate() {
            if round == 0 {
                best.push((name, apart(name)?));
            } else if !SLOW.contains(name) {
                let taken = apart(name)?;
                let known = &mut best[at].1;
                known.wall = known.wall.min(taken.wall);
                known.cpu = known.cpu.min(taken.cpu);
                known.peak = known.peak.max(taken.peak);
            }
        }
    }
    Ok(best)
}
