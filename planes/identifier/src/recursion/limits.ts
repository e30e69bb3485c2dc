/** Every limit of asking other nodes. */
export const recursionLimits = {
  /** Referrals and services on the way to one handle. */
  hops: 16,
  /** Services that name services (HS_SERV). */
  serviceDepth: 4,
  /** Servers that are asked one after another for one answer. */
  serversTried: 4,
  udpRetriesMs: [250, 500, 1_000],
  tcpMs: 2_000,
  /** Questions on the way, each once; what comes beyond them is told that the server is busy. */
  inFlight: 4_096,
  /** Answers to challenges that wait for the nodes of their users, and how long such an answer may be. */
  verifying: 256,
  verifiedAnswerBytes: 1_024,
  cachedAnswers: 200_000,
  cachedBytes: 256 << 20,
  /** hdllib's caches keep an answer no longer, whatever its TTL. */
  ttlSecondsMax: 3_600,
  /** That there is no such handle, or no such value, is believed so long. */
  negativeTtlSeconds: 30,
  /** Told again when nobody answers (RFC 8767 says one to three days). */
  staleSeconds: 86_400,
  /** An answer that is asked for in the last tenth of its time is fetched anew. */
  prefetchPart: 0.1,
  /** When no server of a prefix answers, where it is served is asked anew, if what is known of that is older. */
  doubtAfterMs: 5_000,
  /** Servers whose health is known; the longest unused gives way. */
  serversKnown: 50_000,
  /** Failures in a row until a server is left alone for a time that doubles. */
  failuresMax: 2,
  restMs: 2_000,
  restMsMax: 15_000,
} as const
