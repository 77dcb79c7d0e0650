//! Any text as a formula, and as a number format: read, moved, judged, computed.
#![no_main]

use deskhand_formula::risk::outside_reach;
use deskhand_formula::{
    CalculationLimits, CellAt, Constant, Formula, Method, Problem, balanced, calculate, from_file,
    references, shown, to_file, tokens, translate,
};
use deskhand_fuzz::let_the_engine_panic;
use deskhand_operations::CellValue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: let_the_engine_panic(), |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let whole: String = tokens(text).iter().map(|token| token.text).collect();
    assert_eq!(whole, text, "tokens are the text");
    let _ = (references(text), balanced(text), outside_reach(text));
    let _ = (translate(text, 3, -1), translate(text, i64::from(u32::MAX), i64::from(u32::MAX)));
    assert_eq!(translate(&translate(text, 0, 0), 0, 0), translate(text, 0, 0));
    if let Ok(stored) = to_file(text) {
        let _ = from_file(&stored);
    }
    for value in [0.0, -1234.5678, 45_000.5, 1e300] {
        let _ = shown(value, text);
    }
    let cell = |row, column| CellAt { sheet: 0, row, column };
    let problem = Problem {
        sheets: vec!["Sheet1".to_owned()],
        constants: vec![
            (cell(0, 0), Constant::Value(CellValue::Number(2.0))),
            (cell(1, 0), Constant::Value(CellValue::Text("x".to_owned()))),
        ],
        formulas: vec![Formula { cell: cell(0, 5), text: text.to_owned(), array: data.len() % 2 == 0 }],
        names: vec![("Rate".to_owned(), None, "Sheet1!$A$1".to_owned())],
        ..Problem::default()
    };
    assert_eq!(calculate(problem, Method::default(), &CalculationLimits::default()).len(), 1);
});
