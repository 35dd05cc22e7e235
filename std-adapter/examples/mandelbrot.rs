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

/// The picture as a PNG file of grey pixels, not compressed.
fn png(grey: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut header = Vec::new();
    header.extend(u32::try_from(WIDTH)?.to_be_bytes());
    header.extend(u32::try_from(HEIGHT)?.to_be_bytes());
    // Eight bits, grey; deflate, no filters, no interlacing.
    header.extend([8, 0, 0, 0, 0]);
    // A zlib stream of stored blocks, one for each row, which begins with its filter.
    let mut data = vec![0x78, 0x01];
    let (mut low, mut high) = (1, 0);
    for (row, pixels) in grey.chunks(WIDTH).enumerate() {
        let len = u16::try_from(1 + pixels.len())?;
        data.push(u8::from(row + 1 == HEIGHT));
        data.extend(len.to_le_bytes());
        data.extend((!len).to_le_bytes());
        data.push(0);
        data.extend(pixels);
        for byte in [&0].into_iter().chain(pixels) {
            low = (low + u32::from(*byte)) % 65_521;
            high = (high + low) % 65_521;
        }
    }
    data.extend(((high << 16) | low).to_be_bytes());
    let mut file = Vec::from(*b"\x89PNG\r\n\x1a\n");
    for (kind, data) in [(*b"IHDR", header), (*b"IDAT", data), (*b"IEND", Vec::new())] {
        file.extend(u32::try_from(data.len())?.to_be_bytes());
        let begin = file.len();
        file.extend(kind);
        file.extend(data);
        let check = crc(&file[begin..]);
        file.extend(check.to_be_bytes());
    }
    // The end is the same in each such file.
    assert!(file.ends_with(&[0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82]));
    Ok(file)
}

/// The check sum of a part of a PNG file.
fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ ((sum & 1) * 0xEDB8_8320)
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// Takes so many bytes off, if there are as many.
fn take<'b>(bytes: &mut &'b [u8], len: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

/// A number of four bytes.
fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    take(bytes, 4).map(|four| {
        four.iter()
            .fold(0, |all, byte| (all << 8) | u32::from(*byte))
    })
}

/// The width, the height and the grey pixels of such a file. `None`: it is not one.
fn read_png(mut file: &[u8]) -> Option<(u32, u32, Vec<u8>)> {
    let (mut header, mut data): (&[u8], &[u8]) = (&[], &[]);
    let mut is_png = take(&mut file, 8)? == b"\x89PNG\r\n\x1a\n";
    while !file.is_empty() {
        let len = usize::try_from(take_u32(&mut file)?).ok()?;
        let part = take(&mut file, 4 + len)?;
        is_png &= take_u32(&mut file)? == crc(part);
        match part.split_at(4) {
            (b"IHDR", inside) => header = inside,
            (b"IDAT", inside) => data = inside,
            (kind, _) => is_png &= kind == b"IEND" && file.is_empty(),
        }
    }
    let (width, height) = (take_u32(&mut header)?, take_u32(&mut header)?);
    is_png &= header == [8, 0, 0, 0, 0] && take(&mut data, 2)? == [0x78, 0x01];
    let mut pixels = Vec::new();
    for row in 1..=height {
        let [is_last, one, other, not_one, not_other] = *take(&mut data, 5)? else {
            return None;
        };
        let row_bytes = take(&mut data, usize::from(u16::from_le_bytes([one, other])))?;
        is_png &= (is_last == 1) == (row == height) && [!one, !other] == [not_one, not_other];
        is_png &= row_bytes.len() == 1 + usize::try_from(width).ok()? && row_bytes[0] == 0;
        pixels.extend(&row_bytes[1..]);
    }
    (is_png && data.len() == 4).then_some((width, height, pixels))
}

fn main() -> Result<(), Box<dyn Error>> {
    let executor = Executor::new(0);
    let mut picture = vec![0; WIDTH * HEIGHT];
    executor.generate(&mut picture, steps)?;

    assert!((0..WIDTH * HEIGHT).map(steps).eq(picture.iter().copied()));
    let inside = executor.count(&picture[..], |steps| *steps == STEPS_MAX)?;
    let grey: Vec<u8> = picture
        .iter()
        .map(|steps| 255 - (steps % 256).to_le_bytes()[0])
        .collect();
    let file = std::env::temp_dir().join("taskflow-mandelbrot.png");
    fs::write(&file, png(&grey)?)?;
    let (width, height, pixels) = read_png(&fs::read(&file)?).ok_or("this is no such picture")?;
    assert_eq!(
        [width, height].map(u64::from),
        [WIDTH, HEIGHT].map(|side| side as u64)
    );
    assert!(pixels == grey);
    // The origin never leaves the circle, and the corner does so at once.
    assert_eq!(
        (pixels[HEIGHT / 2 * WIDTH + 2 * WIDTH / 3], pixels[0]),
        (255 - 1000_u16.to_le_bytes()[0], 254)
    );
    println!("{inside} pixels are in the set; see {}", file.display());
    Ok(())
}
