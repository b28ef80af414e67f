//! Everything that can be typed wrong, and what is said then: one sentence and a way out.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod common;

use std::fs;

use common::Newsroom;
use expect_test::{Expect, expect};

fn check(said: &str, expected: Expect) {
    expected.assert_eq(said);
}

#[test]
fn an_input_that_is_wrong() {
    let room = Newsroom::new();
    check(
        &room.say(&["run", "artcle"]),
        expect![[r#"
        $ newsroom run artcle
        error: there is no workflow `artcle`; did you mean `article`?

        hint: `list` shows the workflows
        [2]
    "#]],
    );
    check(
        &room.say(&["run"]),
        expect![[r#"
        $ newsroom run
        error: which workflow is missing

        what would do:
          newsroom run article --help
          newsroom run survey --help
          newsroom run many --help
          newsroom run digging --help
          newsroom run two --help
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "article"]),
        expect![[r#"
        $ newsroom run article
        error: --topic is missing

        what would do:
          newsroom run article --help
          newsroom run article --input -
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "article", "--topic", "bees", "--words", "many"]),
        expect![[r#"
        $ newsroom run article --topic bees --words many
        error: --words: expected a whole number from 1 on
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "article", "--topic", "bees", "--style", "sobre"]),
        expect![[r#"
        $ newsroom run article --topic bees --style sobre
        error: --style: expected one of sober, loud; did you mean sober?
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "article", "--topci", "bees"]),
        expect![[r#"
        $ newsroom run article --topci bees
        error: unexpected argument '--topci' found

          tip: a similar argument exists: '--topic'

        Usage: newsroom run article --topic <TEXT>

        For more information, try '--help'.
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "article", "--input", r#"{"topic": bees}"#]),
        expect![[r#"
        $ newsroom run article --input '{"topic": bees}'
        error: the input is not JSON: expected value at line 1, column 11

          {"topic": bees}
                    ^ expected value
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "article", "--input", "@nowhere.json"]),
        expect![[r#"
        $ newsroom run article --input @nowhere.json
        error: --input: file `nowhere.json` cannot be read: No such file or directory (os error 2); a text that begins with @ is written with two of them
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "article", "--input", r#"{"topic": "x", "words": "y"}"#]),
        expect![[r#"
        $ newsroom run article --input '{"topic": "x", "words": "y"}'
        error: --words: invalid type: string "y", expected u32
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "article", "--topic", "x", "--tags", r#"["a""#]),
        expect![[r#"
        $ newsroom run article --topic x --tags '["a"'
        error: --tags is not JSON: EOF while parsing a list at line 1, column 4

          ["a"
             ^ EOF while parsing a list
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "survey"]),
        expect![[r#"
        $ newsroom run survey
        error: `survey` needs its input: a text

        hint: newsroom run survey TEXT
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "many", "1", "two"]),
        expect![[r#"
        $ newsroom run many 1 two
        error: expected a whole number from 0 on
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "many", "--deadline", "soon"]),
        expect![[r#"
        $ newsroom run many --deadline soon
        error: invalid value 'soon' for '--deadline <TIME>': write it as 90s, 5m, 1h 30m, 2d or 1w
        [2]
    "#]],
    );
    assert!(!room.folder().join("flow.db").exists(), "what is wrong opens nothing");
}

#[test]
fn a_run_that_is_not_there() {
    let room = Newsroom::new();
    check(
        &room.say(&["show"]),
        expect![[r#"
        $ newsroom show
        error: there is no file `flow.db`

        hint: `run` makes it; --store names another one
        [2]
    "#]],
    );
    check(
        &room.say(&["answer", "last"]),
        expect![[r#"
        $ newsroom answer last
        error: there is no file `flow.db`

        hint: `run` makes it; --store names another one
        [2]
    "#]],
    );
    assert!(!room.folder().join("flow.db").exists(), "who reads makes no file");
    room.json(&["run", "many", "1"]);
    check(
        &room.say(&["show", "nobody"]),
        expect![[r#"
        $ newsroom show nobody
        error: no run's id ends in `nobody`

        hint: `runs` shows the runs; `last` is the newest one
        [2]
    "#]],
    );
    check(
        &room.say(&["answer", "last", "Yes"]),
        expect![[r#"
        $ newsroom answer last Yes
        error: run RUN asks nothing: it is completed

        hint: newsroom show RUN
        [2]
    "#]],
    );
    check(
        &room.say(&["cancel", "last"]),
        expect![[r#"
        $ newsroom cancel last
        error: run `RUN` cannot be cancelled: it is completed
        [2]
    "#]],
    );
    check(
        &room.say(&["retry", "last"]),
        expect![[r#"
        $ newsroom retry last
        error: run `RUN` cannot be tried again: it is completed, and only a failed run can
        [2]
    "#]],
    );
}

#[test]
fn an_answer_that_is_wrong() {
    let room = Newsroom::new();
    room.paused(&["article", "--topic", "bees"]);
    check(
        &room.say(&["answer", "last"]),
        expect![[r#"
        $ newsroom answer last
        error: there is no answer to `approve-1`, and no terminal to ask on

        what would do:
          newsroom answer RUN approve-1 Publish --field-by '…'
          newsroom answer RUN approve-1 Change --title 'bees: bees fly, bees sing' --words 700
          newsroom answer RUN approve-1 Reject --why '…'
          newsroom answer RUN approve-1 Wait
        [2]
    "#]],
    );
    check(
        &room.say(&["answer", "last", "Publsh"]),
        expect![[r#"
        $ newsroom answer last Publsh
        error: expected one of Publish, Change, Reject, Wait; did you mean Publish?

        what would do:
          newsroom answer RUN approve-1 Publish --field-by '…'
          newsroom answer RUN approve-1 Change --title 'bees: bees fly, bees sing' --words 700
          newsroom answer RUN approve-1 Reject --why '…'
          newsroom answer RUN approve-1 Wait
        [2]
    "#]],
    );
    check(
        &room.say(&["answer", "last", "approve", r#"{"Publish""#]),
        expect![[r#"
        $ newsroom answer last approve '{"Publish"'
        error: the answer is not JSON: EOF while parsing an object at line 1, column 10

          {"Publish"
                   ^ EOF while parsing an object
        [2]
    "#]],
    );
    check(
        &room.say(&["answer", "last", r#"{"Publish":{"by":7}}"#]),
        expect![[r#"
        $ newsroom answer last '{"Publish":{"by":7}}'
        error: at `Publish.by`: invalid type: integer `7`, expected a string

        what would do:
          newsroom answer RUN approve-1 Publish --field-by '…'
          newsroom answer RUN approve-1 Change --title 'bees: bees fly, bees sing' --words 700
          newsroom answer RUN approve-1 Reject --why '…'
          newsroom answer RUN approve-1 Wait
        [2]
    "#]],
    );
    check(
        &room.say(&["answer", "last", "Publish"]),
        expect![[r#"
        $ newsroom answer last Publish
        error: --field-by is missing for Publish

        hint: newsroom answer RUN approve-1 Publish --field-by '…'
        [2]
    "#]],
    );
    check(
        &room.say(&["answer", "last", "Change", "--title", "x", "--words", "few"]),
        expect![[r#"
        $ newsroom answer last Change --title x --words few
        error: --words: expected a whole number from 0 on

        hint: newsroom answer RUN approve-1 Change --title 'bees: bees fly, bees sing' --words 700
        [2]
    "#]],
    );
    check(
        &room.say(&["answer", "last", "aprove", "Wait"]),
        expect![[r#"
        $ newsroom answer last aprove Wait
        error: run `RUN` does not wait at a pause `aprove`; it waits at approve-1

        what would do:
          newsroom answer RUN approve-1 Publish --field-by '…'
          newsroom answer RUN approve-1 Change --title 'bees: bees fly, bees sing' --words 700
          newsroom answer RUN approve-1 Reject --why '…'
          newsroom answer RUN approve-1 Wait
        [2]
    "#]],
    );
    room.json(&["answer", "last", "Wait", "--by", "ann"]);
    check(
        &room.say(&["answer", "last", "approve-1", "Wait"]),
        expect![[r#"
        $ newsroom answer last approve-1 Wait
        error: pause `approve-1` was answered before by ann, now, with "Wait"

        what would do:
          newsroom answer RUN approve-2 Publish --field-by '…'
          newsroom answer RUN approve-2 Change --title 'bees: bees fly, bees sing' --words 700
          newsroom answer RUN approve-2 Reject --why '…'
          newsroom answer RUN approve-2 Wait
        [2]
    "#]],
    );
    assert_eq!(room.json(&["answer", "last", "approve-1", "Wait"])["error"]["kind"], "already_answered");
}

#[test]
fn an_answer_by_the_wrong_one() {
    let room = Newsroom::new();
    room.paused(&["survey", "bees"]);
    room.json(&["answer", "last", "Yes"]);
    check(
        &room.say(&["answer", "last", "west", "--by", "ann"]),
        expect![[r#"
            $ newsroom answer last west --by ann
            error: expected one of north, east, south; did you mean east?

            what would do:
              newsroom answer RUN choose-2 north --by ann
              newsroom answer RUN choose-2 east --by ann
              newsroom answer RUN choose-2 south --by ann
            [2]
        "#]],
    );
    check(
        &room.say(&["answer", "last", "north"]),
        expect![[r#"
        $ newsroom answer last north
        error: pause `choose-2` is for ann: --by NAME says who answers
        [2]
    "#]],
    );
    check(
        &room.say(&["answer", "last", "north", "--by", "bob"]),
        expect![[r#"
        $ newsroom answer last north --by bob
        error: pause `choose-2` is for ann: not for bob
        [2]
    "#]],
    );
}

#[test]
fn one_of_several_questions() {
    let room = Newsroom::new();
    room.paused(&["two"]);
    check(
        &room.say(&["answer", "last", "Yes"]),
        expect![[r#"
        $ newsroom answer last Yes
        error: run RUN asks 2 questions: say which

        what would do:
          newsroom answer RUN confirm-1
          newsroom answer RUN confirm-2
        [2]
    "#]],
    );
    check(
        &room.say(&["answer", "last", "confirm", "Yes"]),
        expect![[r#"
        $ newsroom answer last confirm Yes
        error: run `RUN` waits at several pauses `confirm`: answer one of confirm-1, confirm-2 by its id

        what would do:
          newsroom answer RUN confirm-1 Yes
          newsroom answer RUN confirm-1 No
          newsroom answer RUN confirm-2 Yes
          newsroom answer RUN confirm-2 No
        [2]
    "#]],
    );
}

#[test]
fn a_store_that_cannot_be_used() {
    let room = Newsroom::new();
    check(
        &room.say(&["runs", "--store", "mysql://x"]),
        expect![[r#"
        $ newsroom runs --store mysql://x
        error: `mysql://x` is no store: write sqlite:PATH or postgres://USER@HOST/DATABASE
        [2]
    "#]],
    );
    check(
        &room.say(&["runs", "--store", "postgres://localhost/x"]),
        expect![[r#"
        $ newsroom runs --store postgres://localhost/x
        error: this program cannot use PostgreSQL: build it with the feature `postgres` of flow-cli
        [2]
    "#]],
    );
    check(
        &room.say(&["runs", "--store", "sqlite:no/such/flow.db"]),
        expect![[r#"
        $ newsroom runs --store sqlite:no/such/flow.db
        error: there is no file `no/such/flow.db`

        hint: `run` makes it; --store names another one
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "many", "1", "--store", "sqlite:no/such/flow.db"]),
        expect![[r#"
        $ newsroom run many 1 --store sqlite:no/such/flow.db
        error: the store could not open `no/such/flow.db`
          because there is no folder `no/such`

        hint: --store names another store
        [1]
    "#]],
    );
    fs::write(room.folder().join("text.db"), "no database, but a text that is long enough for one".repeat(100))
        .unwrap();
    check(
        &room.say(&["runs", "--store", "text.db"]),
        expect![[r#"
        $ newsroom runs --store text.db
        error: the store could not open `text.db`
          because it is not a database, or it is encrypted: open another path, or move that file away

        hint: --store names another store
        [1]
    "#]],
    );
    room.json(&["run", "many", "1", "--store", "newer.db"]);
    let newer = rusqlite::Connection::open(room.folder().join("newer.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    check(
        &common::steady(&room.say(&["runs", "--store", "newer.db"])),
        expect![[r#"
        $ newsroom runs --store newer.db
        error: the store has schema version 99, this program knows versions up to 4: use a newer flow-runtime
        [1]
    "#]],
    );
}

#[test]
fn a_store_that_somebody_keeps_to_themselves() {
    let room = Newsroom::new();
    room.json(&["run", "many", "1"]);
    let other = rusqlite::Connection::open(room.folder().join("flow.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Looking is possible all the same.
    assert_eq!(room.json(&["show"])["status"], "completed");
    check(
        &room.say(&["run", "many", "1"]),
        expect![[r#"
            $ newsroom run many 1
            error: the store could not create run `RUN`
              because `FOLDER/flow.db`: another process kept the database locked for longer than `busy_timeout`

            hint: --store names another store
            [1]
        "#]],
    );
}

#[cfg(unix)]
#[test]
fn a_store_that_may_only_be_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let room = Newsroom::new();
    room.json(&["run", "many", "1"]);
    let file = room.folder().join("flow.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    // Whoever may write all the same, as root may, hears of nothing.
    if fs::OpenOptions::new().write(true).open(&file).is_err() {
        let said = room.run(&["run", "many", "1"]);
        assert!(said.code == Some(1) && said.err.contains("the right to write"), "{said:?}");
    }
}

#[test]
fn with_json_errors_are_json() {
    let room = Newsroom::new();
    check(
        &room.say(&["run", "artcle", "--json"]),
        expect![[r#"
        $ newsroom run artcle --json
        {
          "error": {
            "kind": "unknown_workflow",
            "message": "there is no workflow `artcle`; did you mean `article`?",
            "because": [],
            "hints": [
              "`list` shows the workflows"
            ]
          }
        }
        [2]
    "#]],
    );
    check(
        &room.say(&["run", "article", "--json", "--topic", "x", "--words", "many"]),
        expect![[r#"
        $ newsroom run article --json --topic x --words many
        {
          "error": {
            "kind": "fields",
            "message": "--words: expected a whole number from 1 on",
            "because": [],
            "hints": []
          }
        }
        [2]
    "#]],
    );
    check(
        &room.say(&["shwo", "--json"]),
        expect![[r#"
        $ newsroom shwo --json
        {
          "error": {
            "kind": "usage",
            "message": "unrecognized subcommand 'shwo'",
            "because": [],
            "hints": []
          }
        }
        [2]
    "#]],
    );
}
