//! Periods that move with today, as the formulas of rules say them (ECMA-376 part 1, 18.18.82 `ST_TimePeriod`).

use deskhand_operations::workbook::DatePeriod;

/// The name of a period in files, and the formula that Excel writes beside it.
pub(super) fn formula(period: DatePeriod, cell: &str) -> (&'static str, String) {
    let day = |shift: &str| format!("FLOOR({cell},1)=TODAY(){shift}");
    let month = |shift: &str| {
        let of = match shift {
            "" => "TODAY()".to_owned(),
            shift => format!("EDATE(TODAY(),0{shift})"),
        };
        format!("AND(MONTH({cell})=MONTH({of}),YEAR({cell})=YEAR({of}))")
    };
    let whole = format!("ROUNDDOWN({cell},0)");
    match period {
        DatePeriod::Yesterday => ("yesterday", day("-1")),
        DatePeriod::Today => ("today", day("")),
        DatePeriod::Tomorrow => ("tomorrow", day("+1")),
        DatePeriod::Last7Days => (
            "last7Days",
            format!("AND(TODAY()-FLOOR({cell},1)<=6,FLOOR({cell},1)<=TODAY())"),
        ),
        DatePeriod::LastWeek => (
            "lastWeek",
            format!("AND(TODAY()-{whole}>=(WEEKDAY(TODAY())),TODAY()-{whole}<(WEEKDAY(TODAY())+7))"),
        ),
        DatePeriod::ThisWeek => (
            "thisWeek",
            format!("AND(TODAY()-{whole}<=WEEKDAY(TODAY())-1,{whole}-TODAY()<=7-WEEKDAY(TODAY()))"),
        ),
        DatePeriod::NextWeek => (
            "nextWeek",
            format!("AND({whole}-TODAY()>(7-WEEKDAY(TODAY())),{whole}-TODAY()<(15-WEEKDAY(TODAY())))"),
        ),
        DatePeriod::LastMonth => ("lastMonth", month("-1")),
        DatePeriod::ThisMonth => ("thisMonth", month("")),
        DatePeriod::NextMonth => ("nextMonth", month("+1")),
    }
}
