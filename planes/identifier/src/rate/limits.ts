/** How much one side may ask for; each a rate in the long run and what may come at once. All of them are options of a node. */
export const rateLimits = {
  /** Requests of one address, over the Handle protocol and HTTP together. Beyond: response 603, over HTTP 429. */
  requests: { perS: 5_000, burst: 20_000 },
  requestsOfDay: { perS: 100_000_000 / 86_400, burst: 100_000_000 },
  /** Changes by one user. Beyond: response 604. */
  changesOfUser: { perS: 1_000, burst: 10_000 },
  /** Changes below one prefix, by all users. Beyond: response 605. */
  changesOfPrefix: { perS: 4_000, burst: 40_000 },
  /** Proofs of one address that did not hold. Beyond, none is looked at: response 603, over HTTP 429. */
  guessesOfAddress: { perS: 1 / 30, burst: 20 },
  /** Proofs as one user that did not hold, from addresses that have not proven to be that user. */
  guessesOfUser: { perS: 1 / 10, burst: 100 },
  /** Sessions that one address begins. Beyond: response 603. */
  sessionsOfAddress: { perS: 1, burst: 60 },
  /** Addresses that are not counted as such: this machine's own programs, and a proxy on it, which counts for itself. */
  uncounted: ['127.0.0.1', '::1', '::ffff:127.0.0.1'] as readonly string[],
  /** Addresses, users and prefixes that are counted; the longest unused gives way. */
  known: 65_536,
  /** One in so many ms is told by UDP that it asks too often; the others get nothing, since an address there may be forged. */
  toldByUdpMs: 100,
} as const

export type RateOptions = {
  [name in keyof typeof rateLimits]: (typeof rateLimits)[name] extends { perS: number }
    ? Rate
    : (typeof rateLimits)[name]
}

export interface Rate {
  /** In the long run. */
  perS: number
  /** At once. */
  burst: number
}
