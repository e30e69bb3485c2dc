export const accessLimits = {
  /** Accesses that are kept; the oldest give way. */
  kept: 1_000_000,
  /** Of one page. */
  page: 500,
  /** Indexes of values, or characters of what was asked, that one access keeps. */
  indexes: 64,
  askedCharacters: 512,
} as const
