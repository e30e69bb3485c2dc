/** Every limit of sessions. */
export const sessionLimits = {
  /** Sessions in all, those in which something was said, and the others; the longest unused gives way. */
  used: 8_192,
  unused: 2_048,
  /** Of one address; its own oldest gives way. */
  ofAddress: 128,
  /** A session ends when nothing is said in it for the time that the client asked for, within these. */
  idleSecondsMin: 60,
  idleSecondsMax: 3_600,
  lifeMs: 12 * 3_600_000,
  /** Said in one session, both ways; the client begins another one. */
  bytes: 1 << 30,
  /** Key exchanges of all together, each up to 6 ms of computing (4,096 bits). By UDP, where addresses are forged, fewer. */
  exchanges: { perS: 50, burst: 100 },
  exchangesByUdp: { perS: 20, burst: 20 },
  /** Counters of messages, and ids of requests, that are remembered against replay. */
  replayWindow: 200,
} as const
