#[flow_runtime::pause(validat)]
fn approve(draft: &String) -> bool;

fn main() {}
