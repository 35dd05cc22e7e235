//! The Mandelbrot set as a picture: a loop over the pixels, some of which take a thousand times as long as others.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;

use taskflow_std::Executor;

const WIDTH: usize = 480;
const HEIGHT: usize = 320;
const STEPS_MAX: u16 = 1000;

/// How many steps the point takes to leave a circle around the origin.
fn steps(pixel: usize) -> u16 {
    let (x, y) = (pixel % WIDTH, pixel / WIDTH);
    let re = x as f64 / WIDTH as f64 * 3.0 - 2.0;
    let im = y as f64 / HEIGHT as f64 * 2.0 - 1.0;
    let (mut a, mut b) = (0.0, 0.0);
    for step in 0..STEPS_MAX {
        if a * a + b * b > 4.0 {
            return step;
        }
        (a, b) = (a * a - b * b + re, 2.0 * a * b + im);
    }
    STEPS_MAX
}

fn main() -> Result<(), Box<dyn Error>> {
    let executor = Executor::new(0);
    let mut picture = vec![0; WIDTH * HEIGHT];
    executor.generate(&mut picture, steps)?;

    assert!((0..WIDTH * HEIGHT).map(steps).eq(picture.iter().copied()));
    let inside = executor.count(&picture[..], |steps| *steps == STEPS_MAX)?;
    let file = std::env::temp_dir().join("taskflow-mandelbrot.pgm");
    let mut bytes = format!("P5 {WIDTH} {HEIGHT} 255\n").into_bytes();
    bytes.extend(
        picture
            .iter()
            .map(|steps| 255 - (steps % 256).to_le_bytes()[0]),
    );
    fs::write(&file, bytes)?;
    println!("{inside} pixels are in the set; see {}", file.display());
    Ok(())
}
