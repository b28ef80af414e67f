//! Workflows to draw: those of the examples, as far as their form goes, and larger ones.

use std::time::Duration;

use flow_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub type Result<T, E = String> = std::result::Result<T, E>;

macro_rules! steps {
    ($($(#[doc = $doc:literal])* $name:ident)*) => {
        $($(#[doc = $doc])* #[step] pub async fn $name(n: u64) -> Result<u64> { Ok(n + 1) })*
    };
}

steps! {
    /// Finds the passages that are about the topic.
    find
    /// Makes sections of the passages' headings.
    outline
    /// Compares the numbers in the passages with those in all texts.
    check_facts
    /// Writes the first draft.
    write
    /// Puts right what the review has found.
    revise
    /// Writes the web page.
    publish
    reserve charge ship read follow extract transform load clean_up price assess execute
    receive_application verify_identity request_documents check_documents score_applicant compare_with_registry
    reject_politely open_account print_card send_card order_devices provision_device register_device
    notify_branch schedule_visit prepare_contract archive_everything_that_was_collected_on_the_way
    warm_up measure cool_down tidy summarise report
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Verdict {
    Accept,
    Revise { feedback: u64 },
}

/// Looks for what is wrong with the draft: too long, repeated, without a source.
#[step]
pub async fn review(draft: u64) -> Result<Verdict> {
    Ok(if draft > 9 { Verdict::Accept } else { Verdict::Revise { feedback: draft } })
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum Approval {
    Publish { by: String },
    Change { title: String },
    Reject { why: String },
}

/// Please read the draft. Publish it, give it another title, or say what is wrong with it.
#[pause]
pub fn approve(draft: u64) -> Approval;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum Decision {
    Ship,
    Refuse { why: String },
}

/// The goods are put aside and paid for, but it is a large order. Ship it?
#[pause]
pub fn approve_order(order: u64) -> Decision;

/// Is "this" <one> & that one right?
#[pause]
pub fn look_at(what: u64) -> bool;

workflow! {
    /// One step.
    pub async fn one_step(n: u64) -> Result<u64> {
        find(n).await
    }
}

workflow! {
    /// Writes an article on a topic from a folder of texts, and publishes it once somebody has approved.
    pub async fn content_creation(brief: u64) -> Result<u64> {
        let passages = find(brief).await?;
        let (outline, facts) = parallel!(
            outline(passages),
            check_facts(passages),
        )?;
        let mut draft = write(outline + facts).await?;
        #[max(5)]
        loop {
            match review(draft).await? {
                Verdict::Accept => break,
                Verdict::Revise { feedback } => draft = revise(draft + feedback).await?,
            }
        }
        #[max(20)]
        loop {
            match pause(approve(draft)).await {
                Approval::Publish { by } => return publish(draft + by.len() as u64).await,
                Approval::Change { title } => draft = title.len() as u64,
                Approval::Reject { why } => return Err(why),
            }
        }
    }
}

workflow! {
    /// Takes an order: puts the goods aside, charges the account, ships. What cannot be finished is taken back.
    pub async fn order_saga(order: u64) -> Result<u64> {
        let goods = reserve(order).await?;
        let payment = charge(goods).await?;
        if payment > 100 {
            match pause(approve_order(order)).timeout(Duration::from_secs(order)).await.map_err(|e| e.to_string())? {
                Decision::Ship => {}
                Decision::Refuse { why } => return Err(why),
            }
        }
        ship(order).await
    }
}

workflow! {
    /// Follows the links of Markdown and HTML files, and reports those that lead nowhere.
    pub async fn crawl(job: u64) -> Result<u64> {
        let first = find(job).await?;
        let mut files = vec![first];
        let mut report = 0;
        #[max(100)]
        while !files.is_empty() {
            let results: Vec<Result<u64>> = settle!(
                for file in files.clone() {
                    let page = read(file).await?;
                    let places = parallel!(
                        for link in vec![page, page + 1] {
                            follow(link).await
                        },
                        limit = 8
                    )?;
                    Ok(places.len() as u64)
                },
                limit = 8
            );
            report += results.len() as u64;
            files.clear();
        }
        Ok(report)
    }
}

workflow! {
    /// Loads a CSV file into an SQLite table; asks first if there are rows that do not fit.
    pub async fn data_pipeline(job: u64) -> Result<u64> {
        let header = extract(job).await?;
        let survey = transform(header).await?;
        if survey > 0 {
            match pause(look_at(survey)).await {
                true => {}
                false => {
                    clean_up(job).await?;
                    return Ok(0);
                }
            }
        }
        let rows = load(survey).await?;
        clean_up(job).await?;
        Ok(rows)
    }
}

workflow! {
    /// Trades shares within a limit; asks first if much is at stake.
    pub async fn execute_trade(order: u64) -> Result<u64> {
        let mut quote = price(order).await?;
        let risk = assess(order + quote).await?;
        let mut quantity = order;
        if risk > 0 {
            #[max(10)]
            loop {
                match pause(approve(order)).await {
                    Approval::Publish { by } => {
                        quantity = by.len() as u64;
                        if quantity == 0 {
                            break;
                        }
                    }
                    Approval::Change { .. } => {}
                    Approval::Reject { .. } => return Ok(0),
                }
            }
            quote = price(order).await?;
        }
        execute(quantity + quote).await
    }
}

workflow! {
    /// Measures once, and again below itself.
    pub async fn measurement(depth: u64) -> Result<u64> {
        let n = warm_up(depth).await?;
        sleep(Duration::from_secs(60)).await;
        let n = measure(n).await?;
        if n > 3 {
            let again = measurement(n - 1).await?;
            cool_down(again).await?;
        }
        Ok(n)
    }
}

workflow! {
    /// Every kind of node and of edge.
    pub async fn everything(n: u64) -> Result<u64> {
        let first = measurement(n).await?;
        let fastest = race!(
            async {
                sleep(Duration::from_secs(30)).await;
                Ok(0)
            },
            async {
                if pause(look_at(first)).await { report(first).await } else { Ok(1) }
            },
        )?;
        let mut sum = fastest;
        'all: for i in 0..n {
            let found = find(i).await?;
            match found {
                0 => continue,
                1 | 2 => {
                    tidy(found).await?;
                    summarise(found).await?;
                }
                3 => break 'all,
                n if n > 100 => return Err("too many".to_owned()),
                _ => {
                    for j in 0..found {
                        if j == 7 {
                            continue 'all;
                        }
                        sum += read(j).await?;
                        if sum > 1000 {
                            break 'all;
                        }
                    }
                }
            }
            sum = tidy(sum).await?;
        }
        report(sum).await
    }
}

workflow! {
    /// Opens accounts for a whole family, with everything that belongs to it.
    pub async fn account_opening(family: u64) -> Result<u64> {
        let application = receive_application(family).await?;
        let (identity, score) = parallel!(
            async {
                let mut found = verify_identity(application).await?;
                #[max(3)]
                while found < 3 {
                    request_documents(found).await?;
                    sleep(Duration::from_secs(86_400)).await;
                    found = check_documents(found).await?;
                }
                Ok(found)
            },
            async {
                let score = score_applicant(application).await?;
                if score < 5 {
                    let same = compare_with_registry(score).await?;
                    if same == 0 { return Ok(0); }
                    Ok(measurement(same).await?)
                } else {
                    Ok(score)
                }
            },
        )?;
        if identity == 0 {
            reject_politely(application).await?;
            return Ok(0);
        }
        if score < 2 {
            match pause(approve(score)).await {
                Approval::Publish { .. } => {
                    notify_branch(score).await?;
                }
                Approval::Change { .. } => {
                    schedule_visit(score).await?;
                    let contract = prepare_contract(score).await?;
                    if !pause(look_at(contract)).await {
                        reject_politely(application).await?;
                        return Ok(0);
                    }
                }
                Approval::Reject { .. } => {
                    reject_politely(application).await?;
                    return Ok(0);
                }
            }
        }
        let account = open_account(application).await?;
        let cards = parallel!(
            for member in (0..family).collect::<Vec<_>>() {
                let card = print_card(member).await?;
                if card % 2 == 0 {
                    send_card(card).await
                } else {
                    order_devices(card).await?;
                    #[max(9)]
                    loop {
                        let ready = provision_device(card).await?;
                        if ready > 2 { break; }
                        sleep(Duration::from_secs(5)).await;
                    }
                    register_device(card).await
                }
            },
            limit = 4
        )?;
        for card in cards {
            if card == 0 { continue; }
            let (a, b) = settle!(notify_branch(card), async {
                let found = find(card).await?;
                match found {
                    0 => Ok(0),
                    1 => tidy(found).await,
                    _ => {
                        let draft = write(found).await?;
                        publish(draft).await
                    }
                }
            });
            if a.is_err() && b.is_err() { return Err("nobody was told".to_owned()); }
        }
        archive_everything_that_was_collected_on_the_way(account).await?;
        let n = content_creation(account).await?;
        report(n).await
    }
}
