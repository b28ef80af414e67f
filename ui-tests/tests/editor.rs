//! What an editor shows of workflows: questions to a real rust-analyzer about the project in `ui-tests/editor/fixture`.

#[path = "editor/lsp.rs"]
mod lsp;
#[path = "editor/project.rs"]
mod project;

/// The compiler agrees with the editor that nothing is wrong with it.
#[allow(dead_code, unreachable_pub)]
#[path = "../editor/fixture/src/lib.rs"]
mod article;

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use project::Project;

/// One editor for all tests, because loading the project takes most of the time.
fn project() -> MutexGuard<'static, Project> {
    static PROJECT: LazyLock<Result<Mutex<Project>, String>> = LazyLock::new(|| Project::open().map(Mutex::new));
    match &*PROJECT {
        Ok(project) => project.lock().unwrap_or_else(PoisonError::into_inner),
        Err(error) => panic!("{error}"),
    }
}

/// Hovering shows this code, and no other.
#[track_caller]
fn shows(place: &str, code: &[&str]) {
    let hover = project().hover(place);
    let hover = hover.unwrap_or_else(|error| panic!("{place}: {error}"));
    assert_eq!(hover.code, code, "at `{place}`");
}

/// Hovering shows this text.
#[track_caller]
fn tells(place: &str, text: &str) {
    let hover = project().hover(place);
    let hover = hover.unwrap_or_else(|error| panic!("{place}: {error}"));
    assert!(hover.text.contains(text), "`{place}` shows no `{text}`, but: {}", hover.text);
}

/// The place leads to this line, and to no other.
#[track_caller]
fn leads(place: &str, line: &str) {
    let lines = project().definition(place);
    let lines = lines.unwrap_or_else(|error| panic!("{place}: {error}"));
    assert_eq!(lines, [line], "from `{place}`");
}

/// These are among the proposals.
#[track_caller]
fn proposes(code: &str, half_typed: &str, proposals: &[&str]) {
    let found = project().complete(code, half_typed);
    let found = found.unwrap_or_else(|error| panic!("{half_typed}: {error}"));
    for wanted in proposals {
        // `research(…)` or `clone(as Clone)`
        let is_there =
            |label: &String| label.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('('));
        assert!(found.iter().any(is_there), "`{half_typed}` does not propose `{wanted}`, but: {found:?}");
    }
    let own: Vec<_> = found.iter().filter(|label| label.contains("face") || label.starts_with("Needs_")).collect();
    assert!(own.is_empty(), "`{half_typed}` proposes what belongs to the expansion: {own:?}");
}

/// This is what the editor finds wrong by itself.
#[track_caller]
fn complains(code: &str, changed: &str, messages: &[&str]) {
    let found = project().diagnostics(code, changed);
    let found = found.unwrap_or_else(|error| panic!("{changed}: {error}"));
    assert_eq!(found, messages, "of `{changed}`");
}

#[test]
fn steps_and_pauses_are_shown_as_they_were_written() {
    let research = ["article", "pub async fn research(tools: &Tools, topic: &Topic) -> Result<Notes>"];
    shows("notes = $0research(tools, &topic)", &research);
    shows("pub async fn $0research", &research);
    tells("notes = $0research(tools, &topic)", "Look the topic up and take notes.");
    shows("order = $0arrange(&notes)", &["article", "pub async fn arrange(notes: &Notes) -> Result<Outline>"]);
    tells("        $0publish(draft, by)", "`T` = `String`");
    shows("pause($0approve(&draft))", &["article", "pub fn approve(draft: &Draft) -> ::flow_runtime::Ask<Approve>"]);
    tells("pause($0approve(&draft))", "Please read the draft. Publish it, or say what is wrong.");
    tells("match $0pause(approve(&draft))", "The workflow is saved with the question");
}

#[test]
fn bindings_show_their_types() {
    shows("let mut $0notes", &["let mut notes: Notes"]);
    shows("if $0notes.items.len() < 2", &["let mut notes: Notes"]);
    shows("let $0sources", &["let sources: usize"]);
    shows("let ($0outline, checked)", &["let outline: Outline"]);
    shows("let (outline, $0checked)", &["let checked: bool"]);
    shows("let mut $0draft", &["let mut draft: Draft"]);
    shows("let $0by", &["let by: String"]);
    shows("article(tools: &Tools, $0topic: Topic)", &["topic: Topic"]);
}

#[test]
fn match_payloads_show_their_types() {
    let feedback = ["let feedback: String", "article::Verdict::Revise", "pub feedback: String"];
    shows("Verdict::Revise { $0feedback } =>", &feedback);
    shows("let wish = $0feedback", &["let feedback: String"]);
    shows("let $0wish", &["let wish: String"]);
    shows("Approval::Reject($0why)", &["let why: String"]);
}

