//! Mistakes in workflows, and what the compiler says about them: `fail/*.rs` with the expected output next to each, and
//! `pass/*.rs` for code that must compile without a word.
//!
//! The expected output is that of the compiler in `rust-toolchain.toml`. `TRYBUILD=overwrite cargo test -p ui-tests` writes it
//! anew; read the difference before it is committed.
