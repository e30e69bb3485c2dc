/** Money is fen as `bigint`, ratios are integers in basis points (1/10,000). */
export type Fen = bigint

/** `amount × ratioBp / 10000`, rounded down to the fen (in favour of the treasury), for amounts ≥ 0. */
export function shareOf(amount: Fen, ratioBp: number): Fen {
  if (amount < 0n) throw new RangeError('a share is taken of an amount that is not negative')
  if (!Number.isInteger(ratioBp) || ratioBp < 0) throw new RangeError(`not a ratio in basis points: ${ratioBp}`)
  return (amount * BigInt(ratioBp)) / 10_000n
}

/** `12345678n` → `123,456.78`. */
export function formatYuan(amount: Fen): string {
  const sign = amount < 0n ? '-' : ''
  const digits = (amount < 0n ? -amount : amount).toString().padStart(3, '0')
  const yuan = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${sign}${yuan}.${digits.slice(-2)}`
}

/** `123,456.78` → `12345678n`; undefined when the text is not an amount of at most two decimals. */
export function parseYuan(text: string): Fen | undefined {
  const match = /^(\d{1,13}|\d{1,3}(?:,\d{3}){1,4})(?:\.(\d{1,2}))?$/.exec(text.trim())
  if (match === null) return undefined
  return BigInt(match[1]!.replaceAll(',', '')) * 100n + BigInt((match[2] ?? '').padEnd(2, '0'))
}

export function minFen(first: Fen, ...rest: Fen[]): Fen {
  let least = first
  for (const amount of rest) if (amount < least) least = amount
  return least
}
