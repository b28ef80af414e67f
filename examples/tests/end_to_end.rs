//! The examples as a person uses them: one process asks, another one answers.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod common;

use std::{fs, thread, time::Duration};

use common::{Program, data, proposals};
use serde_json::{Value, json};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn an_article_is_approved_in_another_process() {
    let program = Program::new("content_creation");
    let notes = data("notes").to_string_lossy().into_owned();
    let asked = program.run(&["run", "content-creation", "--topic", "how a run survives a crash", "--folder", &notes]);
    assert_eq!(asked.code, Some(3), "{asked:?}");
    assert!(asked.err.contains("kept in sqlite:flow.db"), "{}", asked.err);
    assert!(asked.out.contains("Please read the draft."), "{}", asked.out);
    assert!(asked.out.contains("10 seconds at crashes.md:11, but 15 seconds at operations.txt:7"), "{}", asked.out);
    let [publish, change, reject] = proposals(&asked.out)[..] else { panic!("{}", asked.out) };
    assert!(reject.contains("Reject"), "{reject}");

    let again = program.paste(&change.replace("How a run survives a crash", r"It'\''s <alive> & well"));
    assert!(again.out.contains("It's <alive> & well\n    ==="), "{again:?}");
    let stale = program.paste(publish);
    assert_eq!(stale.code, Some(2), "the first question is answered: {stale:?}");
    assert!(stale.err.contains("was answered before"), "{}", stale.err);

    let done = program.paste(&proposals(&again.out)[0].replace("--field-by Bob", "--field-by Ann"));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("published by: Ann"), "{}", done.out);
    let page = fs::read_to_string(program.folder().join("article.html")).unwrap();
    assert!(page.contains("<h1>It&#39;s &lt;alive&gt; &amp; well</h1>"), "{page}");
    assert!(page.contains("<code>crashes.md:3</code>"), "{page}");
    assert!(!page.contains("<alive>"), "{page}");
    assert!(!program.folder().join("article.part").exists());
    assert_eq!(program.json(&["runs"])["runs"][0]["status"], "completed");
}

