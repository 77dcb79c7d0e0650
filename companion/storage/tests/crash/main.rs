//! What survives when the process is killed, and when the power is cut.
//!
//! This program is its own child: called with `child FOLDER ROUND` it writes to a store and prints what was
//! acknowledged; called otherwise it starts that child, kills it at seeded points or traces its system calls, and looks
//! at what is left.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "this is the test harness")]

mod child;
mod kill;
mod trace;

/// A small generator of seeded numbers (xorshift64*), so that a run can be repeated.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, folder, round] = arguments.as_slice()
        && role == "child"
    {
        return child::work(folder.as_ref(), round.parse().unwrap());
    }
    let tests: [(&str, fn()); 3] = [
        (
            "acknowledged_events_survive_200_kills",
            kill::acknowledged_events_survive_200_kills,
        ),
        ("acknowledged_means_flushed", trace::acknowledged_means_flushed),
        (
            "a_missing_flush_would_be_seen",
            trace::a_missing_flush_would_be_seen,
        ),
    ];
    // The part of the standard harness's command line that runners use: list, and run by exact name.
    if arguments.iter().any(|argument| argument == "--list") {
        if !arguments.iter().any(|argument| argument == "--ignored") {
            for (name, _) in tests {
                println!("{name}: test");
            }
        }
        return;
    }
    let named: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|part| name.contains(part.as_str()));
    let mut passed = 0;
    for (name, test) in tests.into_iter().filter(|(name, _)| wanted(name)) {
        test();
        println!("test {name} ... ok");
        passed += 1;
    }
    println!("\ntest result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}
