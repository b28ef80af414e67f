//! Random programs: valid plain Rust, typed, with an end, and full of shadowing.

mod flow;
mod glue;
mod print;
pub(crate) mod prng;
mod program;
mod scope;
mod statements;

use prng::Prng;
use program::{Block, Ty};
use scope::Scope;

/// A loop around the code that is being made.
struct Around {
    label: String,
    /// Whether it is a loop, not a labelled block.
    is_loop: bool,
    /// What `break` takes along.
    value: Option<Ty>,
}

struct Generator {
    prng: Prng,
    scope: Scope,
    /// How many statements may still be made.
    left: usize,
    /// Blocks around the place.
    depth: usize,
    loop_depth: usize,
    fork_depth: usize,
    around: Vec<Around>,
    /// What the branch around the place returns; `None` in the body.
    returns: Option<Ty>,
    pauses: bool,
    fails: bool,
    /// Of the branches of a fork one may fail, so that which error comes first does not depend on timing.
    branch_may_fail: bool,
    cancels: bool,
    fresh: usize,
}

/// Workflows that the programs call.
pub(crate) const HELPERS: &str = "
async fn helper(n: u64) -> Result<u64> {
    let a = flaky(n % 50, 1).await?;
    sleep(seconds(2 + n % 3)).await;
    add(a, n).await
}
async fn asking_helper(n: u64) -> Result<u64> {
    let a = pause(ask_maybe(n)).timeout(seconds(20)).await.unwrap_or(6);
    let b = flaky(a, 2).await?;
    reserve(\"helper\", b).await
}
";

/// The text of a program of this number.
pub(crate) fn program(number: usize) -> String {
    let mut prng = Prng::new(0x5eed_0000 + number as u64);
    let left = 8 + prng.below(28);
    let (pauses, fails) = (prng.chance(40), prng.chance(50));
    let mut generator = Generator {
        prng,
        scope: Scope::default(),
        left,
        depth: 0,
        loop_depth: 0,
        fork_depth: 0,
        around: Vec::new(),
        returns: None,
        pauses,
        fails,
        branch_may_fail: true,
        cancels: false,
        fresh: 0,
    };
    generator.scope.define("seed", Ty::Num, false);
    let mut block = Block::default();
    while generator.left > 0 {
        generator.statement(&mut block.stmts);
    }
    generator.tail(&mut block);
    let cancels = if generator.cancels { "    // cancels\n" } else { "" };
    let body = print::lines(&block, 1);
    format!(
        "async fn random_{number}(seed: u64) -> Result<String> {{\n{cancels}    let mut log: Vec<String> = Vec::new();\n{body}}}\n"
    )
}

impl Generator {
    /// A name no other binding has.
    fn fresh(&mut self, base: &str) -> String {
        self.fresh += 1;
        format!("{base}{}", self.fresh)
    }

    /// One of the few names.
    fn name(&mut self) -> String {
        scope::NAMES[self.prng.below(scope::NAMES.len())].to_owned()
    }

    fn ty(&mut self) -> Ty {
        if self.prng.chance(40) { Ty::Num } else { Ty::ALL[self.prng.below(Ty::ALL.len())] }
    }

    /// Whether the code at this place may fail; notes it if it does so inside a fork.
    fn may_fail(&mut self) -> bool {
        let may = self.fails && self.branch_may_fail;
        self.cancels |= may && self.fork_depth > 0;
        may
    }
}
