//! Delimited text as programs and people write it.

use std::fmt::Write as _;
use std::io::Cursor;

use deskhand_operations::Refusal;
use deskhand_text::DelimitedFile;
use serde_json::{Value, json};

fn ask(bytes: &[u8], json: Value) -> Result<Value, Refusal> {
    let mut file = DelimitedFile::open(Cursor::new(bytes.to_vec()))?;
    let answer = file.answer(&serde_json::from_value(json).unwrap())?;
    Ok(serde_json::to_value(answer).unwrap())
}

fn info(bytes: &[u8]) -> Value {
    ask(bytes, json!({"op": "csv.info"})).unwrap()
}

fn rows(bytes: &[u8]) -> Value {
    ask(bytes, json!({"op": "csv.read"})).unwrap()["rows"].clone()
}

#[test]
fn dialects_are_found() {
    let cases: [(&str, &[u8], Value); 8] = [
        (
            "English",
            b"Date,Region,Revenue\n2026-01-05,North,\"1,248.50\"\n2026-01-06,South,\"2,000.00\"\n",
            json!({"delimiter": ",", "header": true, "decimal": ".", "thousands": ","}),
        ),
        (
            "German",
            "Datum;Region;Umsatz\n05.01.2026;Süd;1.248,50\n06.01.2026;Nord;12,5\n".as_bytes(),
            json!({"delimiter": ";", "header": true, "decimal": ",", "thousands": "."}),
        ),
        (
            "tabs",
            b"a\tb\tc\n1\t2\t3\n4\t5\t6\n",
            json!({"delimiter": "\t", "header": true}),
        ),
        (
            "pipes, no header",
            b"1|2|x\n3|4|y\n5|6|z\n",
            json!({"delimiter": "|", "header": false}),
        ),
        (
            "backslashes",
            b"a,b\n\"say \\\"hi\\\"\",1\n\"x\",2\n",
            json!({"delimiter": ",", "backslash": true}),
        ),
        (
            "single quotes",
            b"a,b\n'x, y',1\n'z, w',2\n'v',3\n",
            json!({"quote": "'", "delimiter": ","}),
        ),
        ("one column", b"name\nalpha\nbeta\n", json!({"header": false})),
        (
            "decimal commas beside semicolons",
            b"x;y\n1,5;2,25\n3,75;4,5\n",
            json!({"delimiter": ";", "decimal": ",", "header": true}),
        ),
    ];
    for (what, bytes, expected) in cases {
        let dialect = &info(bytes)["dialect"];
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&dialect[key], value, "{what}: {key} in {dialect}");
        }
    }
}

#[test]
fn encodings_are_found() {
    let text = "Name,Stadt\nMüller,Köln\nJäger,Würzburg\nGroß,Düsseldorf\n";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let japanese = "名前,都市\n田中さん,東京都\n鈴木さん,大阪府\n佐藤さん,名古屋市\n";
    let cases: [(&str, Vec<u8>, &str, &str); 8] = [
        ("UTF-8", text.into(), "UTF-8", "Köln"),
        (
            "with a mark",
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            "UTF-8",
            "Köln",
        ),
        (
            "UTF-16 with a mark",
            [vec![0xff, 0xfe], wide.clone()].concat(),
            "UTF-16LE",
            "Köln",
        ),
        ("UTF-16 without one", wide, "UTF-16LE", "Köln"),
        ("the other way round", big, "UTF-16BE", "Köln"),
        ("Windows", latin, "windows-1252", "Köln"),
        (
            "Shift_JIS",
            encoding_of("Shift_JIS", japanese),
            "Shift_JIS",
            "東京都",
        ),
        (
            "GB18030",
            encoding_of(
                "gbk",
                "姓名,城市\n张伟先生,北京市朝阳区\n王芳女士,上海市浦东新区\n",
            ),
            "GBK",
            "北京市朝阳区",
        ),
    ];
    for (what, bytes, encoding, word) in cases {
        let read = ask(&bytes, json!({"op": "csv.read"})).unwrap();
        assert_eq!(read["dialect"]["encoding"], encoding, "{what}");
        assert_eq!(read["rows"][0][1], word, "{what}: {read}");
        assert_eq!(read["header"].as_array().unwrap().len(), 2, "{what}");
    }
    let forced = ask(
        b"a,b\n\xe9,1\n",
        json!({"op": "csv.read", "dialect": {"encoding": "iso-8859-2"}}),
    )
    .unwrap();
    assert_eq!(forced["rows"][0][0], "é");
}

