import { reason } from './reasons.ts'

/** Points of one message, however it is written. */
export const messagePointsMax = 200_000

/** A payload that cannot be read, and what is wrong with it in both languages. */
export class PayloadError extends Error {
  readonly zh: string
  constructor(zh: string, en: string) {
    super(en)
    this.zh = zh
  }
}

export class TooManyPoints extends PayloadError {
  readonly reason = reason('payload.too_large', { limit: messagePointsMax })
  constructor() {
    super('测点过多', 'too many points')
  }
}
