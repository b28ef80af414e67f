//! Probe
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]
#[path = "editor/lsp.rs"]
mod lsp;
use serde_json::*;
use std::{path::*, time::*};
#[test]
fn probe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("editor/fixture");
    let t = Instant::now();
    std::fs::copy(root.join("../../../Cargo.lock"), root.join("Cargo.lock")).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("editor");
    let ra =
        String::from_utf8(std::process::Command::new("rustc").args(["--print", "sysroot"]).output().unwrap().stdout)
            .unwrap();
    let ra = PathBuf::from(ra.trim()).join("bin/rust-analyzer");
    let options = json!({"checkOnSave": false, "cachePriming": {"enable": false}, "cargo": {"targetDir": target}});
    let mut s = lsp::Server::start(&ra, &root, &options, Duration::from_secs(60)).unwrap();
    println!("ready {:?}", t.elapsed());
    let file = root.join("src/lib.rs");
    let text = std::fs::read_to_string(&file).unwrap();
    let uri = lsp::uri(&file);
    s.tell(
        "textDocument/didOpen",
        &json!({"textDocument": {"uri": uri, "languageId": "rust", "version": 1, "text": text}}),
    )
    .unwrap();
    let mut version = 1;
    let pos = |text: &str, at: usize| {
        let l = text[..at].matches('\n').count();
        let c = at - text[..at].rfind('\n').map_or(0, |i| i + 1);
        json!({"line": l, "character": c})
    };
    let probes = std::fs::read_to_string("/tmp/h-probes.txt").unwrap();
    for line in probes.lines() {
        let t = Instant::now();
        let (kind, rest) = line.split_once(' ').unwrap();
        if kind == "diag" {
            let r = s.ask("textDocument/diagnostic", &json!({"textDocument": {"uri": uri}})).unwrap();
            for d in r["items"].as_array().unwrap() {
                println!("DIAG {} {} {}", d["range"]["start"]["line"].as_u64().unwrap() + 1, d["code"], d["message"]);
            }
            println!("diag done {:?}", t.elapsed());
            continue;
        }
        let (from, to) = rest.split_once(" ==> ").unwrap_or((rest, rest));
        let (from, to) = (from.replace("\\n", "\n"), to.replace("\\n", "\n"));
        let plain = from.replace("$0", "");
        assert_eq!(text.matches(&plain).count(), 1, "{plain}");
        let at = text.find(&plain).unwrap();
        let new = text.replace(&plain, &to.replace("$0", ""));
        let p = pos(&new, at + to.find("$0").unwrap());
        version += 1;
        s.tell(
            "textDocument/didChange",
            &json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": new}]}),
        )
        .unwrap();
        let params = json!({"textDocument": {"uri": uri}, "position": p});
        let r = s.ask(&format!("textDocument/{kind}"), &params).unwrap();
        match kind {
            "hover" => println!(
                "{line}\n    {} {:?}",
                r["contents"]["value"]
                    .as_str()
                    .unwrap_or("NONE")
                    .replace("\n", " / ")
                    .chars()
                    .take(500)
                    .collect::<String>(),
                t.elapsed()
            ),
            "completion" => {
                let items = r["items"].as_array().or(r.as_array()).cloned().unwrap_or_default();
                println!(
                    "{line}\n    {:?} of {} {:?}",
                    items.iter().map(|i| i["label"].as_str().unwrap().to_owned()).take(12).collect::<Vec<_>>(),
                    items.len(),
                    t.elapsed()
                );
            }
            "diagnostic" => {
                for d in r["items"].as_array().unwrap() {
                    println!(
                        "DIAG {} {} {}",
                        d["range"]["start"]["line"].as_u64().unwrap() + 1,
                        d["code"],
                        d["message"]
                    );
                }
            }
            _ => println!(
                "{line}\n    {} {:?}",
                r.as_array()
                    .map(|a| a
                        .iter()
                        .map(|x| {
                            let l = x["targetSelectionRange"]["start"]["line"].as_u64().unwrap();
                            format!(
                                "{} {:?}",
                                x["targetUri"].as_str().unwrap().rsplit('/').next().unwrap(),
                                text.lines().nth(l as usize)
                            )
                        })
                        .collect::<Vec<_>>()
                        .join(", "))
                    .unwrap_or_default(),
                t.elapsed()
            ),
        }
    }
}
