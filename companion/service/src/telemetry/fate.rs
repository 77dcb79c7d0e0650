//! What becomes of records that the collector does not take, in words for people.

use deskhand_telemetry::export::{Fault, NotTaken};

/// Why the collector takes no records, and what becomes of them.
pub(super) fn of_records(fault: Fault) -> String {
    let (why, fate) = match fault {
        Fault::Waits(why) => (why, "They wait on this computer, sealed, while there is room"),
        Fault::Drops(why) => (
            why,
            "What it answers so is lost, and counted in `deskhand.export.lost`",
        ),
    };
    format!("The organisation's collector takes no records: {why}. {fate}; `deskhand doctor` asks it again.")
}

/// What becomes of records until this is mended; the error is that of trying the collector out.
pub(crate) fn until_mended(error: &anyhow::Error) -> &'static str {
    match error.downcast_ref::<NotTaken>() {
        Some(why) if why.others_wait() => "Until then records wait, sealed, while there is room.",
        Some(_) => "Until then what it answers so is lost, and counted in `deskhand.export.lost`.",
        None => "Until then no records are made for it.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_records_that_wait_are_said_to_wait() {
        let waits = of_records(Fault::Waits("it answered with status 503".to_owned()));
        assert!(
            waits.contains("status 503. They wait on this computer, sealed"),
            "{waits}"
        );
        let drops = of_records(Fault::Drops("it answered with status 400".to_owned()));
        assert!(
            drops.contains("status 400. What it answers so is lost") && !drops.contains("wait"),
            "{drops}"
        );
    }

    #[test]
    fn the_doctor_says_what_becomes_of_records_until_the_collector_takes_them() {
        let why = || "it answered with status 1".to_owned();
        for (error, fate) in [
            (anyhow::Error::from(NotTaken::Away(why())), "records wait"),
            (NotTaken::Unauthorized(why()).into(), "records wait"),
            (NotTaken::NoPlace(why()).into(), "records wait"),
            (NotTaken::Refused(why()).into(), "is lost"),
            (anyhow::anyhow!("no address"), "no records are made"),
        ] {
            assert!(until_mended(&error).contains(fate), "{error}");
        }
    }
}
