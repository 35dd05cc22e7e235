//! Calls to the debugger, or to QEMU in its place.

use core::arch::asm;

const WRITE_CHARACTER: usize = 0x03;
const EXIT_EXTENDED: usize = 0x20;
const APPLICATION_EXIT: usize = 0x2_0026;

/// Writes for whoever watches.
pub fn print(text: &str) {
    for byte in text.bytes() {
        call(WRITE_CHARACTER, (&raw const byte).addr());
    }
}

/// Ends the machine.
pub fn exit(code: u32) -> ! {
    let block = [APPLICATION_EXIT, code as usize];
    loop {
        call(EXIT_EXTENDED, block.as_ptr().addr());
    }
}

fn call(operation: usize, argument: usize) {
    #[cfg(target_arch = "arm")]
    // SAFETY: the debugger reads what `argument` points to, and answers in r0.
    unsafe {
        asm!("bkpt 0xab", inout("r0") operation => _, in("r1") argument, options(nostack));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the debugger reads what `argument` points to, and answers in x0.
    unsafe {
        asm!("hlt 0xf000", inout("x0") operation => _, in("x1") argument, options(nostack));
    }
    #[cfg(target_arch = "riscv64")]
    // SAFETY: the debugger reads what `argument` points to, and answers in a0. The three instructions
    // together, none of them compressed, are the call.
    unsafe {
        asm!(
            ".balign 16",
            ".option push",
            ".option norvc",
            "slli x0, x0, 0x1f",
            "ebreak",
            "srai x0, x0, 7",
            ".option pop",
            inout("a0") operation => _,
            in("a1") argument,
            options(nostack),
        );
    }
}