#[test]
fn a_wrong_answer_changes_nothing_and_shows_right_ones() {
    let program = Program::new("content_creation");
    let asked =
        program.json(&["run", "content-creation", "--topic", "leases", "--folder", &data("notes").to_string_lossy()]);
    let run = text(&asked["run"]);
    for (answer, complaint) in [
        (r#"{"Publish":{"by":7}}"#, "at `Publish.by`: invalid type: integer `7`, expected a string\n"),
        (r#"{"Publish":{"buy":"Ann"}}"#, "at `Publish.buy`: unknown field `buy`, expected `by`"),
        ("Publsh", "did you mean Publish?"),
        (r#"{"Publish":{}}"#, "missing field `by`"),
    ] {
        let wrong = program.run(&["answer", run, "approve", answer]);
        assert_eq!(wrong.code, Some(2), "{wrong:?}");
        assert!(wrong.err.contains(complaint), "{}", wrong.err);
        assert!(wrong.err.contains("approve-1 Publish --field-by Ann"), "{}", wrong.err);
    }
    assert_eq!(program.run(&["answer", run, "aprove", "{}"]).code, Some(2));
    assert_eq!(program.run(&["answer", "nobody", "approve", "{}"]).code, Some(2));
    assert_eq!(program.run(&["runs", "--store", "sqlite:other.db"]).code, Some(2));
    assert!(!program.folder().join("other.db").exists());

    let rejected = program.run(&["answer", run, "approve", r#"{"Reject":{"why":"dull"}}"#, "--by", "Bob"]);
    assert_eq!(rejected.code, Some(1), "{rejected:?}");
    assert!(rejected.err.contains("the draft was rejected: dull"), "{}", rejected.err);
    let shown = program.json(&["show", &run[run.len() - 5..]]);
    assert_eq!(shown["status"], "failed");
    assert_eq!(shown["pauses"][0]["answer"], json!({ "Reject": { "why": "dull" } }));
    assert_eq!(shown["pauses"][0]["by"], "Bob");
}

#[test]
fn graphs_and_readable_rows() {
    let program = Program::new("content_creation");
    assert!(program.run(&["graph", "content-creation"]).out.starts_with("flowchart TD\n"));
    assert!(program.run(&["graph", "content-creation", "--format", "dot"]).out.starts_with("digraph"));
    assert_eq!(program.json(&["graph", "content-creation"])["graph"]["name"], "content_creation");
    assert!(!program.folder().join("flow.db").exists());

    program.json(&["run", "content-creation", "--topic", "leases", "--folder", &data("notes").to_string_lossy()]);
    let rows = program.query("flow.db", "SELECT status, workflow, input ->> 'topic' FROM runs");
    assert_eq!(rows, ["paused|content-creation|leases"]);
    let draft = program.query("flow.db", "SELECT value ->> 'title' FROM bindings WHERE name = 'draft'");
    assert_eq!(draft, ["Leases"]);
}

#[test]
fn the_good_rows_of_a_file_are_loaded() {
    let program = Program::new("data_pipeline");
    fs::copy(data("orders.csv"), program.folder().join("orders.csv")).unwrap();
    let asked = program.run(&["run", "data-pipeline", "--csv", "orders.csv"]);
    assert_eq!(asked.code, Some(3), "{asked:?}");
    for row in ["5     quantity    seven     integer", "11    -           5 fields  6 fields", "bad rows: 5"] {
        assert!(asked.out.contains(row), "{}", asked.out);
    }
    // The rows are those of the start, whatever becomes of the file.
    fs::remove_file(program.folder().join("orders.csv")).unwrap();
    let [load, stop] = proposals(&asked.out)[..] else { panic!("{}", asked.out) };
    assert!(load.ends_with(" LoadGood") && stop.ends_with(" Stop"), "{}", asked.out);
    let done = program.paste(load);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("Rows in table orders: 13, left out: 5"), "{}", done.out);
    let rows =
        program.query("warehouse.db", "SELECT customer, postcode, quantity, unit_price FROM orders ORDER BY order_no");
    assert_eq!(rows.len(), 13);
    assert_eq!(rows[0], "Baker & Sons|01069|12|4.5");
    assert_eq!(rows[4], "Potter\n(second shop)|80331|6|15.25");
    assert_eq!(program.query("warehouse.db", "SELECT name FROM sqlite_master"), ["orders"]);
}

#[test]
fn loading_can_be_stopped_and_needs_no_question_without_bad_rows() {
    let program = Program::new("data_pipeline");
    let asked = program.json(&["run", "data-pipeline", "--csv", &data("orders.csv").to_string_lossy()]);
    let done = program.json(&["answer", text(&asked["run"]), "settle", "Stop"]);
    assert_eq!(done["output"], json!({ "Nothing": { "bad_rows": 5 } }));
    assert_eq!(program.query("warehouse.db", "SELECT name FROM sqlite_master"), [""; 0]);

    fs::write(program.folder().join("two words.csv"), "a;a;\n1;x;0.5\n2;y;\n").unwrap();
    let done = program.json(&["run", "data-pipeline", "--csv", "two words.csv"]);
    assert_eq!(done["output"]["Table"]["rows"], 2);
    let table = program.query("warehouse.db", "SELECT sql FROM sqlite_master");
    assert_eq!(table, [r#"CREATE TABLE "two_words" ("a" integer, "a_2" text, "column_3" real)"#]);
    assert_eq!(program.query("warehouse.db", "SELECT * FROM two_words"), ["1|x|0.5", "2|y|-"]);
}

#[test]
fn runs_are_kept_in_postgresql_as_well() {
    let program = Program::new("execute_trade");
    let server = flow_test_server::Server::start(false).unwrap();
    let url = server.url();
    let asked = program.run(&["run", "execute-trade", "--store", &url, "--user", "ann"]);
    assert_eq!(asked.code, Some(3), "{asked:?}");
    // The commands that answer name the store.
    let [approve, _decline] = proposals(&asked.out)[..] else { panic!("{}", asked.out) };
    let done = program.paste(approve);
    assert_eq!(done.code, Some(0), "{done:?}");
    let id = approve.split_whitespace().skip_while(|word| *word != "answer").nth(1).unwrap();
    let shown = program.json(&["show", id, "--store", &url]);
    assert_eq!((text(&shown["status"]), text(&shown["user"])), ("completed", "ann"));
    assert!(!program.folder().join("flow.db").exists());
}

#[test]
fn an_approval_changes_a_trade() {
    let program = Program::new("execute_trade");
    let asked = program.run(&["run", "execute-trade"]);
    assert_eq!(asked.code, Some(3), "{asked:?}");
    assert!(asked.out.contains("- it is worth more than 10000.00"), "{}", asked.out);
    let [approve, _decline] = proposals(&asked.out)[..] else { panic!("{}", asked.out) };
    assert!(approve.ends_with("Approve --quantity 300"), "the example is the order's own quantity: {approve}");

    let none = program.paste(&approve.replace("300", "0"));
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("--quantity: expected a whole number from 1 on"), "{}", none.err);
    let more = program.paste(&approve.replace("300", "400"));
    assert!(more.out.contains("objection: 400 are more than the 300 ordered"), "{}", more.out);
    let done = program.paste(&proposals(&more.out)[0].replace("300", "250"));
    assert!(done.out.contains("buy 250 ACME at 54.30, 13575.00 in all."), "{done:?}");
    let trades = program.query("ledger.db", "SELECT symbol, side, quantity, price FROM trades");
    assert_eq!(trades, ["ACME|buy|250|5430"]);
}

#[test]
fn small_trades_need_nobody_and_a_limit_is_a_limit() {
    let program = Program::new("execute_trade");
    assert_eq!(
        program.json(&[
            "run",
            "execute-trade",
            "--symbol",
            "bolt",
            "--side",
            "buy",
            "--quantity",
            "10",
            "--limit",
            "13.00"
        ])["status"],
        "completed"
    );
    assert_eq!(
        program.json(&[
            "run",
            "execute-trade",
            "--symbol",
            "bolt",
            "--side",
            "sell",
            "--quantity",
            "10",
            "--limit",
            "12.00"
        ])["status"],
        "completed"
    );
    let holding = "SELECT sum(iif(side = 'buy', quantity, -quantity)) FROM trades";
    assert_eq!(program.query("ledger.db", holding), ["0"]);
    assert_eq!(
        program.json(&[
            "run",
            "execute-trade",
            "--symbol",
            "bolt",
            "--side",
            "sell",
            "--quantity",
            "1",
            "--limit",
            "12.00"
        ])["status"],
        "paused"
    );
    let failed = program.run(&[
        "run",
        "execute-trade",
        "--symbol",
        "bolt",
        "--side",
        "buy",
        "--quantity",
        "10",
        "--limit",
        "12.00",
    ]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.err.contains("BOLT is at 12.52, outside the limit of 12.00"), "{}", failed.err);
    assert_eq!(program.run(&["run", "execute-trade", "--quantity", "none"]).code, Some(2));
}

/// What is left of an item, and how much of it is put aside.
fn stock(program: &Program, item: &str) -> (u64, usize) {
    let text = fs::read_to_string(program.folder().join("stock.json")).unwrap();
    let stock: Value = serde_json::from_str(&text).unwrap();
    (stock[item]["in_stock"].as_u64().unwrap(), stock[item]["reserved"].as_object().unwrap().len())
}

const ENTRIES: &str = "SELECT account, amount FROM entries ORDER BY number";

#[test]
fn an_order_that_cannot_be_shipped_is_taken_back() {
    let program = Program::new("order_saga");
    let failed = program.run(&["run", "order-saga", "--address", "nowhere"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    for text in [
        "Before:\n  balances:\n    ann: 1000.00\n",
        "the order cannot be shipped\n  because there is no postcode of five digits in the address `nowhere`\n",
        "Undone, the last first:\n  charge   account: ann, amount: 149.70\n  reserve  item: lamp",
        "Afterwards:\n  balances:\n    ann: 1000.00\n",
    ] {
        assert!(failed.err.contains(text), "{text} in {}", failed.err);
    }
    assert_eq!(stock(&program, "lamp"), (12, 0));
    assert_eq!(program.query("ledger.db", ENTRIES), ["ann|100000", "ann|-14970", "ann|14970"]);

    let done = program.run(&["run", "order-saga"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("On its way to zone east") && done.out.contains("ann: 850.30"), "{}", done.out);
    assert_eq!(stock(&program, "lamp"), (9, 1));
    assert_eq!(fs::read_dir(program.folder().join("parcels")).unwrap().count(), 1);
    // What cannot be paid for is put back, and what is not there is not charged.
    let (code, report) = program.report(&["run", "order-saga", "--item", "kettle", "--quantity", "22"]);
    assert_eq!((code, text(&report["undone"][0]["step"])), (Some(1), "reserve"), "{report}");
    assert_eq!(stock(&program, "kettle"), (25, 0));
    let (code, report) = program.report(&["run", "order-saga", "--item", "lamp", "--quantity", "10"]);
    assert_eq!((code, &report["undone"]), (Some(1), &json!([])), "{report}");
    assert_eq!(program.query("ledger.db", ENTRIES).len(), 4);
}

#[test]
fn a_large_order_waits_and_is_taken_back_when_cancelled_refused_or_forgotten() {
    let program = Program::new("order_saga");
    let taken_back = |report: &Value| {
        let steps: Vec<&str> = report["undone"].as_array().unwrap().iter().map(|undo| text(&undo["step"])).collect();
        assert_eq!(steps, ["charge", "reserve"], "{report}");
        assert_eq!(stock(&program, "sofa"), (2, 0));
        assert_eq!(program.query("ledger.db", "SELECT sum(amount) FROM entries"), ["100000"]);
    };
    let asked = program.json(&["run", "order-saga", "--item", "sofa", "--quantity", "1"]);
    assert_eq!((text(&asked["status"]), stock(&program, "sofa")), ("paused", (1, 1)));
    let run = text(&asked["run"]);
    let (code, cancelled) = program.report(&["cancel", run]);
    assert_eq!((code, text(&cancelled["status"])), (Some(0), "cancelled"));
    taken_back(&cancelled);
    assert_eq!(program.run(&["cancel", run]).code, Some(2));
    assert_eq!(program.run(&["answer", run, "approve", "Ship"]).code, Some(2));
    assert_eq!(program.run(&["recover", run]).code, Some(1));

    let asked = program.json(&["run", "order-saga", "--item", "sofa", "--quantity", "1"]);
    let (code, refused) = program.report(&["answer", text(&asked["run"]), "approve", r#"{"Refuse":{"why":"odd"}}"#]);
    assert_eq!((code, text(&refused["failure"]["chain"][0])), (Some(1), "the order was refused: odd"));
    taken_back(&refused);

    // Nobody answers, and the time runs out while no process is there.
    let asked = program.json(&["run", "order-saga", "--item", "sofa", "--quantity", "1", "--patience", "3"]);
    let run = text(&asked["run"]);
    assert_eq!(asked["status"], "paused");
    thread::sleep(Duration::from_millis(3100));
    let late = program.run(&["answer", run, "approve", "Ship"]);
    assert_eq!(late.code, Some(2), "{late:?}");
    let (code, late) = program.report(&["recover", run]);
    assert_eq!((code, text(&late["failure"]["chain"][0])), (Some(1), "nobody approved the order in time"));
    taken_back(&late);

    let asked = program.run(&["run", "order-saga", "--item", "sofa", "--quantity", "1"]);
    let [ship, _refuse] = proposals(&asked.out)[..] else { panic!("{}", asked.out) };
    let done = program.paste(ship);
    assert!(done.code == Some(0) && done.out.contains("ann: 360.00"), "{done:?}");
}

#[test]
fn a_step_waits_for_files_that_are_busy() {
    let program = Program::new("order_saga");
    let lock = fs::File::create(program.folder().join("stock.lock")).unwrap();
    lock.lock().unwrap();
    let mut order = program.spawn(&["run", "order-saga", "--item", "lamp", "--quantity", "1"]);
    thread::sleep(Duration::from_millis(300));
    assert!(order.try_wait().unwrap().is_none(), "it tries again");
    drop(lock);
    assert!(order.wait().unwrap().success());
    assert_eq!(stock(&program, "lamp"), (11, 1));
}

#[test]
fn the_links_of_this_repository_are_not_broken() {
    let program = Program::new("crawl");
    let done = program.run(&["run", "crawl"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains(" 0 broken."), "{}", done.out);
}

#[test]
fn broken_links_are_reported_in_the_order_of_the_files() {
    let program = Program::new("crawl");
    let folder = program.folder().join("site");
    fs::create_dir_all(folder.join(".hidden")).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write("a.md", "# A\n\n[b](b.html#there) [no](b.html#nowhere)\n[gone](gone.png) [hidden](.hidden/c.md)\n");
    write("b.html", "<p id=\"there\"><a href=\"a.md#a\">a</a> <a href='x y.md'>x</a></p>\n");
    write(".hidden/c.md", "[up](../a.md) [out](../../outside.md)\n");
    fs::write(folder.join("d.md"), [0xff, 0xfe]).unwrap();
    let found = program.run(&["run", "crawl", "--starts", "site"]);
    assert_eq!(found.code, Some(1), "{found:?}");
    let lines: Vec<&str> = found.out.lines().skip(2).collect();
    let expected = [
        "a.md:3: b.html#nowhere: there is no such place in it",
        "a.md:4: gone.png: there is no such file",
        "b.html:1: x y.md: there is no such file",
        ".hidden/c.md:1: ../../outside.md: there is no such file",
        "d.md: cannot be read: stream did not contain valid UTF-8",
        "",
        "3 files, 8 links, 4 broken.",
    ];
    assert_eq!(lines, expected);
    assert_eq!(program.run(&["run", "crawl", "--starts", "elsewhere"]).code, Some(2));
}

#[cfg(unix)]
#[test]
fn a_file_that_is_gone_for_a_moment_is_read_again() {
    let program = Program::new("crawl");
    let folder = program.folder().join("site");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.md"), "# A\n").unwrap();
    std::os::unix::fs::symlink("../later.md", folder.join("b.md")).unwrap();
    let mut crawl = program.spawn(&["run", "crawl", "--starts", "site"]);
    thread::sleep(Duration::from_millis(250));
    fs::write(program.folder().join("later.md"), "[a](a.md#a)\n").unwrap();
    assert!(crawl.wait().unwrap().success(), "the second or third attempt finds it");
    assert_eq!(program.query("flow.db", "SELECT output ->> 'links' FROM runs"), ["1"]);
}
