//! Makes two texts out of one source: plain functions, and workflows.

mod nestings;
mod random;
mod source;

use std::{env, error::Error, fs, path::PathBuf};

/// How many random programs there are, and over how many test binaries they are spread.
const PROGRAMS: usize = 200;
const PARTS: usize = 4;

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
    for part in 0..PARTS {
        let programs: String = (0..PROGRAMS).filter(|number| number % PARTS == part).map(random::program).collect();
        fs::write(out.join(format!("random_{part}.rs")), source::both(&format!("{}{programs}", random::HELPERS)))?;
        fs::write(out.join(format!("nestings_{part}.rs")), nestings::part(part, PARTS))?;
    }
    Ok(())
}
