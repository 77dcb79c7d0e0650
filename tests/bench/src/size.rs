//! How large the programs are, and what AWS's crates have of it.

use std::process::Command;

use deskhand_test_support::{binary, repository};

use crate::figure::{Aim, Report, say};

/// The crates of AWS's SDK. `aws_lc` is none of them: it is the cryptography of every connection.
const AWS: [&str; 6] = [
    "aws_credential_types",
    "aws_runtime",
    "aws_sdk_",
    "aws_sigv4",
    "aws_smithy_",
    "aws_types",
];

/// The programs as they are shipped: the release profile strips them.
pub(crate) fn sizes(report: &mut Report) {
    for (name, aim) in [("deskhand", Aim::AtMost(20.0)), ("deskhand-window", Aim::None)] {
        let size = std::fs::metadata(binary(name)).map_or(f64::NAN, |file| file.len() as f64 / 1e6);
        report.add(&format!("size of {name}"), size, "MB", aim);
    }
    share_of_aws(report);
}

/// By the names of symbols, which a shipped program has no more: another one is linked for this alone, by hand, since that takes
/// as long as the longest step of a build.
fn share_of_aws(report: &mut Report) {
    let folder = repository().join("target/unstripped");
    let program = folder.join("release/deskhand");
    if !program.is_file() {
        say(&format!(
            "  for the share of AWS's crates, link it once with its symbols, and measure again:\n  CARGO_TARGET_DIR={} cargo rustc \
             --locked --release --package deskhand-service --bin deskhand -- -C strip=none",
            folder.display()
        ));
        return;
    }
    let listed = Command::new("nm")
        .args(["--print-size", "--defined-only"])
        .arg(&program)
        .output();
    let listed = listed.expect("nm, which comes with every linker");
    assert!(listed.status.success(), "nm reads {}", program.display());
    let bytes = named(&String::from_utf8_lossy(&listed.stdout), &AWS);
    report.add(
        "  code and data with a name of AWS's crates in theirs",
        bytes as f64 / 1e6,
        "MB",
        Aim::None,
    );
}

/// Bytes of the symbols that one of these crates has a part in, as nm lists them: address, size, kind, name. A name that is
/// mangled holds those of its crates as they are.
fn named(listed: &str, crates: &[&str]) -> u64 {
    let symbols = listed.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (size, _, name) = (fields.next()?, fields.next()?, fields.next()?);
        let is_of_them = crates.iter().any(|one| name.contains(one));
        is_of_them.then(|| u64::from_str_radix(size, 16).ok()).flatten()
    });
    symbols.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_symbols_that_aws_has_a_part_in_and_no_cryptography() {
        let listed = "\
0000000000001000 0000000000000010 t _ZN15aws_smithy_types4date17h0123456789abcdefE
0000000000002000 0000000000000100 t _RINvNtCs1_4core3ptr13drop_in_placeNtCs2_11aws_runtime5KeysE
0000000000003000 0000000000001000 T aws_lc_0_35_0_SHA256
0000000000004000 0000000000010000 r _ZN14deskhand_core4turn17h0123456789abcdefE
                 w __gmon_start__
0000000000005000 T aws_runtime_of_no_size
";
        assert_eq!(named(listed, &AWS), 0x110);
    }
}
