//! Prices of a million options, by the formula of Black and Scholes.

#![forbid(unsafe_code)]

use taskflow_std::{Executor, RunError};

const OPTIONS: usize = 1_000_000;

/// What is agreed on, and what the market does; interest and volatility are per year.
#[derive(Clone, Copy, Default)]
struct Terms {
    spot: f64,
    strike: f64,
    years: f64,
    rate: f64,
    volatility: f64,
}

/// The share of the standard normal distribution below `x`, to seven digits (Abramowitz and Stegun, 26.2.17).
fn normal_below(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let terms = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let sum = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    let above = (-x * x / 2.0).exp() / core::f64::consts::TAU.sqrt() * sum;
    if x < 0.0 { above } else { 1.0 - above }
}

/// The prices of the right to buy, and of that to sell.
fn prices(terms: &Terms) -> (f64, f64) {
    let Terms {
        spot,
        strike,
        years,
        rate,
        volatility,
    } = *terms;
    let spread = volatility * years.sqrt();
    let d = ((spot / strike).ln() + (rate + volatility * volatility / 2.0) * years) / spread;
    let due = strike * (-rate * years).exp();
    let call = spot * normal_below(d) - due * normal_below(d - spread);
    (call, call - spot + due)
}

fn main() -> Result<(), RunError> {
    let executor = Executor::new(0);
    let mut terms = vec![Terms::default(); OPTIONS];
    executor.generate(&mut terms, |index| Terms {
        spot: 100.0,
        strike: 80.0 + (index % 41) as f64,
        years: 0.25 + (index % 8) as f64 / 4.0,
        rate: 0.05,
        volatility: 0.1 + (index % 5) as f64 / 10.0,
    })?;
    let mut prices_of = vec![(0.0, 0.0); OPTIONS];
    executor.transform(&terms[..], &mut prices_of, prices)?;

    assert!(terms.iter().map(prices).eq(prices_of.iter().copied()));
    // Hull, "Options, Futures, and Other Derivatives": 4.76 and 0.81.
    let (call, put) = prices(&Terms {
        spot: 42.0,
        strike: 40.0,
        years: 0.5,
        rate: 0.1,
        volatility: 0.2,
    });
    assert!((call - 4.7594).abs() < 1e-4 && (put - 0.8086).abs() < 1e-4);
    assert!(executor.all(&prices_of[..], |(call, put)| *call > 0.0 && *put > 0.0)?);
    let sum = executor.transform_reduce(&prices_of[..], 0.0, |prices| prices.0, |a, b| a + b)?;
    println!("the calls are worth {:.4} on average", sum / OPTIONS as f64);
    Ok(())
}
