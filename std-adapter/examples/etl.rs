//! Extract, transform, load: a graph whose edges carry typed values. A table of sales is read, parsed once,
//! looked at from two sides at the same time, and written as a report. What goes to one task is moved to it;
//! what several need, they share; the compiler checks who gets what.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

use taskflow_std::{Executor, RunError, RunStats, TaskError, Taskflow};

const ROWS: u32 = 20_000;
const REGIONS: [&str; 4] = ["north", "east", "south", "west"];
const PRODUCTS: [&str; 5] = ["anvil", "bell", "clock", "drum", "easel"];

type Totals = BTreeMap<String, u64>;

/// Region, product, and cents.
type Sale = (String, String, u64);

/// Region, product, quantity and cents for one, by a linear congruential generator with a fixed seed.
fn rows() -> impl Iterator<Item = (&'static str, &'static str, u64, u64)> {
    let mut seed = 13u32;
    let mut dice = move |end: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(seed >> 8).expect("24 bits") % end
    };
    (0..ROWS).map(move |_| {
        let (region, product) = (REGIONS[dice(4)], PRODUCTS[dice(5)]);
        (
            region,
            product,
            dice(9) as u64 + 1,
            dice(5_000) as u64 + 100,
        )
    })
}

/// The table as a file has it. Every hundredth line is spoilt.
fn table() -> String {
    let mut table = String::from("region,product,quantity,cents\n");
    for (number, (region, product, quantity, cents)) in rows().enumerate() {
        let quantity = if number % 100 == 99 {
            "?".into()
        } else {
            quantity.to_string()
        };
        // Writing to a text does not fail.
        let _ = writeln!(table, "{region},{product},{quantity},{cents}");
    }
    table
}

fn parse_line(line: &str) -> Option<Sale> {
    let fields: Vec<&str> = line.split(',').collect();
    let [region, product, quantity, cents] = fields[..] else {
        return None;
    };
    let (quantity, cents): (u64, u64) = (quantity.parse().ok()?, cents.parse().ok()?);
    Some((region.into(), product.into(), quantity * cents))
}

/// The sales, and how many lines are none.
fn parse(text: &str) -> Result<(Vec<Sale>, usize), TaskError> {
    let Some(lines) = text.strip_prefix("region,product,quantity,cents\n") else {
        Err(std::io::Error::other("this is another table"))?
    };
    let sales: Vec<Sale> = lines.lines().filter_map(parse_line).collect();
    let spoilt = lines.lines().count() - sales.len();
    Ok((sales, spoilt))
}

fn totals<'s>(sales: impl Iterator<Item = (&'s str, u64)>) -> Totals {
    let mut totals = Totals::new();
    for (key, cents) in sales {
        *totals.entry(key.to_owned()).or_default() += cents;
    }
    totals
}

fn best(totals: &Totals) -> String {
    let best = totals.iter().max_by_key(|(_, cents)| **cents);
    best.map(|(key, _)| key.clone()).unwrap_or_default()
}

fn report(regions: &Totals, best: &str, spoilt: usize) -> String {
    let mut report = String::new();
    for (region, cents) in regions {
        // Writing to a text does not fail.
        let _ = writeln!(report, "{region}: {}.{:02}", cents / 100, cents % 100);
    }
    report + &format!("best product: {best}\nspoilt lines: {spoilt}\n")
}

fn run(from: &Path, to: &Path) -> Result<RunStats, RunError> {
    let flow = Taskflow::with_name("etl");
    let text = flow
        .try_produce(|| Ok(fs::read_to_string(from)?))
        .name("extract");
    let parsed = text.try_map(|text| parse(&text)).name("parse").share();
    let regions = parsed.map(|(sales, _)| totals(sales.iter().map(|sale| (&*sale.0, sale.2))));
    let products = parsed.map(|(sales, _)| totals(sales.iter().map(|sale| (&*sale.1, sale.2))));
    let best = products.map(|totals| best(&totals));
    let report = flow
        .zip((regions, best, &parsed), |regions, best, (_, spoilt)| {
            report(&regions, &best, *spoilt)
        })
        .name("report");
    let load = flow
        .with(report)
        .try_emplace(|report| Ok(fs::write(to, report)?));
    load.name("load");
    Executor::new(0).run_and_wait(&flow)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("taskflow-etl-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let (from, to) = (folder.join("sales.csv"), folder.join("report.txt"));
    // A failed run leaves no file: what comes after a failed task is not run.
    let missing = run(&from, &to).expect_err("there is no table yet");
    assert!(
        missing
            .to_string()
            .starts_with("task 0 (\"extract\") failed")
            && !to.exists()
    );
    fs::write(&from, table())?;
    let stats = run(&from, &to)?;
    let written = fs::read_to_string(&to)?;
    fs::remove_dir_all(&folder)?;

    let (mut regions, mut products) = (Totals::new(), Totals::new());
    for (number, (region, product, quantity, cents)) in rows().enumerate() {
        if number % 100 != 99 {
            *regions.entry(region.into()).or_default() += quantity * cents;
            *products.entry(product.into()).or_default() += quantity * cents;
        }
    }
    let expected = report(&regions, &best(&products), (ROWS / 100).try_into()?);
    assert_eq!(written, expected);
    println!("{ROWS} rows by {} tasks:\n{written}", stats.tasks);
    Ok(())
}
