// Runs a module of this folder's programs: `node run.mjs MODULE.wasm`. Exits with what the program gives.
import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const host = {
  write(text, bytes) {
    process.stdout.write(new Uint8Array(instance.exports.memory.buffer, text, bytes).slice());
  },
  nanoseconds: () => performance.now() * 1e6,
  leave: (code) => process.exit(code),
};
const instance = new WebAssembly.Instance(module, { host });
process.exitCode = instance.exports.program();
