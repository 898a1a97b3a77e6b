/** Random numbers from a seed (mulberry32): the same in every run. */
export class Seeded {
  constructor(private state: number) {}

  /** A whole number from 0 to `below` - 1. */
  next(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.next(from.length)] as T;
  }
}
