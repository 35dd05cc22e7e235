//! QEMU's `virt` with Arm cores, at exception level 1, without address translation.

use core::arch::{asm, global_asm};
use core::time::Duration;

pub use super::semihosting::{exit, print};

use super::CORES;

// The first core begins at `reset`; the others, when they are switched on, at `reset_other`. Each takes its stack,
// and lets itself use the registers for floating point, which compiled code uses for copies.
global_asm!(
    ".section .entry, \"ax\"",
    ".global reset",
    "reset:",
    "adr x9, {enter}",
    "b 1f",
    ".global reset_other",
    "reset_other:",
    "adr x9, {enter_other}",
    "1: mov x10, #(3 << 20)",
    "msr cpacr_el1, x10",
    "adr x10, vectors",
    "msr vbar_el1, x10",
    "isb",
    "mrs x10, mpidr_el1",
    "and x10, x10, #0xff",
    "add x10, x10, #1",
    "adrp x11, _stacks",
    "add x11, x11, :lo12:_stacks",
    "add x11, x11, x10, lsl #18",
    "mov sp, x11",
    "br x9",
    ".balign 2048",
    "vectors:",
    ".rept 16",
    "b {fault}",
    ".balign 128",
    ".endr",
    enter = sym enter,
    enter_other = sym enter_other,
    fault = sym fault,
);

unsafe extern "C" {
    safe fn program() -> u32;
    safe fn other_core(core: usize) -> !;
    static _heap_begin: u8;
    static _heap_end: u8;
    static reset_other: u8;
}

extern "C" fn enter() -> ! {
    exit(program())
}

extern "C" fn enter_other() -> ! {
    other_core(core_index())
}

extern "C" fn fault() -> ! {
    print("fault\n");
    exit(102)
}

/// The memory that is left for a heap: its first byte, and its length.
pub fn heap_range() -> (*mut u8, usize) {
    let begin = (&raw const _heap_begin).cast_mut();
    let end = &raw const _heap_end;
    (begin, end.addr() - begin.addr())
}

/// QEMU's clock has 62.5 MHz.
const NANOSECONDS_OF_A_TICK: u64 = 16;

fn nanoseconds() -> u64 {
    let ticks: u64;
    // SAFETY: reads a counter.
    unsafe { asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack)) };
    ticks * NANOSECONDS_OF_A_TICK
}

/// Instructions since some moment, in QEMU with `-icount shift=0`, to the clock's tick.
pub fn instructions() -> u64 {
    nanoseconds()
}

/// The time since the start.
pub fn now() -> Duration {
    Duration::from_nanos(nanoseconds())
}

/// The calling core.
pub fn core_index() -> usize {
    let affinity: usize;
    // SAFETY: reads a constant.
    unsafe { asm!("mrs {}, mpidr_el1", out(reg) affinity, options(nomem, nostack)) };
    affinity & 0xff
}

/// Switches the other cores on.
pub fn start_cores() {
    const CPU_ON: u64 = 0xC400_0003;
    for core in 1..CORES {
        // SAFETY: the firmware's call to begin at `reset_other`, as the standard (PSCI) has it.
        unsafe {
            asm!(
                "hvc #0",
                inout("x0") CPU_ON => _,
                inout("x1") core => _,
                inout("x2") (&raw const reset_other).addr() => _,
                inout("x3") 0 => _,
                options(nostack),
            );
        }
    }
}

/// Ends the present or the next [`wait_for_event`] of all cores.
pub fn wake(_: usize) {
    // SAFETY: an event for all cores, after all that was written before.
    unsafe { asm!("dsb ish", "sev", options(nostack)) };
}

/// Sleeps until this core is woken, unless `ready` holds, or there was a [`wake`] after it was asked.
pub fn wait_for_event(ready: impl Fn() -> bool) {
    if !ready() {
        // SAFETY: returns at once when there was an event since the last one.
        unsafe { asm!("wfe", options(nostack)) };
    }
}
