//! Signatures other than one seed. `tests/bodies.rs` makes the cases.

async fn several_inputs(seed: u64, mut name: String, numbers: Vec<u64>) -> Result<String> {
    name = join(&name, "+").await?;
    let sum = total(&numbers).await?;
    let seed = add(seed, sum).await?;
    Ok(format!("{seed} {name} {numbers:?}"))
}

async fn no_input() -> Result<String> {
    let n = add(1, 2).await?;
    describe(&n).await
}

async fn a_record(mut record: Record) -> Result<String> {
    record.count = add(record.count, 1).await?;
    let Record { count, label, tags } = record;
    let label = join(&label, "!").await?;
    Ok(format!("{count} {label} {tags:?}"))
}

async fn with_a_dependency(offset: &Offset, seed: u64) -> Result<String> {
    let a = shifted(offset, seed).await?;
    let (b, c) = parallel!(shifted(offset, a), async {
        let d = shifted(offset, a + 1).await?;
        Ok(d + offset.0)
    })?;
    Ok(format!("{a} {b} {c} {}", offset.0))
}

async fn with_dependencies(offset: &Offset, loud: &Loud, seed: u64) -> Result<String> {
    let mut out = String::new();
    for i in 0..seed % 3 {
        let n = shifted(offset, i).await?;
        let text = say(loud, n).await?;
        out = join(&out, &text).await?;
    }
    Ok(out)
}

async fn generic<M: Model>(model: &M, seed: u64) -> Result<String> {
    let text = say(model, seed).await?;
    let (a, b) = parallel!(say(model, seed + 1), async {
        let c = say(model, seed + 2).await?;
        consume(c).await
    })?;
    let text = same(text).await?;
    Ok(format!("{text} {a} {b}"))
}

async fn generic_steps(seed: u64) -> Result<String> {
    let n = same(seed).await?;
    let t = same((n, "t".to_string())).await?;
    let list = same(vec![t.clone(), t]).await?;
    let head = first(&list).await?;
    let none = first::<u64>(&[]).await?;
    let nested = same(Some(vec![head.clone()])).await?;
    Ok(format!("{n} {list:?} {head:?} {none:?} {nested:?}"))
}