#[test]
fn bindings_in_branches_show_their_types() {
    shows("let $0order", &["let order: Outline"]);
    shows("polish($0order)", &["let order: Outline"]);
    shows("let $0facts", &["let facts: Vec<String>"]);
    shows("confirm(&$0facts)", &["let facts: Vec<String>"]);
}

#[test]
fn types_in_signatures_are_shown_once() {
    shows("article(tools: &$0Tools", &["article", "pub struct Tools {\n    pub limit: usize,\n}"]);
    shows("article(tools: &Tools, topic: $0Topic", &["article", "pub struct Topic {\n    pub title: String,\n}"]);
    shows(
        "article(tools: &Tools, topic: Topic) -> $0Result",
        &["article", "pub type Result<T> = std::result::Result<T, String>"],
    );
    shows("approve(draft: &$0Draft)", &["article", "pub struct Draft {\n    pub text: String,\n}"]);
}

#[test]
fn forks_of_every_kind_show_their_types() {
    shows("let $0articles", &["let articles: Vec<String>"]);
    shows("for $0chosen in topics", &["chosen: Topic"]);
    shows("research(tools, &$0chosen)", &["chosen: Topic"]);
    shows("let $0known", &["let known: Notes"]);
    shows("let ($0weight, ordered)", &["let weight: Result<usize, String>"]);
    shows("let (weight, $0ordered)", &["let ordered: Result<usize, String>"]);
    shows("let $0seen", &["let seen: Vec<String>"]);
    shows("let $0winner", &["let winner: usize"]);
}

#[test]
fn half_typed_code_in_forks_is_completed() {
    proposes("let outline = arrange(&known).await?;", "let outline = known.$0", &["items", "clone"]);
    proposes("let known = research(tools, &chosen).await?;", "let known = chosen.$0", &["title"]);
    proposes("let seen = known_facts(tools).await?;", "let seen = known$0", &["known_facts"]);
}

#[test]
fn a_child_leads_to_its_function() {
    let function = ["article", "pub async fn article(tools: &Tools, topic: Topic) -> Result<String>"];
    shows("opener = $0article(tools, topic)", &function);
    shows("let $0opener", &["let opener: String"]);
    leads("opener = $0article(tools, topic)", "pub async fn article(tools: &Tools, topic: Topic) -> Result<String> {");
}

#[test]
fn a_workflow_shows_its_function_and_its_type() {
    let function = "pub async fn article(tools: &Tools, topic: Topic) -> Result<String>";
    shows("pub async fn $0article", &["article", function, "article", "pub struct Article"]);
    tells("pub async fn $0article", "Research, write, review and publish an article.");
}

#[test]
fn names_lead_to_their_definitions() {
    let research = "pub async fn research(tools: &Tools, topic: &Topic) -> Result<Notes> {";
    leads("notes = $0research(tools, &topic)", research);
    leads("        $0polish(order)", "pub async fn polish(outline: Outline) -> Result<Outline> {");
    leads("pause($0approve(&draft))", "pub fn approve(draft: &Draft) -> Approval;");
    leads("if $0notes.items.len() < 2", "let mut notes = research(tools, &topic).await?;");
    leads("if notes.$0items.len() < 2", "pub items: Vec<String>,");
    leads("let wish = $0feedback", "Verdict::Revise { feedback } => {");
    leads("polish($0order)", "let order = arrange(&notes).await?;");
    leads("publish($0draft, by).await\n", "let mut draft = write(&outline, checked, sources).await?;");
}

#[test]
fn half_typed_code_is_completed() {
    proposes("if notes.items.len() < 2 {", "if notes.$0 {", &["items", "clone"]);
    proposes("let sources = notes.items.len();", "let sources = notes.$0", &["items"]);
    proposes("let sources = notes.items.len();", "let sources = rese$0", &["research", "notes", "topic"]);
    proposes("feedback.trim().to_owned();", "fix(feedback.$0)", &["trim", "to_uppercase"]);
    proposes("draft = revise(draft, wish).await?;", "dra$0", &["draft", "wish", "feedback"]);
    proposes("Verdict::Accept => break", "Verdict::$0 => break", &["Accept", "Revise"]);
    proposes("        publish(draft, by).await\n", "        draft.$0\n", &["text"]);
    proposes(
        "        publish(draft, by).await\n",
        "        publish(draft, by).await;\n        outline.$0\n",
        &["headings"],
    );
    proposes("pause(approve(&draft)).await {", "pause(appr$0) {", &["approve", "draft"]);
}

