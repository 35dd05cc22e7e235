//! A module made from parameters: a chain of smoothing filters for a signal. The parameters come by name,
//! as from a command line, are checked, and become a graph; each use of it has buffers of its own.

#![forbid(unsafe_code)]

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use taskflow_std::{
    CompositionError, CompositionParams, Executor, ParameterizedComposition, Taskflow,
};

const SAMPLES: usize = 50_000;
const BLOCK: usize = 5_000;

type Signal = Arc<Mutex<Vec<f64>>>;

/// The mean of each sample's neighbourhood, for the samples from `first` on.
fn smooth(signal: &[f64], radius: usize, first: usize, into: &mut [f64]) {
    for (place, sample) in into.iter_mut().enumerate() {
        let middle = first + place;
        let near = &signal[middle.saturating_sub(radius)..signal.len().min(middle + radius + 1)];
        *sample = near.iter().sum::<f64>() / near.len() as f64;
    }
}

/// The graph of a filter: in each pass, every block comes from the whole signal that the pass before left.
fn filter(
    params: &CompositionParams,
    signal: &Signal,
) -> Result<Taskflow<'static>, CompositionError> {
    params.expect_only(&["radius", "passes", "title"])?;
    let radius = usize::try_from(params.int("radius")?).unwrap_or(0);
    let flow = Taskflow::with_name(params.string("title")?);
    let mut before = flow.placeholder();
    for _ in 0..params.int("passes")? {
        let read: Arc<Mutex<Arc<[f64]>>> = Arc::new(Mutex::new(Arc::default()));
        let begin = flow.emplace({
            let (signal, read) = (Arc::clone(signal), Arc::clone(&read));
            move || {
                let signal = signal.lock().unwrap_or_else(PoisonError::into_inner);
                *read.lock().unwrap_or_else(PoisonError::into_inner) = signal[..].into();
            }
        });
        begin.succeed(before);
        before = flow.placeholder();
        for first in (0..SAMPLES).step_by(BLOCK) {
            let (signal, read) = (Arc::clone(signal), Arc::clone(&read));
            let block = flow.emplace(move || {
                let read = Arc::clone(&read.lock().unwrap_or_else(PoisonError::into_inner));
                let mut block = [0.0; BLOCK];
                smooth(&read, radius, first, &mut block);
                let mut signal = signal.lock().unwrap_or_else(PoisonError::into_inner);
                signal[first..first + BLOCK].copy_from_slice(&block);
            });
            block.succeed(begin).precede(before);
        }
    }
    Ok(flow)
}

/// A wave with noise, by a linear congruential generator.
fn noise(mut seed: u32) -> Vec<f64> {
    let sample = |place: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (place as f64 / 300.0).sin() + f64::from(seed >> 16) / 65_536.0
    };
    (0..SAMPLES).map(sample).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let filters =
        ParameterizedComposition::fallible(|(params, signal): &(CompositionParams, Signal)| {
            filter(params, signal)
        });
    let defaults = CompositionParams::new()
        .with("radius", 2)
        .with("passes", 1)
        .with("title", "smooth");
    let flow = Taskflow::with_name("filters");
    let mut channels = Vec::new();
    for (seed, texts) in [(1, ["radius=3", "passes=4"]), (2, ["title=7", "radius=10"])] {
        let mut params = defaults.clone();
        texts.into_iter().try_for_each(|text| params.assign(text))?;
        let signal = Signal::new(Mutex::new(noise(seed)));
        let module = filters.try_instantiate(&(params.clone(), Arc::clone(&signal)))?;
        flow.composed_of(&module).name(module.name());
        channels.push((seed, params, signal));
    }
    let stats = Executor::new(0).run_and_wait(&flow)?;

    for (seed, params, signal) in channels {
        let mut expected = noise(seed);
        for _ in 0..params.int("passes")? {
            let before = expected.clone();
            smooth(
                &before,
                usize::try_from(params.int("radius")?)?,
                0,
                &mut expected,
            );
        }
        // Each sample is the same sum in the same order, so it has the same bits.
        assert_eq!(
            *signal.lock().unwrap_or_else(PoisonError::into_inner),
            expected
        );
        println!(
            "channel {seed}: {:?}",
            params
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect::<Vec<_>>()
        );
    }
    let mistake = defaults.with("radios", 4);
    let mistake = filters
        .try_instantiate(&(mistake, Signal::default()))
        .expect_err("there is no such parameter");
    println!("{} tasks; and a mistake: {mistake}", stats.tasks);
    Ok(())
}
