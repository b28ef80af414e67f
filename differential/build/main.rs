//! Makes two texts out of one source: plain functions, and workflows.

mod source;

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=bodies");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut bodies: Vec<PathBuf> =
        fs::read_dir("bodies")?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    bodies.sort();
    let mut modules = String::new();
    for body in &bodies {
        let name = body.file_stem().ok_or("a body without a name")?.to_string_lossy();
        let text = source::both(&fs::read_to_string(body)?);
        modules.push_str(&format!("pub mod {name} {{\n{text}}}\n"));
    }
    fs::write(out.join("bodies.rs"), modules)?;
    Ok(())
}
