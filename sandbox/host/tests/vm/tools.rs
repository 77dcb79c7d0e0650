//! What the image brings for work with figures and documents.

use pretty_assertions::assert_eq;

use crate::support::{run, session, shell, workshop};

#[tokio::test(flavor = "multi_thread")]
async fn the_tools_of_an_analyst_are_there() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let script = "
import pandas, openpyxl, pptx, docx, xlsxwriter, matplotlib.pyplot as plot
frame = pandas.DataFrame({'region': ['North', 'South', 'North'], 'revenue': [1, 2, 4]})
frame.groupby('region').sum().to_excel('sums.xlsx')
frame.plot(); plot.savefig('chart.png')
print(pandas.read_excel('sums.xlsx').to_csv(index=False), end='')
";
    let ran = run(&session, &["python3", "-c", script]).await.ok();
    assert_eq!(ran, "region,revenue\nNorth,5\nSouth,2\n");
    let tools = "file -b chart.png | cut -d, -f1; git --version | cut -d' ' -f1; echo '{\"a\":1}' | jq .a; \
                 rg --version | head -n1 | cut -d' ' -f1; sqlite3 :memory: 'select 2+2'";
    assert_eq!(
        shell(&session, tools).await.ok(),
        "PNG image data\ngit\n1\nripgrep\n4\n"
    );
}
