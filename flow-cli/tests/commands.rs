//! Every command, as people read it.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod common;

use common::Newsroom;
use expect_test::{Expect, expect};

fn check(said: &str, expected: Expect) {
    expected.assert_eq(said);
}

#[test]
fn workflows_are_listed() {
    let room = Newsroom::new();
    check(
        &room.say(&["list"]),
        expect![[r#"
            $ newsroom list
            WORKFLOW  VERSION   INPUT                                                          DOES
            article   e37f618d  --topic TEXT [--words] [--style] [--check] [--tags] [--field…  Writes an article, and publishes it once somebody has approved.
            digging   da0b033d  --item TEXT --ms NUMBER                                        Puts something aside, and digs for a while.
            many      ab1fe0dc  NUMBER…                                                        Does many things at once.
            survey    c5a6daaa  TEXT                                                           Asks everything there is to ask.
            two       c37e3f07                                                                 Asks two at once.
            [0]
        "#]],
    );
    assert!(!room.folder().join("flow.db").exists(), "nothing was opened");
}

#[test]
fn the_fields_of_an_input_are_flags() {
    let room = Newsroom::new();
    check(
        &room.say(&["run", "article", "--help"]),
        expect![[r#"
            $ newsroom run article --help
            Writes an article, and publishes it once somebody has approved.

            Usage: newsroom run article [OPTIONS]

            Input:
                  --topic <TEXT>          What the article is about. [required]
                  --words <NUMBER>        How many words it may have. [default: 700]
                  --style <CHOICE>        In which style. [possible values: sober, loud] [default: sober]
                  --check [<true|false>]  Whether somebody reads it before it is published. [or --no-check] [default: true]
                  --tags <TEXT>           What it is filed under. [may be repeated]
                  --field-user <TEXT>     Who is to be told.

            Options:
                  --input <JSON>          The input as JSON, or where it is: @FILE, or - for stdin. Flags go on top of it
                  --session <ID>          The session the run belongs to
                  --user <NAME>           On whose behalf it runs [env: FLOW_USER]
                  --key <KEY>             A name for this start: the second one with the same key gets the run of the first
                  --priority <NUMBER>     Which of several waiting runs goes first: the one with the highest number
                  --deadline <TIME>       How long it may take: 90s, 5m, 2d
                  --metadata <KEY=VALUE>  Anything else to be kept with it; may be repeated
                  --detach                Start it, and leave it to a worker
                  --store <URL>           Where runs are kept: sqlite:PATH or postgres://USER@HOST/DATABASE [env: FLOW_STORE]
                                          [default: sqlite:flow.db]
                  --json                  Print JSON, for scripts
              -q, --quiet                 Print results and errors only
              -h, --help                  Print help
            [0]
        "#]],
    );
    check(
        &room.say(&["run", "survey", "--help"]),
        expect![[r#"
            $ newsroom run survey --help
            Asks everything there is to ask.

            Usage: newsroom run survey [OPTIONS] [TEXT]

            Input:
              [TEXT]  A text, or @file

            Options:
                  --input <JSON>          The input as JSON, or where it is: @FILE, or - for stdin. Flags go on top of it
                  --session <ID>          The session the run belongs to
                  --user <NAME>           On whose behalf it runs [env: FLOW_USER]
                  --key <KEY>             A name for this start: the second one with the same key gets the run of the first
                  --priority <NUMBER>     Which of several waiting runs goes first: the one with the highest number
                  --deadline <TIME>       How long it may take: 90s, 5m, 2d
                  --metadata <KEY=VALUE>  Anything else to be kept with it; may be repeated
                  --detach                Start it, and leave it to a worker
                  --store <URL>           Where runs are kept: sqlite:PATH or postgres://USER@HOST/DATABASE [env: FLOW_STORE]
                                          [default: sqlite:flow.db]
                  --json                  Print JSON, for scripts
              -q, --quiet                 Print results and errors only
              -h, --help                  Print help
            [0]
        "#]],
    );
    assert!(!room.folder().join("flow.db").exists(), "nothing was opened");
}

#[test]
fn the_fields_of_an_answer_are_flags() {
    let room = Newsroom::new();
    room.paused(&["article", "--topic", "bees"]);
    check(
        &room.say(&["answer", "last", "approve", "Change", "--help"]),
        expect![[r#"
        $ newsroom answer last approve Change --help
        Please read the draft. Publish it, change it, or say what is wrong with it.

        Usage: newsroom answer RUN approve-1 Change [OPTIONS]

        Answer:
              --title <TEXT>    [required]
              --words <NUMBER>  [required]

        Options:
              --value <JSON>    The answer as JSON, or where it is: @FILE, or - for stdin. Flags go on top of it
              --by <NAME>       Who answers [env: FLOW_USER]
              --role <ROLE>     A role of whoever answers; may be repeated
              --comment <TEXT>  A remark to be kept with the answer
              --detach          Only answer, and leave the run to a worker
              --store <URL>     Where runs are kept: sqlite:PATH or postgres://USER@HOST/DATABASE [env: FLOW_STORE] [default:
                                sqlite:flow.db]
              --json            Print JSON, for scripts
          -q, --quiet           Print results and errors only
          -h, --help            Print help
        [0]
    "#]],
    );
}

#[test]
fn a_run_is_done() {
    let room = Newsroom::new();
    check(
        &room.say(&["run", "article", "--topic", "bees", "--no-check", "--style", "loud"]),
        expect![[r#"
        $ newsroom run article --topic bees --no-check --style loud
        Run RUN of article  kept in sqlite:flow.db
        ✓ research  TOOK
        ✓ write  TOOK
        ✓ Run RUN is done.

        title: BEES: BEES FLY, BEES SING
        words: 700
        [0]
    "#]],
    );
    check(
        &room.say(&["run", "many", "1", "2", "3"]),
        expect![[r#"
        $ newsroom run many 1 2 3
        Run RUN of many  kept in sqlite:flow.db
        ✓ parallel.0  count  TOOK
        ✓ parallel.1  count  TOOK
        ✓ parallel.2  count  TOOK
        ✓ Run RUN is done.

        12
        [0]
    "#]],
    );
    check(
        &room.say(&["run", "many", "--input", "[4,5]", "--quiet"]),
        expect![[r#"
        $ newsroom run many --input [4,5] --quiet
        ✓ Run RUN is done.

        18
        [0]
    "#]],
    );
}

#[test]
fn a_run_asks_and_is_answered() {
    let room = Newsroom::new();
    check(
        &room.say(&["run", "article", "--topic", "bees", "--words", "90", "--user", "bob"]),
        expect![[r#"
        $ newsroom run article --topic bees --words 90 --user bob
        Run RUN of article  kept in sqlite:flow.db
        ✓ research  TOOK
        ✓ write  TOOK
        ? Run RUN waits for an answer.

        approve-1

            bees: bees fly, bees sing (90 words)

        Please read the draft. Publish it, change it, or say what is wrong with it.

          # Publish it.
          newsroom answer RUN approve-1 Publish --field-by '…'
          # Write it again.
          newsroom answer RUN approve-1 Change --title 'bees: bees fly, bees sing' --words 90
          # Forget it.
          newsroom answer RUN approve-1 Reject --why '…'
          # Ask again.
          newsroom answer RUN approve-1 Wait
        [3]
    "#]],
    );
    check(
        &room.say(&["show"]),
        expect![[r#"
            $ newsroom show
            RUN article  paused, now
              id       RUN
              started  TIME (now)
              user     bob

            Input
              topic: bees
              words: 90
              style: sober
              check: yes
              tags: none
              user: -

            Steps
              STEP  TOOK  BEGAN
              research  ✓ completed  TOOK  TOOK
              write  ✓ completed  TOOK  TOOK

            Saved at `approve`
              draft   {"title":"bees: bees fly, bees sing","words":90}
              rounds  1

            ? approve-1

                bees: bees fly, bees sing (90 words)

            Please read the draft. Publish it, change it, or say what is wrong with it.

              # Publish it.
              newsroom answer RUN approve-1 Publish --field-by '…'
              # Write it again.
              newsroom answer RUN approve-1 Change --title 'bees: bees fly, bees sing' --words 90
              # Forget it.
              newsroom answer RUN approve-1 Reject --why '…'
              # Ask again.
              newsroom answer RUN approve-1 Wait
            [0]
        "#]],
    );
    check(
        &room.say(&["answer", "last", "Change", "--title", "On bees", "--words", "80", "--by", "ann"]),
        expect![[r#"
        $ newsroom answer last Change --title 'On bees' --words 80 --by ann
        ✓ approve-1  answered by ann
        ? Run RUN waits for an answer.

        approve-2  asked once before

            On bees (80 words)

        Please read the draft. Publish it, change it, or say what is wrong with it.

          # Publish it.
          newsroom answer RUN approve-2 Publish --field-by '…'
          # Write it again.
          newsroom answer RUN approve-2 Change --title 'On bees' --words 80
          # Forget it.
          newsroom answer RUN approve-2 Reject --why '…'
          # Ask again.
          newsroom answer RUN approve-2 Wait
        [3]
    "#]],
    );
    check(
        &room.say(&["answer", "last", "approve-2", "Publish", "--field-by", "Ann", "--comment", "fine"]),
        expect![[r#"
        $ newsroom answer last approve-2 Publish --field-by Ann --comment fine
        ✓ approve-2  answered: fine
        ✓ Run RUN is done.

        title: On bees
        words: 80
        [0]
    "#]],
    );
    check(
        &room.say(&["show", "last"]),
        expect![[r#"
            $ newsroom show last
            RUN article  completed after TOOK
              id       RUN
              started  TIME (now)
              user     bob

            Input
              topic: bees
              words: 90
              style: sober
              check: yes
              tags: none
              user: -

            Steps
              STEP  TOOK  BEGAN
              research  ✓ completed  TOOK  TOOK
              write  ✓ completed  TOOK  TOOK

            Asked
              QUESTION  ANSWER
              approve-1  answered by ann, now  {"Change":{"title":"On bees","words":80}}
              approve-2  answered, now: fine  {"Publish":{"by":"Ann"}}

            Output
              title: On bees
              words: 80
            [0]
        "#]],
    );
    check(
        &room.say(&["events"]),
        expect![[r#"
            $ newsroom events
            TIME     1  run started
            TIME     2  step started  research
            TIME  3  step completed  research  TOOK
            TIME     4  step started  write
            TIME  5  step completed  write  TOOK
            TIME     6  loop iterated  node 4  round 1
            TIME     7  pause asked  approve-1  approve
            TIME     8  run paused  pauses ["approve-1"]
            TIME     9  pause answered  approve-1  by ann
            TIME    10  run resumed
            TIME    11  choice taken  node 5  Approval::Change { title, words }
            TIME    12  loop iterated  node 4  round 2
            TIME    13  pause asked  approve-2  approve
            TIME    14  run paused  pauses ["approve-2"]
            TIME    15  pause answered  approve-2  comment fine
            TIME    16  run resumed
            TIME    17  choice taken  node 5  Approval::Publish { .. }
            TIME    18  run completed
            [0]
        "#]],
    );
    check(
        &room.say(&["runs"]),
        expect![[r#"
            $ newsroom runs
            RUN  WORKFLOW  STATUS  STARTED  TOOK  USER  INPUT
            RUN  article  completed  now  TOOK  bob  topic: bees, words: 90, style: sober, check: tru…
            [0]
        "#]],
    );
}

#[test]
fn a_run_fails_and_is_tried_again() {
    let room = Newsroom::new();
    check(
        &room.say(&["run", "article", "--topic", "nothing"]),
        expect![[r#"
        $ newsroom run article --topic nothing
        Run RUN of article  kept in sqlite:flow.db
        ✓ research  TOOK
        ✗ write  there is nothing to say
          write  attempt 2 now
        ✗ write  attempt 2  there is nothing to say
        error: run RUN failed after `research done`: there is nothing to say

        When what is wrong has been put right, this goes on from there:
          newsroom retry RUN
        [1]
    "#]],
    );
    check(
        &room.say(&["retry", "last"]),
        expect![[r#"
        $ newsroom retry last
          tried again
        ✗ write  there is nothing to say
          write  attempt 2 now
        ✗ write  attempt 2  there is nothing to say
        error: run RUN failed after `research done`: there is nothing to say

        When what is wrong has been put right, this goes on from there:
          newsroom retry RUN
        [1]
    "#]],
    );
    check(
        &room.say(&["show", "last"]),
        expect![[r#"
            $ newsroom show last
            RUN article  failed after TOOK
              id       RUN
              started  TIME (now)

            Input
              topic: nothing
              words: 700
              style: sober
              check: yes
              tags: none
              user: -

            Steps
              STEP  TOOK  BEGAN
              research  ✓ completed  TOOK  TOOK
              write  ✗ failed: there is nothing to say  TOOK  TOOK
              write  ✗ failed  attempt 2: there is nothing to say  TOOK  TOOK
              write  ✗ failed: there is nothing to say  TOOK  TOOK
              write  ✗ failed  attempt 2: there is nothing to say  TOOK  TOOK

            Saved at `research done`
              brief  {"topic":"nothing","words":700,"style":"sober","check":true,"tags":[],"user":nul…
              facts  ["nothing fly","nothing sing"]

            error: it failed after `research done`: there is nothing to say
            [0]
        "#]],
    );
}

#[test]
fn what_can_be_undone_is_undone() {
    let room = Newsroom::new();
    check(
        &room.say(&["run", "digging", "--item", "shovel", "--ms", "0"]),
        expect![[r#"
        $ newsroom run digging --item shovel --ms 0
        Run RUN of digging  kept in sqlite:flow.db
        ✓ reserve  TOOK
        ✓ dig  TOOK
        ↩ reserve  undone
        error: run RUN failed after `dig done`: the shovel broke

        Undone, the last first:
          reserve  one shovel
        [1]
    "#]],
    );
    room.paused(&["two"]);
    check(
        &room.say(&["cancel", "last"]),
        expect![[r#"
        $ newsroom cancel last
          parallel.0  confirm-1  withdrawn
          parallel.1  confirm-2  withdrawn
        Run RUN is cancelled.
        [0]
    "#]],
    );
    check(
        &room.say(&["show", "last"]),
        expect![[r#"
            $ newsroom show last
            RUN two  cancelled after TOOK
              id       RUN
              started  TIME (now)

            Input

            Asked
              QUESTION  ANSWER
              confirm-1  withdrawn, now
              confirm-2  withdrawn, now
            [0]
        "#]],
    );
}

#[test]
fn a_copy_begins_where_the_run_was() {
    let room = Newsroom::new();
    room.paused(&["article", "--topic", "bees"]);
    check(
        &room.say(&["fork", "last", "--at", "write", "--set", r#"draft={"title":"On wasps","words":1}"#]),
        expect![[r#"
            $ newsroom fork last --at write --set 'draft={"title":"On wasps","words":1}'
            Copy RUN of run RUN
            ? Run RUN waits for an answer.

            approve-1

                On wasps (1 words)

            Please read the draft. Publish it, change it, or say what is wrong with it.

              # Publish it.
              newsroom answer RUN approve-1 Publish --field-by '…'
              # Write it again.
              newsroom answer RUN approve-1 Change --title 'On wasps' --words 1
              # Forget it.
              newsroom answer RUN approve-1 Reject --why '…'
              # Ask again.
              newsroom answer RUN approve-1 Wait
            [3]
        "#]],
    );
    check(
        &room.say(&["fork", "last", "--at", "wirte"]),
        expect![[r#"
            $ newsroom fork last --at wirte
            error: the run was never at `wirte`

            what would do:
              --at start
              --at 1    write done
              --at 2    approve
            [2]
        "#]],
    );
}

#[test]
fn runs_are_found_page_by_page() {
    let room = Newsroom::new();
    for number in ["1", "2", "3"] {
        room.json(&["run", "many", number, "--user", "ann", "--metadata", "from=test"]);
    }
    check(
        &room.say(&["runs", "--user", "ann", "--limit", "2"]),
        expect![[r#"
            $ newsroom runs --user ann --limit 2
            RUN  WORKFLOW  STATUS  STARTED  TOOK  USER  INPUT
            RUN  many  completed  now  TOOK  ann  [3]
            RUN  many  completed  now  TOOK  ann  [2]

            More: newsroom runs --user ann --limit 2 --after RUN
            [0]
        "#]],
    );
    check(
        &room.say(&["runs", "--status", "failed"]),
        expect![[r#"
        $ newsroom runs --status failed
        No runs like that in sqlite:flow.db.
        [0]
    "#]],
    );
    assert_eq!(room.json(&["runs", "--metadata", "from=test", "--since", "1h"])["runs"].as_array().unwrap().len(), 3);
    let page = room.json(&["runs", "--limit", "2"]);
    let rest = room.json(&["runs", "--after", page["next"].as_str().unwrap()]);
    assert_eq!((rest["runs"].as_array().unwrap().len(), &rest["next"]), (1, &serde_json::Value::Null));
}

#[test]
fn sessions_are_shown() {
    let room = Newsroom::new();
    room.json(&["run", "many", "1", "--session", "s-1", "--user", "ann"]);
    check(
        &room.say(&["sessions"]),
        expect![[r#"
            $ newsroom sessions
            SESSION  NAME  USER  WRITTEN  STATE
            s-1  ann  now
            [0]
        "#]],
    );
    check(
        &room.say(&["session", "s-1", "--rename", "The first"]),
        expect![[r#"
            $ newsroom session s-1 --rename 'The first'
            s-1  The first
              begun  TIME (now)
              written  2 times, last now
              user     ann

            State
              -

            Runs
              RUN  WORKFLOW  STATUS  STARTED  TOOK  INPUT
              RUN  many  completed  now  TOOK  [1]
            [0]
        "#]],
    );
    check(
        &room.say(&["session", "s-2"]),
        expect![[r#"
        $ newsroom session s-2
        error: there is no session `s-2`

        hint: newsroom sessions
        [2]
    "#]],
    );
}

#[test]
fn sessions_are_found_page_by_page() {
    let room = Newsroom::new();
    for session in ["s-1", "s-2", "s-3"] {
        room.json(&["run", "many", "1", "--session", session, "--user", "ann"]);
    }
    check(
        &room.say(&["sessions", "--user", "ann", "--limit", "2"]),
        expect![[r#"
        $ newsroom sessions --user ann --limit 2
        SESSION  NAME  USER  WRITTEN  STATE
        s-3  ann  now
        s-2  ann  now

        More: newsroom sessions --user ann --limit 2 --after s-2
        [0]
    "#]],
    );
    check(
        &room.say(&["sessions", "--user", "ann", "--limit", "2", "--after", "s-2"]),
        expect![[r#"
        $ newsroom sessions --user ann --limit 2 --after s-2
        SESSION  NAME  USER  WRITTEN  STATE
        s-1  ann  now
        [0]
    "#]],
    );
    let page = room.json(&["sessions", "--limit", "1"]);
    let rest = room.json(&["sessions", "--after", page["next"].as_str().unwrap()]);
    assert_eq!((&rest["sessions"][0]["id"], &rest["next"]), (&"s-2".into(), &serde_json::Value::Null));
    check(
        &room.say(&["sessions", "--after", "s-4"]),
        expect![[r#"
        $ newsroom sessions --after s-4
        error: there is no session `s-4`

        hint: newsroom sessions
        [2]
    "#]],
    );
}

#[test]
fn definitions_are_kept_and_compared() {
    let room = Newsroom::new();
    check(
        &room.say(&["save", "two", "--publish", "--label", "stable"]),
        expect![[r#"
        $ newsroom save two --publish --label stable
        ✓ Version 1 of two is stored: published, label `stable`.
        [0]
    "#]],
    );
    check(
        &room.say(&["definitions"]),
        expect![[r#"
            $ newsroom definitions
            WORKFLOW  VERSION  STAGE  LABEL  SAVED  THIS PROGRAM
            two  1  published  stable  now  is this
            [0]
        "#]],
    );
    check(
        &room.say(&["diff", "two@stable"]),
        expect![[r#"
        $ newsroom diff two@stable
        two@1 → two (this program)
          nothing has changed
        [0]
    "#]],
    );
    check(
        &room.say(&["diff", "two@7"]),
        expect![[r#"
        $ newsroom diff two@7
        error: there is no stored definition `two@7`; there are: 1 (stable)
        [2]
    "#]],
    );
    check(
        &room.say(&["schema", "two"]),
        expect![[r#"
        $ newsroom schema two
        {
          "workflow": "two",
          "input": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {},
            "required": [],
            "additionalProperties": false
          },
          "pauses": {
            "confirm": {
              "oneOf": [
                {
                  "type": "string",
                  "const": "Yes",
                  "description": "Yes."
                },
                {
                  "type": "string",
                  "const": "No",
                  "description": "No."
                }
              ],
              "description": "Yes or no: what [`confirm`] gives.",
              "title": "Confirmation",
              "$schema": "https://json-schema.org/draft/2020-12/schema"
            }
          }
        }
        [0]
    "#]],
    );
}

#[test]
fn graphs_in_four_languages() {
    let room = Newsroom::new();
    check(
        &room.say(&["graph", "two"]),
        expect![[r#"
        $ newsroom graph two
        flowchart TD
            n0(["start"])
            n1(["end"])
            n2[["parallel"]]
            n3[["join"]]
            n4[/"confirm"/]
            n5[/"confirm"/]
            n0 --> n2
            n2 --> n4
            n4 --> n3
            n2 --> n5
            n5 --> n3
            n3 --> n1
        [0]
    "#]],
    );
    check(
        &room.say(&["graph"]),
        expect![[r#"
        $ newsroom graph
        error: which workflow is missing

        what would do:
          newsroom graph article
          newsroom graph survey
          newsroom graph many
          newsroom graph digging
          newsroom graph two
        [2]
    "#]],
    );
    assert!(room.run(&["graph", "two", "--format", "dot"]).out.starts_with("digraph"));
    assert!(room.run(&["graph", "two", "--format", "svg"]).out.starts_with("<svg"));
    assert_eq!(room.json(&["graph", "two", "--format", "json"])["workflow"], "two");
    assert!(!room.folder().join("flow.db").exists(), "nothing was opened");
}

#[test]
fn a_graph_shows_where_a_run_stands() {
    let room = Newsroom::new();
    room.paused(&["article", "--topic", "bees"]);
    check(
        &room.say(&["graph", "--run", "last"]),
        expect![[r#"
            $ newsroom graph --run last
            flowchart TD
                n0(["start"])
                n1(["end"])
                n2["research"]
                n3["write"]
                n4[/"approve"/]
                n5{"approve"}
                n0 --> n2
                n2 --> n3
                n3 --> n4
                n4 --> n5
                n5 -->|"Approval::Publish { .. }"| n1
                n5 -->|"Approval::Change { title, words }"| n4
                n5 -->|"Approval::Reject { why }"| n1
                n5 -->|"Approval::Wait"| n4
                classDef done stroke:#2e7d32,stroke-width:2px
                classDef working stroke:#1565c0,stroke-width:3px
                classDef waiting stroke:#b26a00,stroke-width:3px
                classDef sleeping stroke:#6a6a6a,stroke-width:2px
                classDef failed stroke:#c62828,stroke-width:3px
                classDef skipped stroke-dasharray:4
                class n0 done
                class n2 done
                class n3 done
                class n4 waiting
            [0]
        "#]],
    );
    let drawing = room.run(&["graph", "--run", "last", "--format", "svg"]);
    assert!(drawing.out.contains("is-waiting"), "{drawing:?}");
    assert!(room.json(&["graph", "--run", "last"])["standing"]["nodes"].is_object());
    check(
        &room.say(&["graph", "two", "--run", "last"]),
        expect![[r#"
        $ newsroom graph two --run last
        error: run RUN is one of `article`, not of `two`

        hint: newsroom graph article --run RUN
        [2]
    "#]],
    );
}

#[test]
fn what_is_old_is_forgotten() {
    let room = Newsroom::new();
    room.json(&["run", "many", "1"]);
    check(
        &room.say(&["prune", "--ended", "0s"]),
        expect![[r#"
        $ newsroom prune --ended 0s
        ✓ 1 runs and 0 checkpoints of other runs are forgotten.
        [0]
    "#]],
    );
    check(
        &room.say(&["runs"]),
        expect![[r#"
        $ newsroom runs
        No runs like that in sqlite:flow.db.
        [0]
    "#]],
    );
    check(
        &room.say(&["recover"]),
        expect![[r#"
        $ newsroom recover
        No run needs anybody: none was left behind.
        [0]
    "#]],
    );
}

#[test]
fn shells_get_completions() {
    let room = Newsroom::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = room.run(&["completions", shell]);
        assert!(script.code == Some(0) && script.out.contains("newsroom"), "{script:?}");
    }
}
