/**
 * Noise as a pure function of (seed, n): the replay of a past minute and the machine that runs now must agree, and a
 * second world of the same seed must look the same.
 */
export function noise(seed: number, n: number): number {
  let x = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(n + 0x7f4a7c15, 0xc2b2ae35)) >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) >>> 0
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97) >>> 0
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32
}

/** Roughly normal around 0 with deviation 1 (sum of four uniforms). */
export function wobble(seed: number, n: number): number {
  return (noise(seed, n) + noise(seed + 1, n) + noise(seed + 2, n) + noise(seed + 3, n) - 2) * 1.73
}
