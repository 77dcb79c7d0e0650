//! What a turn may use: of the settings, of the person, the smaller of both. Each answer here uses twelve tokens.

use pretty_assertions::assert_eq;

use super::*;

/// Gives a prompt with a budget of the person's own.
fn ask(bench: &mut Bench, text: &str, budget: u64) {
    bench.take(Input::Prompt(Prompt {
        client_id: format!("c{}", bench.log.len()),
        text: text.to_owned(),
        budget: NonZeroU64::new(budget),
        ..Prompt::default()
    }));
}

/// Goes on until the turn ends; the number of answers that it took.
fn works(bench: &mut Bench) -> usize {
    (1..20)
        .find(|step| {
            let id = format!("t{step}-{}", bench.log.len());
            bench.calls(&id, "range_read", json!({ "id": id }));
            if bench.outcome().is_none() {
                bench.looks(&id, None);
                bench.does(&id, &id);
            }
            bench.outcome().is_some()
        })
        .expect("it ends")
}

fn sentence(bench: &Bench) -> String {
    let Some(TurnOutcome::Failed(error)) = bench.outcome() else {
        panic!("the budget is used");
    };
    assert_eq!(error.code, ErrorCode::TurnBudget);
    error.happened.clone()
}

#[test]
fn a_turn_that_used_its_budget_ends_before_its_next_step_and_goes_on_with_as_many_again() {
    let mut bench = Bench::new();
    bench.budget = Some(24);
    bench.prompt("Go");
    assert_eq!(works(&mut bench), 2);
    let said = sentence(&bench);
    assert_eq!(said, "The turn used its budget of 24 tokens and was ended.");

    bench.prompt("go on");
    let told = format!("{:?}", bench.request().messages);
    assert!(told.contains("t1-"), "what was done is kept");
    bench.says(vec![text("Done.")]);
    assert_eq!(bench.outcome(), Some(&TurnOutcome::Completed));
}

#[test]
fn an_answer_that_ends_the_turn_by_itself_is_no_matter_of_the_budget() {
    let mut bench = Bench::new();
    ask(&mut bench, "Go", 12);
    bench.says(vec![text("Done.")]);
    assert_eq!(bench.outcome(), Some(&TurnOutcome::Completed));
}

#[test]
fn of_the_settings_budget_and_the_persons_the_smaller_counts() {
    for (settings, person, answers) in [(None, 36, 3), (Some(24), 36, 2), (Some(48), 12, 1)] {
        let mut bench = Bench::new();
        bench.budget = settings;
        ask(&mut bench, "Go", person);
        assert_eq!(works(&mut bench), answers, "{settings:?} {person}");
        let counts = settings.map_or(person, |settings| settings.min(person));
        assert!(sentence(&bench).contains(&format!("budget of {counts} tokens")));
    }
}

#[test]
fn a_persons_budget_is_that_of_one_turn_and_a_prompt_that_joins_it_sets_another() {
    let mut bench = Bench::new();
    ask(&mut bench, "Go", 12);
    ask(&mut bench, "You may use more", 36);
    bench.prompt("And this too");
    assert_eq!(works(&mut bench), 3, "a prompt without one leaves it");
    sentence(&bench);

    bench.prompt("Without one");
    for id in ["u1", "u2", "u3", "u4"] {
        bench.calls(id, "range_read", json!({ "id": id }));
        bench.looks(id, None);
        bench.does(id, id);
    }
    assert!(bench.session.turn.is_some(), "the turn goes on");
}
