//! A microcontroller with one Cortex-M.

use core::arch::global_asm;
use core::ptr::{read_volatile, write_volatile};

pub use super::semihosting::{exit, print};

// The stack, the entry, and what is called on any fault and interrupt; then the entry itself, which gives
// variables their first values.
global_asm!(
    ".syntax unified",
    ".section .vectors, \"a\"",
    ".word _stack_top",
    ".word reset",
    ".rept 14",
    ".word fault",
    ".endr",
    ".text",
    ".global reset",
    ".thumb_func",
    ".type reset, %function",
    "reset:",
    "ldr r0, =_bss_begin",
    "ldr r1, =_bss_end",
    "movs r2, #0",
    "0: cmp r0, r1",
    "bhs 1f",
    "str r2, [r0]",
    "adds r0, #4",
    "b 0b",
    "1: ldr r0, =_data_begin",
    "ldr r1, =_data_end",
    "ldr r3, =_data_image",
    "2: cmp r0, r1",
    "bhs 3f",
    "ldr r2, [r3]",
    "str r2, [r0]",
    "adds r0, #4",
    "adds r3, #4",
    "b 2b",
    "3: bl {enter}",
    ".global fault",
    ".thumb_func",
    ".type fault, %function",
    "fault: bl {fault}",
    enter = sym enter,
    fault = sym fault,
);

unsafe extern "C" {
    safe fn program() -> u32;
    static _heap_begin: u8;
    static _heap_end: u8;
}

extern "C" fn enter() -> ! {
    // SAFETY: the timer's reload value; nobody else uses the timer.
    unsafe { write_volatile(SYSTICK_RELOAD, SYSTICK_MASK) };
    // SAFETY: as above; any value clears the counter.
    unsafe { write_volatile(SYSTICK_VALUE, 0) };
    // SAFETY: as above; enabled, by the processor's clock, without an interrupt.
    unsafe { write_volatile(SYSTICK_CONTROL, 0b101) };
    exit(program())
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

const SYSTICK_CONTROL: *mut u32 = core::ptr::without_provenance_mut(0xE000_E010);
const SYSTICK_RELOAD: *mut u32 = core::ptr::without_provenance_mut(0xE000_E014);
const SYSTICK_VALUE: *mut u32 = core::ptr::without_provenance_mut(0xE000_E018);
const SYSTICK_MASK: u32 = 0xFF_FFFF;

/// Half nanoseconds of a tick: the boards' clocks have 25 MHz, and 16 on the nRF51. In QEMU with `-icount shift=0`
/// an instruction takes a nanosecond.
const HALF_NANOSECONDS_OF_A_TICK: u64 = if cfg!(target_has_atomic = "ptr") {
    80
} else {
    125
};

/// Instructions since some moment, in QEMU with `-icount shift=0`, to the clock's tick. To be asked at least
/// every half second.
pub fn instructions() -> u64 {
    // SAFETY: reading the timer's register changes nothing.
    let down = unsafe { read_volatile(SYSTICK_VALUE) };
    u64::from(SYSTICK_MASK - down) * HALF_NANOSECONDS_OF_A_TICK / 2
}
