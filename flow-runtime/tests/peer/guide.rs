//! The table in the guide that shows the peer's constructs, written here.

/// All of its code stands in the program below it, which is compiled.
#[test]
fn the_code_in_the_table_of_constructs_is_compiled() {
    let guide = include_str!("../../../docs/language.md");
    let section = guide.split("## Coming from other tools").nth(1).unwrap().split("\n## ").next().unwrap();
    let (table, program) = section.split_once("```rust").unwrap();
    let bare = |code: &str| code.replace(|c: char| c.is_whitespace(), "");
    let program = bare(program.split("```").next().unwrap());
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 20);
    for row in rows {
        let code = row.rsplit(" | `").next().unwrap().trim_end_matches("` |");
        let one_line = bare(code).replace(",}", "}");
        assert!(program.replace(",}", "}").contains(&one_line), "not in the program: {code}");
    }
}