/// Text in another encoding, written by Python.
fn encoding_of(encoding: &str, text: &str) -> Vec<u8> {
    let output = std::process::Command::new(deskhand_test_support::python())
        .args([
            "-c",
            "import sys; sys.stdout.buffer.write(sys.argv[2].encode(sys.argv[1]))",
            encoding,
            text,
        ])
        .output()
        .unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn quoted_fields_hold_anything() {
    let bytes = b"a,b\r\n\"line\r\nbreak\",\"say \"\"hi\"\", please\"\r\n,\r\nlast,\"\"";
    assert_eq!(
        rows(bytes),
        json!([["line\r\nbreak", "say \"hi\", please"], ["", ""], ["last", ""]])
    );
}

#[test]
fn columns_are_summed_up() {
    let bytes = b"id,date,amount,note,flag\n001,2026-01-05,10.5,=cmd|' /C calc'!A0,yes\n002,2026-01-06,-2,@SUM(1),no\n003,2026-02-30,,-5,yes\n";
    let info = info(bytes);
    let columns = info["columns"].as_array().unwrap();
    let kinds: Vec<&str> = columns
        .iter()
        .map(|column| column["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["text", "date", "number", "mixed", "boolean"]);
    assert_eq!(columns[0]["examples"], json!(["001", "002", "003"]));
    assert_eq!(columns[1]["dateForm"], "yyyy-mm-dd");
    let amount = &columns[2];
    assert_eq!(
        (&amount["sum"], &amount["min"], &amount["max"], &amount["empty"]),
        (&json!(8.5), &json!(-2.0), &json!(10.5), &json!(1))
    );
    assert_eq!(columns[3]["formulaLike"], 2);
    assert_eq!(info["rows"], 3);
    assert_eq!(rows(bytes)[0][3], "=cmd|' /C calc'!A0");
}

#[test]
fn ragged_rows_and_open_quotes_are_said() {
    let ragged = info(b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,2,3\n");
    assert_eq!(ragged["ragged"], 2);
    assert_eq!(
        ragged["findings"],
        json!(["2 rows do not have 3 fields as most rows do"])
    );
    let open = info(b"a,b\n1,2\n3,4\n\"5,6\n7,8\n");
    assert!(
        open["findings"]
            .to_string()
            .contains("a quote that opens in row 3 is not closed"),
        "{open}"
    );
    let read = ask(b"a,b\n1,2\n3\n5,6\n", json!({"op": "csv.read"})).unwrap();
    assert_eq!(read["findings"], json!(["row 2 has 1 fields, most rows have 2"]));
}

#[test]
fn a_long_file_is_read_from_any_row() {
    for wide in [false, true] {
        let mut text = String::from("number;name;größe\n");
        for number in 1..=200_000u32 {
            writeln!(text, "{number};name {number};\"{},5\"", number % 7).unwrap();
        }
        let bytes: Vec<u8> = if wide {
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        } else {
            text.into()
        };
        let mut file = DelimitedFile::open(Cursor::new(bytes)).unwrap();
        let mut ask = |json: Value| {
            serde_json::to_value(file.answer(&serde_json::from_value(json).unwrap()).unwrap()).unwrap()
        };
        let info = ask(json!({"op": "csv.info"}));
        assert_eq!((&info["rows"], &info["ragged"]), (&json!(200_000), &json!(0)));
        assert_eq!(info["columns"][0]["sum"], 20_000_100_000.0_f64);
        for row in [1u64, 777, 123_456, 199_999] {
            let read = ask(json!({"op": "csv.read", "fromRow": row, "maxRows": 2}));
            assert_eq!(read["rows"][0][0], row.to_string(), "wide: {wide}");
            assert_eq!(read["rows"][1][1], format!("name {}", row + 1), "wide: {wide}");
        }
        let end = ask(json!({"op": "csv.read", "fromRow": 200_000}));
        assert_eq!(
            (end["rows"].as_array().unwrap().len(), &end["next"]),
            (1, &Value::Null)
        );
        let found = ask(json!({"op": "csv.find", "text": "NAME 19999", "column": "name"}));
        let found: Vec<u64> = found["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["row"].as_u64().unwrap())
            .collect();
        assert_eq!(
            found,
            [
                19_999, 199_990, 199_991, 199_992, 199_993, 199_994, 199_995, 199_996, 199_997, 199_998,
                199_999
            ]
        );
    }
}

#[test]
fn what_is_no_text_is_refused() {
    let refused = |bytes: &[u8]| ask(bytes, json!({"op": "csv.read"})).unwrap_err().message;
    assert!(refused(&[0xff, 0xfe, 0, 0, b'a', 0, 0, 0]).contains("UTF-32"));
    assert!(refused(b"a,b\n\0\0\x01\x02\0x\0\0\x03").contains("zero bytes"));
    let choice = json!({"op": "csv.read", "dialect": {"delimiter": "ab"}});
    assert!(
        ask(b"a", choice)
            .unwrap_err()
            .message
            .contains("one ASCII character")
    );
    assert_eq!(rows(b""), json!([]));
}

#[test]
fn rows_behind_quoted_line_ends_empty_lines_and_blocks_are_counted_right() {
    for ending in ["\n", "\r\n", "\r"] {
        for encoding in ["UTF-8", "UTF-16", "Latin-1"] {
            let mut text = format!("number,text{ending}");
            for row in 1..=5_000 {
                let _ = match row % 1_000 {
                    // Runs of plain rows between those that have to be taken apart.
                    7 => write!(text, "{row},\"two{ending}lines, \"\"ü\"\"\"{ending}"),
                    8 => write!(text, "{ending}{row},after an empty line{ending}{ending}"),
                    9 => write!(text, "\"{row}\",quoted{ending}"),
                    10 => write!(text, "{row},a 5\" pipe{ending}"),
                    11 => write!(text, "\"{row}\",\"x\"y\"{ending}"),
                    _ => write!(text, "{row},plain ü {row}{ending}"),
                };
            }
            let bytes: Vec<u8> = match encoding {
                "UTF-8" => text.into(),
                "UTF-16" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                _ => text.chars().map(|letter| letter as u8).collect(),
            };
            for row in [8, 9, 1_008, 1_010, 1_011, 4_012, 5_000] {
                let found = ask(&bytes, json!({"op": "csv.read", "fromRow": row, "maxRows": 1})).unwrap();
                assert_eq!(
                    found["rows"][0][0],
                    row.to_string(),
                    "{ending:?} {encoding} {found}"
                );
            }
        }
    }
}
