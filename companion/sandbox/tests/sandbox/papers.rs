//! Documents that are drawn and converted by LibreOffice, in a machine of their own. They need the office layer.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

use deskhand_core::ports::Tools as _;
use deskhand_operations::Effect;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::permission::AskReason;
use deskhand_protocol::sandbox::{SandboxTier, Sight};
use deskhand_test_support::python;
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::desk::Desk;
use crate::stage::{Stage, tree, until};

/// Has Python do something in a folder; gives what it says.
fn script(folder: &Path, code: &str) -> String {
    let output = Command::new(python())
        .arg("-c")
        .arg(code)
        .current_dir(folder)
        .output()
        .expect("Python");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What a picture is, read by another library: its format, its longer side, and the colour at its middle and near its corner.
fn look(folder: &Path, picture: &[u8]) -> String {
    let place = tempfile::NamedTempFile::new_in(folder).expect("a file");
    fs::write(place.path(), picture).expect("a file");
    let name = place.path().display();
    let code = format!(
        "from PIL import Image\n\
         picture = Image.open('{name}')\n\
         seen = picture.convert('RGB')\n\
         word = lambda rgb: {{(255, 0, 0): 'red', (0, 128, 0): 'green', (0, 0, 255): 'blue'}}.get(rgb, str(rgb))\n\
         print(picture.format, max(picture.size), word(seen.getpixel((seen.width // 2, seen.height // 2))))"
    );
    script(folder, &code)
}

/// Three slides of one colour each; nobody is shown the second.
const DECK: &str = "
from pptx import Presentation
from pptx.dml.color import RGBColor
deck = Presentation()
for colour in ['FF0000', '008000', '0000FF']:
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    shape = slide.shapes.add_shape(1, 0, 0, deck.slide_width, deck.slide_height)
    shape.fill.solid()
    shape.fill.fore_color.rgb = RGBColor.from_string(colour)
deck.slides[1]._element.set('show', '0')
deck.save('colours.pptx')
";

/// Two sheets, of which the first is far wider than a page.
const BOOK: &str = "
from openpyxl import Workbook
from openpyxl.styles import PatternFill
book = Workbook()
first = book.active
second = book.create_sheet('Second')
for sheet, colour in [(first, 'FF0000'), (second, '0000FF')]:
    for row in range(1, 31):
        for column in range(1, 41):
            cell = sheet.cell(row, column, 7)
            cell.fill = PatternFill('solid', fgColor=colour)
            cell.number_format = ';;;'
book.save('wide.xlsx')
";

#[tokio::test(flavor = "multi_thread")]
async fn slides_are_seen_under_their_numbers_also_behind_a_hidden_one() {
    let desk = Desk::new().await;
    let plans = desk.stage.plans();
    script(&plans, DECK);
    let before = tree(&plans);
    let home = desk.stage.home.path().to_owned();
    let seen: Vec<String> = desk
        .drawn("colours.pptx", json!({}))
        .await
        .iter()
        .map(|picture| look(&home, picture))
        .collect();
    assert_eq!(seen, ["PNG 1568 red", "PNG 1568 green", "PNG 1568 blue"]);
    let third = desk.drawn("colours.pptx", json!({ "pages": "9,3" })).await;
    assert_eq!(look(&home, &third[0]), "PNG 1568 blue");
    let none = desk
        .call("document_render", "colours.pptx", json!({ "pages": "4-6" }))
        .await;
    assert!(
        none.output.contains("has 3 pages, and none of those"),
        "{}",
        none.output
    );
    assert!(tree(&plans) == before, "something was left beside the file");
    assert!(!desk.reached());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_is_one_picture_unless_its_pages_are_asked_for() {
    let desk = Desk::new().await;
    script(&desk.stage.plans(), BOOK);
    let home = desk.stage.home.path().to_owned();
    let sheets = desk.drawn("wide.xlsx", json!({})).await;
    let seen: Vec<String> = sheets.iter().map(|picture| look(&home, picture)).collect();
    assert_eq!(seen, ["PNG 1568 red", "PNG 1568 blue"]);
    let pages = desk.drawn("wide.xlsx", json!({ "print": true })).await;
    assert!(pages.len() > 2, "{} pages", pages.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn to_draw_asks_nobody_and_names_the_file_for_the_rules() {
    let desk = Desk::new().await;
    fs::write(desk.at("a.docx"), "none").expect("a file");
    let request = desk
        .stage
        .request("document_render", json!({ "path": desk.at("a.docx") }));
    let prepared = desk.stage.tools.prepare(&request, &desk.stage.watch).await;
    let prepared = prepared.expect("a call");
    assert_eq!((prepared.effect, prepared.ask), (Effect::Read, None));
    assert_eq!(
        prepared.file.expect("a file").path,
        desk.at("a.docx").display().to_string()
    );
    for (name, why) in [
        ("none.docx", "Not found"),
        ("../outside.docx", "Not in an attached folder"),
        ("a.sh", "Not a document that can be drawn"),
    ] {
        fs::write(desk.at("a.sh"), "x").expect("a file");
        let refused = desk.call("document_render", name, json!({})).await;
        assert_eq!(refused.title, why, "{}", refused.output);
    }
    let sights = desk.stage.sights();
    assert!(sights.is_empty(), "a machine was started for it: {sights:?}");
}

/// A workbook with figures, formulas and letters.
const FIGURES: &str = "
from openpyxl import Workbook
book = Workbook()
sheet = book.active
sheet.title = 'Figures'
for row in range(1, 101):
    sheet.append([row, row / 7, f'=A{row}*B{row}', 'Zoë ' + str(row)])
book.save('figures.xlsx')
";

/// Holds the workbook that was made against what the old one holds; LibreOffice writes numbers with 15 digits.
const COMPARED: &str = "
from openpyxl import load_workbook
values = load_workbook('figures.xlsx', data_only=True)['Figures']
formulas = load_workbook('figures.xlsx')['Figures']
assert values.max_row == 100
for row in range(1, 101):
    a, b, c, d = [values.cell(row, column).value for column in range(1, 5)]
    assert (a, f'{b:.15g}', d) == (row, f'{row / 7:.15g}', f'Zoë {row}'), (a, b, d)
    assert abs(c - row * row / 7) < 1e-9, c
    assert formulas.cell(row, 3).value == f'=A{row}*B{row}'
print('same')
";

#[tokio::test(flavor = "multi_thread")]
async fn an_old_workbook_becomes_one_of_today_with_its_figures_and_is_taken_back() {
    let desk = Desk::new().await;
    let plans = desk.stage.plans();
    script(&plans, FIGURES);
    // LibreOffice is there for commands, too; it makes what Excel 97 would have.
    desk.stage
        .ok("cd /mnt/plans && soffice --headless --convert-to xls figures.xlsx && rm figures.xlsx")
        .await;
    let before = tree(&plans);
    assert!(
        before["figures.xls"]
            .as_ref()
            .expect("a file")
            .starts_with(b"\xd0\xcf\x11\xe0")
    );

    let request = desk
        .stage
        .request("document_convert", json!({ "path": desk.at("figures.xls") }));
    let prepared = desk
        .stage
        .tools
        .prepare(&request, &desk.stage.watch)
        .await
        .expect("a call");
    let ask = prepared.ask.expect("a question");
    assert_eq!((prepared.effect, ask.reason), (Effect::Add, AskReason::Creates));
    let made = desk.stage.tools.run(&request, &desk.stage.watch).await;
    assert_eq!(
        (made.outcome, made.title.as_str()),
        (ToolOutcome::Done, "figures.xlsx made"),
        "{}",
        made.output
    );
    assert_eq!(script(&plans, COMPARED), "same");
    // A crash between the making and the answer makes no second one.
    let again = desk.stage.tools.run(&request, &desk.stage.watch).await;
    assert_eq!(
        (again.title, again.change_set.clone()),
        (made.title, made.change_set.clone())
    );
    let change = made.change_set.expect("a change");
    let undone = desk
        .documents
        .undo(&Stage::session(), &change.id, false, &desk.stage.watch)
        .await;
    assert_eq!(undone, Ok(Vec::new()));
    assert!(tree(&plans) == before, "the folder is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_decks_and_texts_become_ones_of_today() {
    let desk = Desk::new().await;
    let plans = desk.stage.plans();
    script(&plans, DECK);
    desk.stage
        .ok("cd /mnt/plans && soffice --headless --convert-to ppt colours.pptx && rm colours.pptx")
        .await;
    fs::write(
        plans.join("letter.rtf"),
        r"{\rtf1\ansi Dear {\b Zo\'eb},\par the sum is 42.}",
    )
    .expect("a file");
    for (name, made) in [("colours.ppt", "colours.pptx"), ("letter.rtf", "letter.docx")] {
        let result = desk.call("document_convert", name, json!({})).await;
        assert_eq!(result.title, format!("{made} made"), "{}", result.output);
        assert_eq!(result.documents.len(), 1, "it is a document of the session");
    }
    let told = script(
        &plans,
        "
from docx import Document
from pptx import Presentation
letter = [paragraph.text for paragraph in Document('letter.docx').paragraphs]
assert letter[:2] == ['Dear Zoë,', 'the sum is 42.'], letter
print(len(Presentation('colours.pptx').slides))
",
    );
    assert_eq!(told, "3");
}

/// A text whose macro starts a program as soon as it is opened.
const MACRO: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" xmlns:ooo="http://openoffice.org/2004/office" xmlns:dom="http://www.w3.org/2001/xml-events"
 xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
 <office:scripts>
  <office:script script:language="ooo:Basic"><ooo:libraries><ooo:library-embedded ooo:name="Standard"><ooo:module ooo:name="Module1">
   <ooo:source-code>Sub Main
Shell("/usr/bin/touch", 0, "/tmp/ran-by-a-macro", True)
End Sub</ooo:source-code></ooo:module></ooo:library-embedded></ooo:libraries></office:script>
  <office:event-listeners><script:event-listener script:language="ooo:script" script:event-name="dom:load"
   xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document" xlink:type="simple"/></office:event-listeners>
 </office:scripts>
 <office:body><office:text><text:p>Nothing to see</text:p></office:text></office:body>
</office:document>"#;

/// Settings of a person who lets every macro run.
const LENIENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>false</value></prop></item>
</oor:items>"#;

/// A text with a picture on the network and one of the machine's own files.
const LINKS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
 <office:body><office:text><text:p>Linked
  <draw:frame svg:width="5cm" svg:height="5cm"><draw:image xlink:href="http://example.com/picture.png" xlink:type="simple"/></draw:frame>
  <text:section text:name="other"><text:section-source xlink:href="file:///etc/hosts" xlink:type="simple"/></text:section>
 </text:p></office:text></office:body>
</office:document>"#;

#[tokio::test(flavor = "multi_thread")]
async fn no_macro_of_a_document_runs() {
    let desk = Desk::new().await;
    fs::write(desk.at("macro.odt"), MACRO).expect("a file");
    let pictures = desk.drawn("macro.odt", json!({})).await;
    assert_eq!(pictures.len(), 1);
    let ran = desk.ran();
    assert!(
        ran.iter().any(|program| program.contains("soffice.bin")),
        "{ran:#?}"
    );
    assert!(!ran.iter().any(|program| program.contains("touch")), "{ran:#?}");

    // A person's own settings that let every macro run count for nothing: those of the layer are final. With 81 it asks to be
    // started again.
    let open = format!(
        "settings=~/.config/libreoffice/4/user; mkdir -p $settings; echo '{LENIENT}' > $settings/registrymodifications.xcu; \
         code=81; while [ $code = 81 ]; do timeout -s KILL 40 /usr/lib/libreoffice/program/soffice.bin --headless --norestore \
         /mnt/plans/macro.odt; code=$?; done; echo \"ended with $code\"; ls /tmp/ran-by-a-macro"
    );
    let opened = desk.stage.bash(&open).await;
    // It had the document open until its time was up.
    assert!(opened.output.contains("ended with 137"), "{}", opened.output);
    assert!(opened.output.contains("cannot access"), "{}", opened.output);
    let ran = desk.ran();
    assert!(
        !ran.iter().any(|program| program.contains("/usr/bin/touch")),
        "{ran:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_document_names_elsewhere_is_not_reached() {
    let desk = Desk::new().await;
    fs::write(desk.at("links.odt"), LINKS).expect("a file");
    // Commands of this session may reach every host, and the machine of a document none.
    desk.drawn("links.odt", json!({})).await;
    assert!(!desk.reached());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_or_false_document_ends_in_a_sentence() {
    let desk = Desk::new().await;
    script(&desk.stage.plans(), BOOK);
    let whole = fs::read(desk.at("wide.xlsx")).expect("a file");
    fs::write(desk.at("half.xlsx"), &whole[..whole.len() / 2]).expect("a file");
    let mut holes = b"PK\x03\x04".to_vec();
    holes.extend([0xff; 4000]);
    fs::write(desk.at("holes.pptx"), holes).expect("a file");
    fs::write(
        desk.at("false.doc"),
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 9, 9],
    )
    .expect("a file");
    for (tool, name) in [
        ("document_render", "half.xlsx"),
        ("document_render", "holes.pptx"),
        ("document_convert", "false.doc"),
    ] {
        let result = desk.call(tool, name, json!({})).await;
        assert_eq!(
            (result.outcome, result.title.as_str()),
            (ToolOutcome::Failed, "Not opened"),
            "{name}: {}",
            result.output
        );
        assert!(
            result.output.contains("LibreOffice could not open it"),
            "{}",
            result.output
        );
        assert!(result.attachments.is_empty() && result.change_set.is_none());
    }
    assert!(!desk.at("false.docx").exists());
    assert_eq!(tree(&desk.stage.plans()).len(), 4);
}

/// What the engines of the service do not compute, with a wrong value for one of two.
const STALE: &str = "
import re, zipfile
from openpyxl import Workbook
book = Workbook()
book.active.append([7, '=INDIRECT(\"A1\")*2', '=INDIRECT(\"A1\")*3', '=A1*4'])
book.save('blank.xlsx')
values = dict(B1='15', C1='21', D1='28')
with zipfile.ZipFile('blank.xlsx') as old, zipfile.ZipFile('stale.xlsx', 'w') as new:
    for name in old.namelist():
        text = old.read(name)
        if name == 'xl/worksheets/sheet1.xml':
            for cell, value in values.items():
                text, count = re.subn(
                    rb'(r=.%b.[^>]*><f>[^<]*</f>)<v *(/>|></v>)' % cell.encode(),
                    rb'\\g<1><v>' + value.encode() + b'</v>', text)
                assert count == 1, text
        new.writestr(name, text)
";

#[tokio::test(flavor = "multi_thread")]
async fn a_tie_out_has_libreoffice_compute_what_no_engine_of_the_service_does() {
    let desk = Desk::new().await;
    script(&desk.stage.plans(), STALE);
    let before = fs::read(desk.at("stale.xlsx")).expect("a file");
    let document = desk.open("stale.xlsx").await;
    let alone = desk.on(&document, "workbook_tieOut", json!({})).await;
    assert!(!alone.output.contains("LibreOffice"), "{}", alone.output);
    let found = desk
        .on(&document, "workbook_tieOut", json!({ "libreOffice": true }))
        .await;
    assert_eq!(
        (found.outcome, found.tier),
        (ToolOutcome::Done, Some(SandboxTier::VmEmulated)),
        "{}",
        found.output
    );
    for part in [
        r#""cell":"Sheet!B1""#,
        r#""cached":15"#,
        r#""third":14"#,
        "LibreOffice 7.",
        r#""count":1"#,
    ] {
        assert!(found.output.contains(part), "{part}: {}", found.output);
    }
    assert!(!found.output.contains(r#""cell":"Sheet!C1""#), "{}", found.output);
    assert!(
        fs::read(desk.at("stale.xlsx")).expect("a file") == before,
        "it was only looked at"
    );

    let report = json!({ "sheet": "Tie-out", "libreOffice": true });
    let written = desk.on(&document, "workbook_tieOutReport", report).await;
    assert_eq!(written.outcome, ToolOutcome::Done, "{}", written.output);
    let told = script(
        &desk.stage.plans(),
        "from openpyxl import load_workbook\n\
         rows = load_workbook('stale.xlsx')['Tie-out'].iter_rows(values_only=True)\n\
         print([row[3] for row in rows if row[1] == 'Sheet!B1'][0])",
    );
    assert_eq!(
        told,
        "Sheet!B1 holds 15; the first engine computes nothing, the second nothing, LibreOffice 14: =INDIRECT(\"A1\")*2"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tie_out_goes_on_and_says_so_where_there_is_no_libreoffice() {
    let nowhere = tempfile::tempdir().expect("a folder");
    let bare = Desk::of(nowhere.path().to_owned()).await;
    script(&bare.stage.plans(), STALE);
    let document = bare.open("stale.xlsx").await;
    let found = bare
        .on(&document, "workbook_tieOut", json!({ "libreOffice": true }))
        .await;
    assert_eq!(
        (found.outcome, found.tier),
        (ToolOutcome::Done, None),
        "{}",
        found.output
    );
    let said = "values against LibreOffice: workspace unavailable";
    assert!(found.output.contains(said), "{}", found.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_turn_ends_the_drawing_and_its_machine() {
    let desk = Desk::new().await;
    script(&desk.stage.plans(), DECK);
    let request = desk
        .stage
        .request("document_render", json!({ "path": desk.at("colours.pptx") }));
    let run = desk.stage.tools.run(&request, &desk.stage.watch);
    let stop = async {
        until("LibreOffice runs", || {
            desk.ran().iter().any(|program| program.contains("soffice.bin"))
        })
        .await;
        desk.stage.watch.stop.store(true, Ordering::SeqCst);
    };
    let (result, ()) = tokio::join!(run, stop);
    assert_eq!(result.outcome, ToolOutcome::Stopped);
    until("the machine ended", || {
        let sights = desk.stage.sights();
        sights
            .iter()
            .any(|sight| matches!(sight, Sight::MachineEnded { .. }))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_layer_the_tools_are_not_offered_and_say_what_helps() {
    let nowhere = tempfile::tempdir().expect("a folder");
    let bare = Desk::of(nowhere.path().to_owned()).await;
    let offered = |desk: &Desk| {
        let definitions = desk.stage.tools.definitions();
        definitions
            .iter()
            .any(|tool| tool.name == "document_render" || tool.name == "document_convert")
    };
    assert!(!offered(&bare));
    for tool in ["document_render", "document_convert"] {
        let refused = bare.call(tool, "a.xls", json!({})).await;
        assert_eq!(refused.title, "Workspace unavailable");
        assert!(
            refused
                .output
                .contains("an image with the office layer brings it"),
            "{}",
            refused.output
        );
    }
    assert!(offered(&Desk::new().await));
}
