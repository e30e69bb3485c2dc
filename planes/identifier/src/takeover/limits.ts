/** Every limit of takeover and hand-back. */
export const takeoverLimits = {
  /** How often a node that is followed asks its parent whether another site took over; at its start, until the parent answers. */
  lookMs: 5_000,
  firstLooksMs: 500,
  /** Records of one message of what the taker did not have. */
  lateRecords: 500,
  /** Records that wait for the disk together while a node goes back. */
  slice: 1_000,
  /** A session with the taker is begun anew after this; the taker forgets it after `faceLimits.sessionMs`. */
  sessionMs: 300_000,
  /** What one message may be as it comes over HTTP. */
  answerBytes: 64 << 20,
  answerMs: 60_000,
  /** Transactions of the taker that are behind when it stops taking changes; the rest is pulled while nobody can change. */
  closeWithin: 200,
  /** Pages that are pulled until then, at most: a taker that changes faster is stopped all the same. */
  pagesBeforeClose: 100_000,
  /** Records that both sides changed, as they are told; all of them stand in the node's file. */
  conflictsTold: 1_000,
  /** Serial of a site (16 bits, 0xffff means that none is known). */
  serialMax: 0xfffe,
} as const
