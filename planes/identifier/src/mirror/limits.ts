/** Every limit of following another node. */
export const mirrorLimits = {
  /** Transactions of one page. */
  page: 2_000,
  /** What one page may be as it comes over HTTP. */
  answerBytes: 64 << 20,
  answerMs: 30_000,
  /** Followers whose place is known; the longest unseen gives way. */
  followersKnown: 64,
  /** Time until it looks again, when there was nothing new; after a failure it doubles up to the longest. */
  restMs: 1_000,
  restMsMax: 60_000,
} as const