#[test]
fn half_typed_branches_are_completed() {
    proposes("polish(order).await\n", "polish(order.$0)\n", &["headings"]);
    proposes("polish(order).await\n", "order.$0\n", &["headings"]);
    proposes("arrange(&notes).await?;", "arrange(&notes.$0", &["items"]);
    proposes("confirm(&facts)", "confirm(&fa$0)", &["facts"]);
}

#[test]
fn forks_of_many_branches_have_types() {
    let many = "let (left, right$0, .., last) = parallel!(arrange(&first), extract_facts(&first), arrange(&first), \
                async { Ok(1) }, arrange(&first), arrange(&first), arrange(&first), arrange(&first), arrange(&first), \
                arrange(&first), arrange(&first), arrange(&first), arrange(&first), extract_facts(&first))?; last.$0";
    let many = many.replacen("$0", "", 1);
    proposes("let (left, right) = parallel!(arrange(&first), extract_facts(&first))?;", &many, &["push", "is_empty"]);
}

#[test]
fn the_attribute_form_is_the_same() {
    shows("let $0first", &["let first: Notes"]);
    shows("let $0total", &["let total: usize"]);
    shows("let ($0left, right)", &["let left: Outline"]);
    shows("parallel!($0arrange(&first)", &["article", "pub async fn arrange(notes: &Notes) -> Result<Outline>"]);
    leads("let first = $0research", "pub async fn research(tools: &Tools, topic: &Topic) -> Result<Notes> {");
    leads("left.$0headings", "pub headings: Vec<String>,");
    proposes("let total = left.headings.len() + right.len();", "let total = left.$0;", &["headings"]);
    proposes("let total = left.headings.len() + right.len();", "let total = left.$0", &["headings"]);
    proposes("let first = research(tools, &topic).await?;", "let first = rese$0", &["research", "topic"]);
    proposes("parallel!(arrange(&first),", "parallel!(arrange(&first.$0),", &["items"]);
}

#[test]
fn a_step_body_is_ordinary_code() {
    shows("let $0found", &["let found: Vec<String>"]);
    shows("items: $0found", &["let found: Vec<String>"]);
    leads("vec![$0topic.title.clone()", "pub async fn research(tools: &Tools, topic: &Topic) -> Result<Notes> {");
    proposes("let found = vec![topic.title.clone(); tools.limit];", "let found = topic.$0", &["title"]);
    proposes("let found = vec![topic.title.clone(); tools.limit];", "let found = topic.$0;", &["title"]);
    proposes("    items.truncate(tools.limit);", "    items.$0", &["truncate"]);
}

#[test]
fn methods_are_shown_as_they_were_written() {
    shows(
        "tools.$0weigh(&subject)",
        &["article::Tools", "pub async fn weigh(&self, subject: &Topic) -> Result<usize>"],
    );
    tells("tools.$0weigh(&subject)", "Find out how much there is to say.");
    shows("let $0weight", &["let weight: usize"]);
    shows("let $0words", &["let words: usize"]);
    leads("tools.$0weigh(&subject)", "pub async fn weigh(&self, subject: &Topic) -> Result<usize> {");
    leads("shelf.$0keep(weight)", "async fn keep(&self, weight: usize) -> Result<usize>;");
    shows("let $0kept", &["let kept: usize"]);
    shows("let $0one", &["let one: usize"]);
    proposes("let weight = tools.weigh(&subject).await?;", "let weight = tools.$0", &["weigh", "limit"]);
    proposes("let kept = shelf.keep(weight).await?;", "let kept = shelf.$0", &["keep", "keep_both"]);
}

#[test]
fn half_typed_methods_are_completed() {
    let line = "let words = subject.title.split(' ').count();";
    proposes(line, "let words = subject.$0", &["title"]);
    proposes(line, "let words = self.$0;", &["limit", "weigh"]);
    proposes("let one = self.keep(weight).await?;", "let one = self.$0", &["keep", "keep_both"]);
    complains(line, "let words = subject.titel;", &["`titel`: no field `titel` on type `&Topic`"]);
}

#[test]
fn finished_code_has_no_diagnostics() {
    complains("let sources", "let sources", &[]);
}

#[test]
fn mistakes_are_found() {
    let sources = "let sources = notes.items.len();";
    complains(sources, "let sources = notes.itmes.len();", &["`itmes`: no field `itmes` on type `Notes`"]);
    complains(sources, "let sources = nots.items.len();", &["`nots`: no such value in this scope"]);
    complains("arrange(&notes).await?", "arrange().await?", &["`()`: expected 1 argument, found 0"]);
    complains("left.headings.len()", "left.heading.len()", &["`heading`: no field `heading` on type `Outline`"]);
    complains("vec![topic.title", "vec![topic.titel", &["`titel`: no field `titel` on type `&Topic`"]);
}
