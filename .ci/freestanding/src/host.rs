//! The entry, the exit and two system calls of Linux on x86-64.

use core::arch::{asm, global_asm};
use core::fmt::{self, Write};
use core::panic::PanicInfo;

const WRITE: usize = 1;
const EXIT_GROUP: usize = 231;
const STANDARD_ERROR: usize = 2;

/// What a panicking Rust program exits with elsewhere, too.
const PANICKED: i32 = 101;

// The kernel enters with no return address on the stack; a call needs it aligned to 16 bytes.
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "and rsp, -16",
    "call {enter}",
    "ud2",
    enter = sym enter,
);

extern "C" fn enter() -> ! {
    exit(crate::main())
}

fn exit(code: i32) -> ! {
    // SAFETY: the call ends the process and touches no memory.
    unsafe { asm!("syscall", in("rax") EXIT_GROUP, in("edi") code, options(noreturn)) }
}

/// Writes to standard error. What the kernel does not take is lost.
pub fn print(text: &str) {
    // SAFETY: the kernel reads `text.len()` bytes that `text` lends, and spoils rcx and r11 only.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") WRITE => _,
            in("rdi") STANDARD_ERROR,
            in("rsi") text.as_ptr(),
            in("rdx") text.len(),
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, readonly),
        );
    }
}

struct StandardError;

impl Write for StandardError {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print(text);
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // There is nobody left to tell that the message did not get out.
    let _ = writeln!(StandardError, "{info}");
    exit(PANICKED)
}

// The `alloc` that comes with the compiler was built to unwind and names these two. Nothing unwinds here.

// SAFETY: std, the only other place that defines this symbol, is not linked.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

// SAFETY: no unwinder is linked that would define this symbol, too.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    exit(PANICKED)
}
