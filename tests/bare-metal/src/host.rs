//! The machine: entry, exit, text for whoever watches, a clock. One file for each, with the same names.

use core::panic::PanicInfo;

#[cfg_attr(target_arch = "arm", path = "host/cortex_m.rs")]
#[cfg_attr(target_arch = "riscv64", path = "host/riscv64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "host/aarch64.rs")]
#[cfg_attr(target_arch = "wasm32", path = "host/wasm32.rs")]
mod machine;

#[cfg(not(target_arch = "wasm32"))]
mod semihosting;

#[cfg(any(target_arch = "riscv64", target_arch = "aarch64"))]
pub use machine::{core_index, now, start_cores, wait_for_event, wake};
pub use machine::{exit, heap_range, instructions, print};

/// The cores of the machine.
#[cfg(any(target_arch = "riscv64", target_arch = "aarch64"))]
pub const CORES: usize = 4;

/// What a panicking Rust program exits with elsewhere, too.
const PANICKED: u32 = 101;

/// Makes a function of no arguments the program. It gives whether all went well. Cores beside the first one do what the
/// second function says, which gets the index of its core and never returns; without one they serve seats.
#[macro_export]
macro_rules! program {
    ($main:path) => {
        $crate::program!($main, $crate::cores::serve);
    };
    ($main:path, $other:path) => {
        // SAFETY: the entry in `host` calls the one function of this name and type.
        #[unsafe(no_mangle)]
        extern "C" fn program() -> u32 {
            let well: bool = $main();
            u32::from(!well)
        }

        #[cfg(any(target_arch = "riscv64", target_arch = "aarch64"))]
        // SAFETY: as above.
        #[unsafe(no_mangle)]
        extern "C" fn other_core(core: usize) -> ! {
            $other(core)
        }
    };
}

/// A number in decimal digits. The formatting of `core` would be a large part of a small image.
pub fn print_number(number: u64) {
    let mut digits = [0_u8; 20];
    let mut first = digits.len();
    let mut rest = number;
    while first == digits.len() || rest != 0 {
        first -= 1;
        digits[first] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    print(core::str::from_utf8(&digits[first..]).unwrap_or_default());
}

/// A line with a name and a number.
pub fn print_figure(name: &str, number: u64, unit: &str) {
    print(name);
    print(": ");
    print_number(number);
    print(" ");
    print(unit);
    print("\n");
}

/// Says where, and not what: a message would need the formatting of `core`.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    print("panicked");
    if let Some(place) = info.location() {
        print(" at ");
        print(place.file());
        print(":");
        print_number(u64::from(place.line()));
    }
    print("\n");
    exit(PANICKED)
}
