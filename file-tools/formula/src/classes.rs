//! How functions take a range that stands as their argument (the operand classes of [MS-XLS] 2.2.2: reference, value and
//! array). A formula that is not an array formula takes one cell of a range wherever a value is wanted; Excel 365 shows
//! this as `@`, files do not write it.

/// What a parameter does with a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// One value: a range gives the cell in the formula's own row or column.
    Value,
    /// The range itself; an expression inside is computed for one value.
    Range,
    /// An array: expressions inside are computed for every cell.
    Array,
    /// What the function as a whole may be in its place.
    Same,
}

/// What the parameter at `index` (zero-based) of a function does. `name` is in upper case and without prefix.
pub(crate) fn takes(name: &str, index: usize) -> Takes {
    let range = |is: bool| if is { Takes::Range } else { Takes::Value };
    let array = |is: bool| if is { Takes::Array } else { Takes::Value };
    match name {
        "SUM" | "AVERAGE" | "AVERAGEA" | "COUNT" | "COUNTA" | "COUNTBLANK" | "MAX" | "MAXA" | "MIN"
        | "MINA" | "PRODUCT" | "STDEV" | "STDEVA" | "STDEVP" | "STDEVPA" | "STDEV.S" | "STDEV.P" | "VAR"
        | "VARA" | "VARP" | "VARPA" | "VAR.S" | "VAR.P" | "MEDIAN" | "GEOMEAN" | "HARMEAN" | "AVEDEV"
        | "DEVSQ" | "SUMSQ" | "KURT" | "SKEW" | "SKEW.P" | "AND" | "OR" | "XOR" | "CONCAT" | "GCD"
        | "LCM" | "MULTINOMIAL" | "ROWS" | "COLUMNS" | "ROW" | "COLUMN" | "AREAS" | "ISREF" | "ISFORMULA"
        | "FORMULATEXT" | "SHEET" | "SHEETS" | "XNPV" | "XIRR" => range(true),
        "NPV" | "SUBTOTAL" => range(index >= 1),
        "TEXTJOIN" => range(index >= 2),
        "IRR" | "MIRR" | "OFFSET" | "COUNTIF" => range(index == 0),
        "SUMIF" | "AVERAGEIF" | "DAVERAGE" | "DCOUNT" | "DCOUNTA" | "DGET" | "DMAX" | "DMIN" | "DPRODUCT"
        | "DSTDEV" | "DSTDEVP" | "DSUM" | "DVAR" | "DVARP" => range(index != 1),
        "COUNTIFS" => range(index.is_multiple_of(2)),
        "SUMIFS" | "AVERAGEIFS" | "MAXIFS" | "MINIFS" => range(index == 0 || index % 2 == 1),
        "VLOOKUP" | "HLOOKUP" | "MATCH" | "XMATCH" | "RANK" | "RANK.EQ" | "RANK.AVG" | "FVSCHEDULE" => {
            range(index == 1)
        }
        "XLOOKUP" => range(index == 1 || index == 2),
        "NETWORKDAYS" | "WORKDAY" => range(index == 2),
        "NETWORKDAYS.INTL" | "WORKDAY.INTL" | "SERIESSUM" => range(index == 3),
        "IF" | "CHOOSE" => {
            if index == 0 {
                Takes::Value
            } else {
                Takes::Same
            }
        }
        "IFERROR" | "IFNA" => Takes::Same,
        "SUMPRODUCT" | "SUMX2MY2" | "SUMX2PY2" | "SUMXMY2" | "MMULT" | "MDETERM" | "MINVERSE"
        | "TRANSPOSE" | "FREQUENCY" | "LINEST" | "LOGEST" | "TREND" | "GROWTH" | "SLOPE" | "INTERCEPT"
        | "RSQ" | "CORREL" | "PEARSON" | "COVAR" | "COVARIANCE.P" | "COVARIANCE.S" | "STEYX" | "MODE"
        | "MODE.SNGL" | "MODE.MULT" | "CHITEST" | "CHISQ.TEST" | "FTEST" | "F.TEST" | "HSTACK" | "VSTACK"
        | "SORTBY" => array(true),
        "LOOKUP" | "FORECAST" | "FORECAST.LINEAR" => array(index >= 1),
        "INDEX" | "LARGE" | "SMALL" | "PERCENTILE" | "PERCENTILE.INC" | "PERCENTILE.EXC" | "QUARTILE"
        | "QUARTILE.INC" | "QUARTILE.EXC" | "PERCENTRANK" | "PERCENTRANK.INC" | "PERCENTRANK.EXC"
        | "TRIMMEAN" | "ZTEST" | "Z.TEST" | "SORT" | "UNIQUE" => array(index == 0),
        "FILTER" | "PROB" | "TTEST" | "T.TEST" => array(index <= 1),
        "AGGREGATE" => array(index >= 2),
        _ => Takes::Value,
    }
}

/// True for functions whose answer may be several cells. Inside a function that takes ranges, an operator on such an
/// answer would have to take one of them.
pub(crate) fn may_answer_many(name: &str) -> bool {
    matches!(
        name,
        "INDEX"
            | "OFFSET"
            | "INDIRECT"
            | "TRANSPOSE"
            | "MMULT"
            | "MINVERSE"
            | "FREQUENCY"
            | "LINEST"
            | "LOGEST"
            | "TREND"
            | "GROWTH"
            | "MODE.MULT"
            | "XLOOKUP"
            | "FILTER"
            | "HSTACK"
            | "SORT"
            | "SORTBY"
            | "UNIQUE"
            | "VSTACK"
    )
}
